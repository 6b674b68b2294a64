/// What a boot loader's module text says of a guest.

/// The text behind a module's name: `guest memory=64 -- console=hvc0 quiet` for a kernel, `guest-ramdisk` for the
/// initial ramdisk of the guest before it, `guest-disk` for a disk of that guest.
///
/// `starts=N` makes a series of a guest: it is started up to N times, one after the other, each time with ` case=K` at the
/// end of its command line, K from 0; powering off ends the series before. With `calls=N` it ends after the start by which
/// all have made N calls, and not by powering off. A guest with the word `background` is started again while there are others. `audit=N` looks through the
/// shadow tables after every N exits; with `refusing` the n-th start is refused its n-th allocation. `life=MS` ends a guest that many milliseconds after its start.
public struct GuestDescription: Hashable, Sendable {
  /// What the module is.
  public enum Kind: UInt8, BitwiseCopyable, Hashable, Sendable {
    /// A guest's kernel.
    case kernel
    /// The ramdisk of the guest before it.
    case ramdisk
    /// A disk of the guest before it.
    case disk
  }

  /// What the module is.
  public var kind: Kind
  /// MiB of the guest's memory.
  public var megabytes: UInt32 = Self.defaultMegabytes
  /// How urgent the guest is, 1 to 15.
  public var level: UInt32 = Self.defaultLevel
  /// The most of the processor that it gets, in percent of every tenth of a second, 1 to 100.
  public var share: UInt32 = 100
  /// MiB that it is asked to give up at its start.
  public var balloon: UInt32 = 0
  /// How often the guest is started at most; 0 if it is no series.
  public var starts: UInt32 = 0
  /// Whether the n-th start is refused its n-th allocation.
  public var isRefusing = false
  /// Calls of all starts together after which a series ends; 0 for no limit.
  public var calls: UInt32 = 0
  /// Milliseconds of the machine's clock from a start to its end at the latest; 0 for no limit.
  public var life: UInt32 = 0
  /// Whether it is started again while other guests run.
  public var isBackground = false
  /// Exits after which its shadow tables are looked through; 0 for never.
  public var auditInterval: UInt32 = 0
  /// Where the name of a file of the ramdisk stands in the text that is a disk of the guest; empty for none.
  public var disk: Range<Int>
  /// Where the guest's command line stands in the text.
  public var commandLine: Range<Int>

  /// MiB of a guest that does not say.
  public static var defaultMegabytes: UInt32 { 64 }
  /// How urgent a guest is that does not say.
  public static var defaultLevel: UInt32 { 8 }
  /// MiB that a guest may have.
  public static var allowedMegabytes: ClosedRange<UInt32> { 4...512 }
  /// Levels that a guest may have: the threads that serve guests are above them.
  public static var allowedLevels: ClosedRange<UInt32> { 1...15 }

  /// Reads a module's text; `nil` if the module is not for a guest.
  ///
  /// The first word may be the file's name, which QEMU puts there.
  @export(interface)
  public init?(_ text: Span<UInt8>) throws(GuestImageError) {
    var words = Words(position: 0)
    guard var word = words.next(text) else { return nil }
    if Self.kind(of: word, text) == nil {
      guard let second = words.next(text) else { return nil }
      word = second
    }
    guard let kind = Self.kind(of: word, text) else { return nil }
    self.kind = kind
    commandLine = text.count..<text.count
    disk = text.count..<text.count
    while let word = words.next(text) {
      if Self.matches(word, "--", text) {
        words.skipSpaces(text)
        commandLine = words.position..<text.count
        break
      }
      guard kind == .kernel else { throw .init(.unknownWord, UInt64(word.lowerBound)) }
      try take(word, text)
    }
    if balloon >= megabytes { throw .init(.badBalloon, UInt64(balloon)) }
  }

  private mutating func take(_ word: Range<Int>, _ text: Span<UInt8>) throws(GuestImageError) {
    if let value = Self.value(of: word, "memory=", text) {
      megabytes = try Self.number(value, Self.allowedMegabytes, .badMemory, text)
    } else if let value = Self.value(of: word, "level=", text) {
      level = try Self.number(value, Self.allowedLevels, .badLevel, text)
    } else if let value = Self.value(of: word, "share=", text) {
      share = try Self.number(value, 1...100, .badShare, text)
    } else if let value = Self.value(of: word, "balloon=", text) {
      balloon = try Self.number(value, 0...511, .badBalloon, text)
    } else if let value = Self.value(of: word, "disk=", text) {
      disk = value
    } else if let value = Self.value(of: word, "starts=", text) {
      starts = try Self.number(value, 1...1_000_000, .badNumber, text)
    } else if let value = Self.value(of: word, "calls=", text) {
      calls = try Self.number(value, 1...10_000_000, .badNumber, text)
    } else if let value = Self.value(of: word, "life=", text) {
      life = try Self.number(value, 1...1_000_000, .badNumber, text)
    } else if let value = Self.value(of: word, "audit=", text) {
      auditInterval = try Self.number(value, 1...1_000_000, .badNumber, text)
    } else if Self.matches(word, "refusing", text) {
      isRefusing = true
    } else if Self.matches(word, "background", text) {
      isBackground = true
    } else {
      throw .init(.unknownWord, UInt64(word.lowerBound))
    }
  }

  private static func kind(of word: Range<Int>, _ text: Span<UInt8>) -> Kind? {
    if matches(word, "guest", text) { return .kernel }
    if matches(word, "guest-disk", text) { return .disk }
    return matches(word, "guest-ramdisk", text) ? .ramdisk : nil
  }

  private static func number(
    _ value: Range<Int>, _ allowed: ClosedRange<UInt32>, _ reason: GuestImageError.Reason,
    _ text: Span<UInt8>
  ) throws(GuestImageError) -> UInt32 {
    var number: UInt32 = 0
    for index in value {
      guard (0x30...0x39).contains(text[index]), number < 10_000_000 else {
        throw .init(reason, UInt64(value.lowerBound))
      }
      number = number * 10 + UInt32(text[index] - 0x30)
    }
    guard allowed.contains(number) else { throw .init(reason, UInt64(value.lowerBound)) }
    return number
  }

  private static func value(of word: Range<Int>, _ name: StaticString, _ text: Span<UInt8>) -> Range<Int>? {
    let count = name.utf8CodeUnitCount
    guard word.count > count, matches(word.lowerBound..<word.lowerBound + count, name, text) else {
      return nil
    }
    return word.lowerBound + count..<word.upperBound
  }

  private static func matches(_ range: Range<Int>, _ word: StaticString, _ text: Span<UInt8>) -> Bool {
    guard range.count == word.utf8CodeUnitCount else { return false }
    for index in 0..<range.count {
      // SAFETY: the index is below the number of bytes of the static text, as compared above.
      guard unsafe word.utf8Start[index] == text[range.lowerBound + index] else { return false }
    }
    return true
  }
}

/// The words of a text, separated by spaces.
private struct Words {
  var position: Int

  mutating func skipSpaces(_ text: Span<UInt8>) {
    while position < text.count, text[position] == 0x20 { position += 1 }
  }

  mutating func next(_ text: Span<UInt8>) -> Range<Int>? {
    skipSpaces(text)
    let start = position
    while position < text.count, text[position] != 0x20 { position += 1 }
    return start == position ? nil : start..<position
  }
}
