/// An entry of a directory, as it lies in a directory's block.
///
/// ```
/// offset 0  inode          4   0 in a record that is free room
///        4  record length  2   multiple of 4; the records of a block fill it exactly
///        6  name length    1   1 to 255
///        7  kind           1   a `FileKind`
///        8  name               no `/`, no zero byte, not `.` and not `..`
/// ```
///
/// `.` and `..` are not stored: the first is the directory itself and the second its inode's parent.

/// The fixed part of a directory record, checked against the block it lies in.
public struct DirectoryRecord: BitwiseCopyable, Sendable {
  /// The byte offset in the image.
  public var place: Int
  /// Whom the entry names, or 0.
  public var inode: UInt32
  /// Bytes from this record to the next.
  public var length: Int
  /// Bytes of the name.
  public var nameLength: Int
  /// The kind byte, as it stands there.
  public var kind: UInt8

  /// Bytes before the name.
  public static let headerLength = 8

  /// Where the name starts in the image.
  public var namePlace: Int { place + Self.headerLength }

  /// Bytes that a record with a name of `count` bytes needs.
  public static func length(forName count: Int) -> Int { (headerLength + count + 3) & ~3 }

  /// Bytes that the record needs for itself; the rest up to `length` is free room.
  public var usedLength: Int { inode == 0 ? 0 : Self.length(forName: nameLength) }

  /// Reads the record at `place`; `remaining` bytes of its block are left there.
  ///
  /// Returns `nil` if the record does not fit, is not a multiple of four, or has a name that does not fit.
  public init?(in store: borrowing BlockStore, at place: Int, remaining: Int) {
    guard remaining >= Self.headerLength else { return nil }
    self.place = place
    inode = store.load(at: place)
    length = Int(store.load(UInt16.self, at: place + 4))
    nameLength = Int(store.load(UInt8.self, at: place + 6))
    kind = store.load(at: place + 7)
    guard length >= Self.headerLength, length % 4 == 0, length <= remaining else { return nil }
    guard inode == 0 || (nameLength >= 1 && Self.length(forName: nameLength) <= length) else { return nil }
  }
}
