/// The header before every entry of an archive, as text.
///
/// Six bytes of magic and thirteen fields of eight hexadecimal digits (the manual page cpio(5) of libarchive, "New
/// ASCII Format"; Linux Documentation/driver-api/early-userspace/buffer-format.rst):
///
///     0     6     14    22   30   38     46     54        62     70    78    86     94     102    110
///     magic inode mode  uid  gid  nlink  mtime  filesize  major  minor rmaj  rmin   namesz check  name...

/// A header's fields as numbers, still claims.
struct ArchiveHeader: BitwiseCopyable {
  /// Bytes before the name.
  static var size: Int { 110 }

  /// Whether `sum` is that of the data: the magic is `070702`.
  var hasSum: Bool
  var inode, mode, userID, groupID, linkCount, modificationTime, fileSize: UInt32
  var deviceMajor, deviceMinor, nameSize, sum: UInt32

  /// Decodes the header at `offset`, where the archive has at least `size` bytes.
  init(in bytes: Span<UInt8>, at offset: Int) throws(ArchiveError) {
    let digits: StaticString = "07070"
    for index in 0..<5 {
      // SAFETY: the literal has five bytes.
      let digit = unsafe digits.utf8Start[index]
      guard bytes[offset + index] == digit else { throw ArchiveError(reason: .unknownMagic, offset: offset) }
    }
    switch bytes[offset + 5] {
    case UInt8(ascii: "1"): hasSum = false
    case UInt8(ascii: "2"): hasSum = true
    default: throw ArchiveError(reason: .unknownMagic, offset: offset)
    }
    inode = try Self.field(0, in: bytes, offset)
    mode = try Self.field(1, in: bytes, offset)
    userID = try Self.field(2, in: bytes, offset)
    groupID = try Self.field(3, in: bytes, offset)
    linkCount = try Self.field(4, in: bytes, offset)
    modificationTime = try Self.field(5, in: bytes, offset)
    fileSize = try Self.field(6, in: bytes, offset)
    // Fields 7 and 8 are the device that held the file, which means nothing here; they must be numbers.
    _ = try Self.field(7, in: bytes, offset)
    _ = try Self.field(8, in: bytes, offset)
    deviceMajor = try Self.field(9, in: bytes, offset)
    deviceMinor = try Self.field(10, in: bytes, offset)
    nameSize = try Self.field(11, in: bytes, offset)
    sum = try Self.field(12, in: bytes, offset)
  }

  /// The sizes of name and data that the header at `offset` tells, where the archive has at least `size` bytes.
  static func sizes(
    in bytes: Span<UInt8>, at offset: Int
  ) throws(ArchiveError) -> (name: UInt32, file: UInt32) {
    (try field(11, in: bytes, offset), try field(6, in: bytes, offset))
  }

  /// Four digits at once, or `nil` if one of them is none: start-up decodes thousands of fields.
  @inline(__always)
  private static func half(_ bytes: Span<UInt8>, _ start: Int) -> UInt32? {
    precondition(start >= 0 && bytes.count >= 4 && start <= bytes.count - 4)
    // SAFETY: the bytes were just checked to lie inside the span. The first digit is in the lowest byte.
    let text = unsafe UInt32(
      littleEndian: bytes.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: start, as: UInt32.self))
    // Letters are 0x41 to 0x46 or 0x61 to 0x66: their low half counts from 1.
    let letters = text >> 6 & 0x0101_0101
    let digits = (text & 0x0F0F_0F0F) &+ letters &* 9
    // Below 10 for 0x3_, 10 to 15 for 0x4_ and 0x6_; a sum with 6 has bit 4 from 10 on.
    let isKind = text & 0xF0F0_F0F0 & ~(letters << 5) == 0x3030_3030 &+ letters << 4
    guard isKind, digits & 0x1010_1010 == 0, (digits &+ 0x0606_0606) >> 4 & 0x0101_0101 == letters else {
      return nil
    }
    let pairs = (digits & 0x000F_000F) << 4 | digits >> 8 & 0x000F_000F
    return (pairs & 0xFF) << 8 | pairs >> 16
  }

  private static func field(
    _ number: Int, in bytes: Span<UInt8>, _ header: Int
  ) throws(ArchiveError) -> UInt32 {
    let start = header + 6 + 8 * number
    if let high = half(bytes, start), let low = half(bytes, start + 4) { return high << 16 | low }
    // One of them is no digit: which?
    var value: UInt32 = 0
    for index in start..<start + 8 {
      let digit: UInt8
      switch bytes[index] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = bytes[index] - UInt8(ascii: "0")
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = bytes[index] - UInt8(ascii: "A") + 10
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = bytes[index] - UInt8(ascii: "a") + 10
      default: throw ArchiveError(reason: .badDigit, offset: index)
      }
      value = value << 4 | UInt32(digit)
    }
    return value
  }
}
