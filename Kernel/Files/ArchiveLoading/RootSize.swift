/// How large a file system is made when nobody says so.

/// Sizes of file systems that are made at start, all powers of two.
public enum RootSize {
  /// The least.
  static var least: Int { 1 << 20 }
  /// What is made at most of free memory, unless content needs more.
  static var usual: Int { 64 << 20 }
  /// The most.
  static var most: Int { 1 << 30 }

  /// The size of a root with room for `content` bytes and half as much again, and otherwise about a quarter of what is
  /// free, but no more than half of it: programs need memory too.
  ///
  /// - Returns: a power of two, 1 MiB to 1 GiB. With little memory it may be too small for the content; loading says so.
  public static func bytes(forContent content: Int, free: Int) -> Int {
    let wanted = min(max(content + content / 2, min(free / 4, usual)), most)
    var size = least
    while size < wanted { size *= 2 }
    while size > least, size > free / 2 { size /= 2 }
    return size
  }

  /// The largest power of two that is not above a number, which is at least 1.
  public static func powerOfTwo(atMost number: Int) -> Int {
    precondition(number > 0)
    return 1 << (Int.bitWidth - 1 - number.leadingZeroBitCount)
  }
}
