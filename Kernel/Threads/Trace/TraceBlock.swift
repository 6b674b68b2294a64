/// A processor's trace as it lies in memory: the ring, and behind it what is needed to read it.
///
///      0              size              size + 64                      2 * size
///     ┌──────────────┬─────────────────┬──────────────────────────────┐
///     │ ring         │ header          │ names of threads, 32 bytes   │
///     └──────────────┴─────────────────┴──────────────────────────────┘
///
/// All numbers are little-endian. A host finds it in the memory of an emulator and believes nothing of it.

/// What stands between the ring and the names.
struct TraceHeader: BitwiseCopyable {
  // "ApusTrc" and the version of the layout.
  var magic: UInt64 = TraceBlock.magic
  var ringSize: UInt32
  var processor: UInt32
  var ticksPerSecond: UInt64
}

/// A thread's name in the table: the entry's place is the thread's number modulo the number of entries.
struct TraceName: BitwiseCopyable {
  var thread: UInt32
  var isUsed: UInt32 = 1
  var unused: UInt64 = 0
  var low: UInt64
  var high: UInt64

  init(thread: UInt32, low: UInt64, high: UInt64) {
    self.thread = thread
    self.low = low
    self.high = high
  }
}

/// Why bytes are no trace.
public enum TraceBlockError: Error, BitwiseCopyable, Hashable, Sendable, CaseIterable {
  /// They are not twice a size that a ring may have.
  case badSize
  /// The mark of a trace, or a version that is understood, is not where it should be.
  case badMagic
  /// The header tells of a ring of another size.
  case sizesDisagree
  /// The counter's rate is zero or above 2^40 ticks a second.
  case badRate
}

/// A processor's trace, read from bytes that may come from anywhere.
public struct TraceBlock: ~Copyable, ~Escapable {
  /// The sizes that a ring may have.
  public static var allowedSizes: ClosedRange<UInt> { 1 << 12...1 << 24 }
  /// "ApusTrc1", the first letter lowest.
  static var magic: UInt64 { 0x3163_7254_7375_7041 }
  static var headerSize: UInt { 64 }
  static var nameSize: UInt { 32 }

  /// Whether a ring may have a size: a power of two from 4 KiB to 16 MiB.
  public static func allows(size: UInt) -> Bool { size & (size &- 1) == 0 && allowedSizes.contains(size) }

  /// Where the entry of a thread's name lies.
  static func nameOffset(ofThread thread: UInt32, ringSize: UInt) -> UInt {
    let count = (ringSize - headerSize) / nameSize
    return ringSize + headerSize + UInt(thread) % count * nameSize
  }

  private let bytes: Span<UInt8>
  /// The bytes of the ring.
  public let ringSize: Int
  /// Whose events they are.
  public let processor: UInt32
  /// How fast the counter of the events' times runs, above 0.
  public let ticksPerSecond: UInt64

  /// Reads the header.
  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>) throws(TraceBlockError) {
    let half = bytes.count / 2
    guard bytes.count % 2 == 0, Self.allows(size: UInt(half)) else { throw .badSize }
    guard bytes.number(at: half, size: 8) == Self.magic else { throw .badMagic }
    guard bytes.number(at: half + 8, size: 4) == UInt64(half) else { throw .sizesDisagree }
    let rate = bytes.number(at: half + 16, size: 8)
    guard rate > 0, rate <= 1 << 40 else { throw .badRate }
    self.bytes = bytes
    ringSize = half
    processor = UInt32(truncatingIfNeeded: bytes.number(at: half + 12, size: 4))
    ticksPerSecond = rate
  }

  /// The events.
  public var decoder: TraceDecoder {
    @_lifetime(copy self) get { TraceDecoder(bytes.extracting(0..<ringSize)) }
  }

  /// How many names there is room for.
  public var nameCapacity: Int { (ringSize - Int(Self.headerSize)) / Int(Self.nameSize) }

  /// The thread and the place of its 16 name bytes of the entry at `index`; `nil` for an empty one.
  public func name(at index: Int) -> (thread: UInt32, bytes: Range<Int>)? {
    precondition(index >= 0 && index < nameCapacity, "a trace has not so many names")
    let offset = ringSize + Int(Self.headerSize) + index * Int(Self.nameSize)
    guard bytes.number(at: offset + 4, size: 4) == 1 else { return nil }
    return (UInt32(truncatingIfNeeded: bytes.number(at: offset, size: 4)), offset + 16..<offset + 32)
  }
}

extension Span<UInt8> {
  /// The little-endian number of `size` bytes at `offset`.
  func number(at offset: Int, size: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<size { value |= UInt64(self[offset + index]) << UInt64(8 * index) }
    return value
  }
}
