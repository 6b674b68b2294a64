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

  private static func field(
    _ number: Int, in bytes: Span<UInt8>, _ header: Int
  ) throws(ArchiveError) -> UInt32 {
    let start = header + 6 + 8 * number
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
