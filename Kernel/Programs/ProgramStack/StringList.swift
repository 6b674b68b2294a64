/// The strings that a program is started with, collected one after the other in memory of somebody else: arguments,
/// environment, and last the name of the program's file.
///
/// Nothing here asks where strings come from. A list that is full refuses a string and stays as it was.

/// A list of strings, each with a zero behind it.
///
/// Safe to use because every string is compared with the room that is left, and whoever makes a list promises its memory.
@safe public struct StringList: ~Copyable {
  private let start: UnsafeMutablePointer<UInt8>
  /// The most bytes of all strings.
  public let capacity: Int
  /// The bytes in use.
  public private(set) var count = 0
  /// How many of the strings are what.
  public var counts = ProgramStrings(argumentCount: 0, environmentCount: 0)

  /// Makes an empty list.
  ///
  /// - Safety: `capacity` bytes at `memory` must be the list's alone while it lives, and be initialised.
  @unsafe public init(memory: UnsafeMutableRawPointer, capacity: Int) {
    unsafe start = memory.assumingMemoryBound(to: UInt8.self)
    self.capacity = capacity
  }

  /// All strings.
  public var bytes: Span<UInt8> {
    @_lifetime(borrow self) get {
      // SAFETY: the memory is the list's while it lives, and `count` is never above the capacity.
      let span = unsafe Span(_unsafeStart: UnsafePointer(start), count: count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The bytes of the arguments alone.
  public var argumentBytes: Int {
    var end = 0
    for _ in 0..<counts.argumentCount { end = self.end(ofString: end) + 1 }
    return end
  }

  /// Where the string that begins at a place ends.
  private func end(ofString place: Int) -> Int {
    let bytes = bytes
    var end = place
    while bytes[end] != 0 { end += 1 }
    return end
  }

  // MARK: - Appending

  /// Appends a string without its end.
  ///
  /// - Throws: `.tooBig`.
  @export(interface)
  public mutating func append(_ text: Span<UInt8>) throws(ProgramStackError) {
    guard text.count < capacity - count else { throw .tooBig }
    for index in text.indices {
      // SAFETY: there is room for the text and a zero, as compared.
      unsafe start[count + index] = text[index]
    }
    unsafe start[count + text.count] = 0
    count += text.count + 1
  }

  /// Appends a fixed text.
  ///
  /// - Throws: `.tooBig`.
  public mutating func append(_ text: StaticString) throws(ProgramStackError) {
    // SAFETY: the text has so many bytes.
    try append(unsafe Span(_unsafeStart: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Where somebody else may write the next string, and how many bytes of it with its zero.
  ///
  /// - Safety: only until the next change of the list.
  @unsafe public var free: (place: UnsafeMutableRawPointer, count: Int) {
    unsafe (UnsafeMutableRawPointer(start + count), capacity - count)
  }

  /// A string of so many bytes was written to `free`, with a zero behind it.
  public mutating func didAppend(_ length: Int) {
    precondition(length >= 0 && length < capacity - count, "a string is longer than its room")
    count += length + 1
  }

  // MARK: - Scripts

  /// Appends what runs a script: its interpreter with the option, then the script's path in the place of its own first
  /// argument, then what is left of the list with which the script was to run.
  ///
  /// - Parameters:
  ///   - line: what the script's first line says.
  ///   - head: the beginning of the script's file.
  ///   - old: the list of the script; behind its strings lies the script's path, from `nameStart` on.
  /// - Returns: where the interpreter's path begins, which is the last string now.
  /// - Throws: `.tooBig`.
  @export(interface)
  public mutating func append(
    _ line: ScriptLine, of head: Span<UInt8>, running old: borrowing StringList, nameStart: Int
  ) throws(ProgramStackError) -> Int {
    try append(head.extracting(line.interpreter))
    var argumentCount = 2
    if !line.option.isEmpty {
      try append(head.extracting(line.option))
      argumentCount += 1
    }
    let bytes = old.bytes
    try append(bytes.extracting(nameStart..<(old.count - 1)))
    var index = old.counts.argumentCount > 0 ? old.end(ofString: 0) + 1 : 0
    while index < nameStart {
      let end = old.end(ofString: index)
      try append(bytes.extracting(index..<end))
      index = end + 1
    }
    counts = ProgramStrings(
      argumentCount: argumentCount + max(0, old.counts.argumentCount - 1),
      environmentCount: old.counts.environmentCount)
    let start = count
    try append(head.extracting(line.interpreter))
    return start
  }
}
