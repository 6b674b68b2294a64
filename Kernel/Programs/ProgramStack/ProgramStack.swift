/// What a program finds on its stack when it starts: arguments, environment, auxiliary vector.
///
/// System V ABI, "process initialization", for the i386 and for x86-64:
///
///     top     ┌──────────────────────────────┐
///             │ a word of zeros              │
///             │ the file's name (AT_EXECFN)  │
///             │ strings of the environment   │
///             │ strings of the arguments     │
///             │ "i686" or "x86_64"           │  AT_PLATFORM
///             │ 16 bytes by chance           │  AT_RANDOM
///             ├──────────────────────────────┤  aligned to 16
///             │ auxiliary vector, AT_NULL    │
///             │ environment, 0               │  pointers
///             │ arguments, 0                 │  pointers
///     stack   │ number of arguments          │  aligned to 16
///     pointer └──────────────────────────────┘
///
/// The strings come in one piece of the kernel's memory, already counted, so that nothing here reads what the
/// program could still change.

/// The size of a word on the stack.
public enum ProgramWord: UInt8, BitwiseCopyable, Sendable {
  /// A program of i386.
  case bits32 = 4
  /// A program of x86-64.
  case bits64 = 8

  /// Bytes of a word.
  @inlinable public var size: UInt64 { UInt64(rawValue) }
}

/// Why there is no stack for the program.
public enum ProgramStackError: Error, BitwiseCopyable, Sendable {
  /// Arguments and environment are larger than allowed: E2BIG.
  case tooBig
  /// The memory of the stack could not be written: no frames.
  case notWritable
}

/// Memory that a stack is written to.
public protocol ProgramStackMemory: ~Copyable {
  /// Writes bytes to an address of the new program; `false` if that is impossible.
  mutating func write(_ bytes: Span<UInt8>, at address: UInt64) -> Bool
}

/// The strings of `execve`, counted and in one piece.
public struct ProgramStrings: BitwiseCopyable, Sendable {
  /// How many arguments there are; their strings come first.
  public var argumentCount: Int
  /// How many strings of the environment there are; they come next, and last the file's name.
  public var environmentCount: Int

  /// Makes a description of its parts.
  @inlinable
  public init(argumentCount: Int, environmentCount: Int) {
    (self.argumentCount, self.environmentCount) = (argumentCount, environmentCount)
  }

  /// The strings, the one of the file's name included.
  @inlinable public var count: Int { argumentCount + environmentCount + 1 }
}

/// The stack of a program that starts.
public struct ProgramStack: BitwiseCopyable, Sendable {
  /// The most bytes that strings and their pointers may have if the caller sets no other limit: 128 KiB, which is
  /// what POSIX programs such as xargs count on.
  @inlinable public static var usualLimit: Int { 128 << 10 }

  /// The size of a word.
  public let word: ProgramWord
  /// What the stack pointer shall be at the start; a multiple of 16.
  public let pointer: UInt64
  // Where each part begins.
  private let strings: UInt64
  private let platform: UInt64
  private let chance: UInt64
  private let counts: ProgramStrings
  private let stringBytes: Int

  /// Plans a stack.
  ///
  /// - Parameters:
  ///   - word: the size of a word.
  ///   - top: one past the highest byte of the stack, a multiple of 16 above `limit`.
  ///   - strings: how many strings there are.
  ///   - byteCount: their bytes, zeros included.
  ///   - limit: the most bytes for strings and pointers.
  /// - Throws: `tooBig`.
  @export(interface)
  public init(
    word: ProgramWord, top: UInt64, strings counts: ProgramStrings, byteCount: Int,
    limit: Int = usualLimit
  ) throws(ProgramStackError) {
    guard counts.argumentCount >= 0, counts.environmentCount >= 0, byteCount >= 0, byteCount <= limit,
      counts.argumentCount <= limit, counts.environmentCount <= limit,
      byteCount + (counts.argumentCount + counts.environmentCount) * Int(word.rawValue) <= limit
    else { throw .tooBig }
    self.word = word
    self.counts = counts
    stringBytes = byteCount
    strings = top - 8 - UInt64(byteCount)
    platform = strings - UInt64(Self.platformName(word).utf8CodeUnitCount + 1)
    chance = (platform - 16) & ~15
    // The number, two lists with their ends, and pairs of words.
    let words = 1 + counts.argumentCount + 1 + counts.environmentCount + 1 + 2 * AuxiliaryVector.pairCount
    pointer = (chance - UInt64(words) * word.size) & ~15
  }

