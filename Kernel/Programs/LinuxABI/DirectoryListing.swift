/// Entries of a directory, as `getdents` and `getdents64` hand them out.

/// Which of the layouts a listing has.
public enum DirectoryLayout: UInt8, BitwiseCopyable, Hashable, Sendable {
  /// `linux_dirent64`: both architectures, kind before the name.
  case wide
  /// `linux_dirent` of i386: words of four bytes, kind in the last byte.
  case i386
  /// `linux_dirent` of x86_64: words of eight bytes, kind in the last byte.
  case x86_64

  /// Bytes that an entry with a name of `count` bytes takes.
  @inline(__always)
  public func length(forName count: Int) -> Int {
    switch self {
    case .wide: (19 + count + 1 + 7) & ~7
    case .i386: (10 + count + 2 + 3) & ~3
    case .x86_64: (18 + count + 2 + 7) & ~7
    }
  }

  /// Where the name begins in an entry.
  @inline(__always)
  public var nameOffset: Int {
    switch self {
    case .wide: 19
    case .i386: 10
    case .x86_64: 18
    }
  }

  /// Writes all of an entry at `offset` but the name's bytes; returns the entry's length.
  ///
  /// - Parameters:
  ///   - next: the position after the entry.
  ///   - kind: `d_type`.
  @export(interface)
  public func write(
    inode: UInt64, next: UInt64, kind: UInt8, nameLength: Int, to bytes: inout MutableSpan<UInt8>,
    at offset: Int
  ) -> Int {
    let length = length(forName: nameLength)
    for index in offset..<(offset + length) { bytes[index] = 0 }
    let word = self == .i386 ? 4 : 8
    bytes.put(inode, count: word, at: offset)
    bytes.put(next, count: word, at: offset + word)
    bytes.put(UInt64(length), count: 2, at: offset + 2 * word)
    bytes[self == .wide ? offset + 18 : offset + length - 1] = kind
    return length
  }
}
