/// One bit for each inode or block of an image, set when it is in use.
///
/// Bits past the last are set too, so that a search by words never finds one there.

/// A bitmap that lies in a store.
public struct Bitmap: BitwiseCopyable, Sendable {
  /// The byte offset of its first block.
  public var start: Int
  /// The number of bits that mean something.
  public var count: UInt32

  /// Makes the bitmap at `start`, a multiple of four.
  public init(start: Int, count: UInt32) {
    self.start = start
    self.count = count
  }

  /// The bitmap of an image's inodes; bit 0 is inode 1.
  public static func inodes(of geometry: Geometry) -> Bitmap {
    Bitmap(start: geometry.offset(ofBlock: Geometry.inodeBitmapStart), count: geometry.inodeCount)
  }

  /// The bitmap of all blocks of an image, metadata too.
  public static func blocks(of geometry: Geometry) -> Bitmap {
    Bitmap(start: geometry.offset(ofBlock: geometry.blockBitmapStart), count: geometry.blockCount)
  }

  /// The number of 32-bit words that have a bit of the bitmap.
  public var wordCount: UInt32 { (count + 31) / 32 }

  /// Word `index`, whose lowest bit is bit `32 * index`.
  @inline(__always)
  public func word(_ index: UInt32, in store: borrowing BlockStore) -> UInt32 {
    store.load(at: start + Int(index) * 4)
  }

  /// Whether bit `index` is set.
  @inline(__always)
  public func contains(_ index: UInt32, in store: borrowing BlockStore) -> Bool {
    word(index / 32, in: store) >> (index % 32) & 1 != 0
  }

  /// Sets bit `index` or clears it.
  @inline(__always)
  public func set(_ index: UInt32, _ value: Bool, in store: inout BlockStore) {
    let place = start + Int(index / 32) * 4
    let old = store.load(UInt32.self, at: place)
    let mask = UInt32(1) << (index % 32)
    store.store(value ? old | mask : old & ~mask, at: place)
  }

  /// Sets all bits of a range, which may reach past `count` to the end of the bitmap's blocks.
  public func setAll(in range: Range<UInt32>, of store: inout BlockStore) {
    var bit = range.lowerBound
    while bit < range.upperBound, bit % 8 != 0 {
      set(bit, true, in: &store)
      bit += 1
    }
    let bytes = (range.upperBound - bit) / 8
    store.fill(start + Int(bit / 8), count: Int(bytes), with: 0xFF)
    for rest in bit + bytes * 8..<range.upperBound { set(rest, true, in: &store) }
  }

  /// The first clear bit from `hint` on, around the end to before it; `nil` when all are set.
  public func firstClear(from hint: UInt32, in store: borrowing BlockStore) -> UInt32? {
    let words = wordCount
    let first = hint < count ? hint / 32 : 0
    for step in 0..<words {
      let index = first + step < words ? first + step : first + step - words
      let free = ~word(index, in: store)
      guard free != 0 else { continue }
      let bit = index * 32 + UInt32(free.trailingZeroBitCount)
      if bit < count { return bit }
    }
    return nil
  }

  /// The number of clear bits among the first `count`.
  public func clearCount(in store: borrowing BlockStore) -> UInt32 {
    var total: UInt32 = 0
    for index in 0..<wordCount {
      var word = word(index, in: store)
      if index == wordCount - 1, count % 32 != 0 { word |= UInt32.max << (count % 32) }
      total += UInt32((~word).nonzeroBitCount)
    }
    return total
  }
}