  /// Bytes from the stack pointer up to the top that `init` was given, for those who must provide the pages.
  public func byteCount(below top: UInt64) -> UInt64 { top - pointer }

  static func platformName(_ word: ProgramWord) -> StaticString {
    switch word {
    case .bits32: "i686"
    case .bits64: "x86_64"
    }
  }

  /// Writes everything.
  ///
  /// - Parameters:
  ///   - bytes: the strings, each with a zero at its end: arguments, environment, the file's name.
  ///   - vector: what the kernel tells of itself and of the program.
  ///   - random: 16 bytes by chance.
  ///   - memory: the stack.
  /// - Throws: `notWritable`; `tooBig` if the strings are not as many as were planned.
  public func write<Memory: ProgramStackMemory & ~Copyable>(
    _ bytes: Span<UInt8>, _ vector: AuxiliaryVector, random: (UInt64, UInt64), to memory: inout Memory
  ) throws(ProgramStackError) {
    guard bytes.count == stringBytes else { throw .tooBig }
    guard memory.write(bytes, at: strings) else { throw .notWritable }
    var tail = WordWriter(word: .bits64, address: strings + UInt64(stringBytes))
    try tail.append(0, to: &memory)
    try tail.flush(to: &memory)
    var chance = WordWriter(word: .bits64, address: chance)
    try chance.append(random.0, to: &memory)
    try chance.append(random.1, to: &memory)
    try chance.flush(to: &memory)
    try writePlatform(to: &memory)
    var words = WordWriter(word: word, address: pointer)
    try words.append(UInt64(counts.argumentCount), to: &memory)
    var offset = 0
    try appendPointers(counts.argumentCount, bytes, &offset, &words, &memory)
    try appendPointers(counts.environmentCount, bytes, &offset, &words, &memory)
    // What is left is the file's name.
    guard offset < bytes.count, bytes[bytes.count - 1] == 0 else { throw .tooBig }
    for index in 0..<AuxiliaryVector.pairCount {
      let pair = vector.pair(
        index, random: self.chance, platform: platform, fileName: strings + UInt64(offset))
      try words.append(pair.key, to: &memory)
      try words.append(pair.value, to: &memory)
    }
    try words.flush(to: &memory)
  }

  /// Appends the addresses of the next `count` strings, and a zero.
  private func appendPointers<Memory: ProgramStackMemory & ~Copyable>(
    _ count: Int, _ bytes: Span<UInt8>, _ offset: inout Int, _ words: inout WordWriter,
    _ memory: inout Memory
  ) throws(ProgramStackError) {
    for _ in 0..<count {
      try words.append(strings + UInt64(offset), to: &memory)
      while offset < bytes.count, bytes[offset] != 0 { offset += 1 }
      guard offset < bytes.count else { throw .tooBig }
      offset += 1
    }
    try words.append(0, to: &memory)
  }

  private func writePlatform<Memory: ProgramStackMemory & ~Copyable>(
    to memory: inout Memory
  ) throws(ProgramStackError) {
    let name = Self.platformName(word)
    var buffer: InlineArray<8, UInt8> = .init(repeating: 0)
    for index in 0..<min(name.utf8CodeUnitCount, 7) {
      // SAFETY: the index is below the literal's own count.
      buffer[index] = unsafe name.utf8Start[index]
    }
    let count = name.utf8CodeUnitCount + 1
    guard memory.write(buffer.span.extracting(first: count), at: platform) else { throw .notWritable }
  }
}

/// Words on their way to memory, some at a time: crossing into the program costs more than a store.
struct WordWriter {
  let word: ProgramWord
  var address: UInt64
  private var buffer: InlineArray<256, UInt8> = .init(repeating: 0)
  private var count = 0

  init(word: ProgramWord, address: UInt64) { (self.word, self.address) = (word, address) }

  mutating func append<Memory: ProgramStackMemory & ~Copyable>(
    _ value: UInt64, to memory: inout Memory
  ) throws(ProgramStackError) {
    if count == 256 { try flush(to: &memory) }
    for index in 0..<Int(word.rawValue) {
      buffer[count] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
      count += 1
    }
  }

  mutating func flush<Memory: ProgramStackMemory & ~Copyable>(
    to memory: inout Memory
  ) throws(ProgramStackError) {
    guard count > 0 else { return }
    guard memory.write(buffer.span.extracting(first: count), at: address) else { throw .notWritable }
    address += UInt64(count)
    count = 0
  }
}
