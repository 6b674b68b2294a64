/// The words before every piece of the heap.
///
///     offset  0     4     8              12         16                 16 + requested     size
///             seal  size  previous size  requested  bytes of the user  red zone, ≥ 8      next block
///             seal  size  previous size  FFFFFFFF   next  previous     unused             (a free block)
///
/// 32-bit words on every architecture, so that what the host tests is what both kernels run.

/// A block's header as values, and where it is.
struct HeapBlock: BitwiseCopyable {
  /// Bytes in a header; also what all sizes and addresses are multiples of.
  static var headerSize: Int { 16 }
  /// A header and the two links of a free block, rounded up.
  static var minimumSize: Int { 32 }
  /// The fewest bytes of red zone.
  static var redZone: Int { 8 }
  /// The byte that fills a red zone.
  static var redByte: UInt8 { 0xF5 }

  /// Where the header lies in the region.
  var offset: Int
  /// Bytes from this header to the next.
  var size: Int
  /// The size of the block before, 0 for the first.
  var previousSize: Int
  /// The bytes that the user asked for, or `nil` if the block is free.
  var requested: Int?

  var isFree: Bool { requested == nil }
  var end: Int { offset + size }
  var payload: Int { offset + Self.headerSize }

  /// Bytes of a block for `byteCount` bytes of a user, or `nil` above 1 GiB.
  static func size(holding byteCount: Int) -> Int? {
    guard byteCount >= 0, byteCount <= 1 << 30 else { return nil }
    return max(minimumSize, (headerSize + byteCount + redZone + 15) & ~15)
  }

  private var words: (size: UInt32, previous: UInt32, requested: UInt32) {
    (UInt32(size), UInt32(previousSize), requested.map { UInt32($0) } ?? .max)
  }

  /// Ties a header to its place and its content, so that neither a stray write nor a copy passes for one.
  private static func seal(_ offset: Int, _ size: UInt32, _ previous: UInt32, _ requested: UInt32) -> UInt32 {
    0xA905_4EA9 ^ UInt32(truncatingIfNeeded: offset) &* 0x9E37_79B1 ^ (size << 7 | size >> 25)
      ^ (previous << 13 | previous >> 19) ^ (requested << 19 | requested >> 13)
  }

  /// Makes the header of a block.
  init(offset: Int, size: Int, previousSize: Int, requested: Int?) {
    (self.offset, self.size, self.previousSize, self.requested) = (offset, size, previousSize, requested)
  }

  /// Reads the header at an offset, or answers `nil` if there is none that is whole.
  init?(at offset: Int, in memory: HeapMemory) {
    guard offset >= 0, offset & 15 == 0, offset <= memory.size - Self.headerSize else { return nil }
    let (size, previous) = (memory.word(at: offset + 4), memory.word(at: offset + 8))
    let requested = memory.word(at: offset + 12)
    guard memory.word(at: offset) == Self.seal(offset, size, previous, requested),
      size & 15 == 0, size >= UInt32(Self.headerSize), size <= UInt32(memory.size - offset),
      previous <= UInt32(offset)
    else { return nil }
    self.init(
      offset: offset, size: Int(size), previousSize: Int(previous),
      requested: requested == .max ? nil : Int(requested))
  }

  /// Writes the header to its place.
  func write(to memory: HeapMemory) {
    let words = words
    memory.store(words.size, at: offset + 4)
    memory.store(words.previous, at: offset + 8)
    memory.store(words.requested, at: offset + 12)
    memory.store(Self.seal(offset, words.size, words.previous, words.requested), at: offset)
  }

  /// Fills the bytes after the user's.
  func fillRedZone(in memory: HeapMemory) {
    for offset in payload + (requested ?? 0)..<end { memory.store(Self.redByte, at: offset) }
  }

  /// Whether nobody wrote past the user's bytes.
  func isRedZoneWhole(in memory: HeapMemory) -> Bool {
    guard let requested, requested <= size - Self.headerSize else { return false }
    for offset in payload + requested..<end where memory.byte(at: offset) != Self.redByte { return false }
    return true
  }
}
