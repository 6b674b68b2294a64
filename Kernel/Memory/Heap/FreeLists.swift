/// Which sizes of free blocks there are: two levels of bit sets over lists, after TLSF.
///
/// (M. Masmano et al., "TLSF: a new dynamic memory allocator for real-time systems", ECRTS 2004.) A row is a power
/// of two, and has eight columns; so a class is at most an eighth wide, and finding one takes two bit scans.

/// The class of a size: the list that its blocks are in.
struct SizeClass: BitwiseCopyable, Equatable {
  static var columns: Int { 8 }

  var row: Int
  var column: Int

  /// The class that blocks of `size` bytes are in.
  init(of size: Int) {
    let granules = UInt32(truncatingIfNeeded: size >> 4)
    guard granules >= 8 else {
      (row, column) = (0, Int(granules))
      return
    }
    let exponent = 31 - granules.leadingZeroBitCount
    row = exponent - 2
    column = Int(granules >> UInt32(exponent - 3) & 7)
  }

  /// The first class whose blocks all have at least `size` bytes.
  init(fitting size: Int) {
    let granules = UInt32(truncatingIfNeeded: size >> 4)
    guard granules >= 8 else {
      self.init(of: size)
      return
    }
    let exponent = 31 - granules.leadingZeroBitCount
    self.init(of: size + (((1 << (exponent - 3)) - 1) << 4))
  }

  var index: Int { row * Self.columns + column }
}

/// The heads of all lists.
///
/// - Invariant: a bit is set exactly while its list has a block; a row's bit while one of its columns has.
struct FreeLists {
  /// The end of a list.
  static var none: UInt32 { .max }

  private var rows: UInt32 = 0
  private var columns: InlineArray<28, UInt8> = .init(repeating: 0)
  private var heads: InlineArray<224, UInt32> = .init(repeating: .max)

  /// The first block of a class, or `nil`.
  func head(of sizeClass: SizeClass) -> Int? {
    let head = heads[sizeClass.index]
    return head == Self.none ? nil : Int(head)
  }

  /// Makes a block the first of its class, or empties the class.
  mutating func setHead(_ offset: Int?, of sizeClass: SizeClass) {
    heads[sizeClass.index] = offset.map { UInt32($0) } ?? Self.none
    let bit: UInt8 = 1 << UInt8(sizeClass.column)
    if offset != nil {
      columns[sizeClass.row] |= bit
      rows |= 1 << UInt32(sizeClass.row)
    } else {
      columns[sizeClass.row] &= ~bit
      if columns[sizeClass.row] == 0 { rows &= ~(1 << UInt32(sizeClass.row)) }
    }
  }

  /// The first block of the smallest class from `sizeClass` on that has one.
  func firstHead(from sizeClass: SizeClass) -> Int? {
    let columnsHere = columns[sizeClass.row] & (0xFF << UInt8(sizeClass.column))
    let row: Int
    let candidates: UInt8
    if columnsHere != 0 {
      (row, candidates) = (sizeClass.row, columnsHere)
    } else {
      let above = rows & (UInt32.max << UInt32(sizeClass.row + 1))
      guard above != 0 else { return nil }
      row = above.trailingZeroBitCount
      candidates = columns[row]
    }
    return Int(heads[row * SizeClass.columns + candidates.trailingZeroBitCount])
  }

  /// The first block of the largest class that has one.
  var largestHead: Int? {
    guard rows != 0 else { return nil }
    let row = 31 - rows.leadingZeroBitCount
    return Int(heads[row * SizeClass.columns + 7 - columns[row].leadingZeroBitCount])
  }
}
