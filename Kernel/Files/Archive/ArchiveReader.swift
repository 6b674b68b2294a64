/// A reader of cpio archives, where they lie: the ramdisk that the boot loader brings.
///
/// The format is "newc", with or without a sum over the data: what `cpio -o -H newc` or `-H crc` writes and Linux
/// takes as an initramfs. Every number in it is a claim and checked before use; nothing is copied. Several archives
/// one after the other, which Linux accepts, are refused here as garbage after the trailer.
///
/// Left out on purpose: names are not interpreted, so that `..`, a leading `/` and a name that comes twice are for
/// the file system to judge.

/// A walk over the entries of an archive, first to last.
///
/// The rule for the end: the entry named `TRAILER!!!` ends the archive, and only zeros may follow it (`cpio` pads to
/// 512 bytes). An archive without the trailer is cut and refused.
public struct ArchiveReader: ~Escapable {
  /// The longest name in bytes that is accepted.
  public static var longestName: Int { 1023 }

  private let bytes: Span<UInt8>
  private var position = 0
  private var isFinished = false

  /// Begins at the first entry of the archive that `bytes` hold.
  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>) { self.bytes = bytes }

  /// The next entry, or `nil` after the last.
  ///
  /// After an error the reader is at its end.
  ///
  /// - Throws: what is wrong and at which byte.
  @export(interface)
  public mutating func next() throws(ArchiveError) -> ArchiveEntry? {
    guard !isFinished else { return nil }
    // Taken back below when an entry was read whole.
    isFinished = true
    guard position < bytes.count else { throw ArchiveError(reason: .trailerMissing, offset: position) }
    guard bytes.count - position >= ArchiveHeader.size else {
      throw ArchiveError(reason: .headerCut, offset: position)
    }
    let header = try ArchiveHeader(in: bytes, at: position)
    let name = try nameRange(header.nameSize)
    if isTrailer(name) {
      try checkTail(from: name.upperBound + 1)
      return nil
    }
    let data = try dataRange(header.fileSize, after: name.upperBound + 1)
    guard let kind = ArchiveEntry.Kind(rawValue: header.mode & 0o170000) else {
      throw ArchiveError(reason: .unknownKind, offset: position + 14)
    }
    // GNU cpio sums files only and writes zero for the target of a symbolic link.
    if header.hasSum, kind == .file { try checkSum(header.sum, of: data) }
    position = min(Self.aligned(data.upperBound), bytes.count)
    isFinished = false
    return ArchiveEntry(
      kind: kind, permissions: UInt16(truncatingIfNeeded: header.mode & 0o7777), inode: header.inode,
      userID: header.userID, groupID: header.groupID, linkCount: header.linkCount,
      modificationTime: header.modificationTime, deviceMajor: header.deviceMajor,
      deviceMinor: header.deviceMinor, name: name, data: data)
  }

  /// Where the next entry's name lies, or `nil` after the last; what else its header says is not looked at.
  ///
  /// For a search through all names, which takes a quarter of the instructions that reading all entries takes.
  ///
  /// - Throws: as `next`, as far as it looks.
  @export(interface)
  public mutating func nextName() throws(ArchiveError) -> Range<Int>? {
    guard !isFinished else { return nil }
    isFinished = true
    guard position < bytes.count, bytes.count - position >= ArchiveHeader.size else {
      throw ArchiveError(reason: .headerCut, offset: position)
    }
    let (nameSize, fileSize) = try ArchiveHeader.sizes(in: bytes, at: position)
    let name = try nameRange(nameSize)
    if isTrailer(name) { return nil }
    let data = try dataRange(fileSize, after: name.upperBound + 1)
    position = min(Self.aligned(data.upperBound), bytes.count)
    isFinished = false
    return name
  }

  /// The bytes of a range of an entry: its name or its data.
  @_lifetime(copy self)
  public func bytes(in range: Range<Int>) -> Span<UInt8> { bytes.extracting(range) }

  /// Where the name lies, without its terminator.
  ///
  /// Checks that its only zero is its last byte.
  private func nameRange(_ size: UInt32) throws(ArchiveError) -> Range<Int> {
    let start = position + ArchiveHeader.size
    guard size > 1 else { throw ArchiveError(reason: .emptyName, offset: position + 94) }
    guard size - 1 <= UInt32(Self.longestName) else {
      throw ArchiveError(reason: .longName, offset: position + 94)
    }
    let end = start + Int(size) - 1
    guard end < bytes.count else { throw ArchiveError(reason: .nameCut, offset: bytes.count) }
    for index in start..<end where bytes[index] == 0 {
      throw ArchiveError(reason: .unterminatedName, offset: index)
    }
    guard bytes[end] == 0 else { throw ArchiveError(reason: .unterminatedName, offset: end) }
    return start..<end
  }

  private func dataRange(_ size: UInt32, after nameEnd: Int) throws(ArchiveError) -> Range<Int> {
    guard size > 0 else { return nameEnd..<nameEnd }
    let start = Self.aligned(nameEnd)
    guard start <= bytes.count, size <= UInt32(clamping: bytes.count - start) else {
      throw ArchiveError(reason: .dataCut, offset: bytes.count)
    }
    return start..<start + Int(size)
  }

  /// Checks the sum of all bytes of the data, modulo 2³².
  private func checkSum(_ sum: UInt32, of data: Range<Int>) throws(ArchiveError) {
    var total: UInt32 = 0
    for index in data { total &+= UInt32(bytes[index]) }
    guard total == sum else { throw ArchiveError(reason: .badSum, offset: position + 102) }
  }

  private func checkTail(from start: Int) throws(ArchiveError) {
    for index in start..<bytes.count where bytes[index] != 0 {
      throw ArchiveError(reason: .garbageAfterTrailer, offset: index)
    }
  }

  private func isTrailer(_ name: Range<Int>) -> Bool {
    let trailer: StaticString = "TRAILER!!!"
    guard name.count == trailer.utf8CodeUnitCount else { return false }
    for index in 0..<name.count {
      // SAFETY: the index is below the literal's own count, and a literal lives as long as the program.
      let byte = unsafe trailer.utf8Start[index]
      guard bytes[name.lowerBound + index] == byte else { return false }
    }
    return true
  }

  /// The next multiple of four: names and data are padded to it, counted from the start of the archive.
  private static func aligned(_ offset: Int) -> Int { (offset + 3) & ~3 }
}
