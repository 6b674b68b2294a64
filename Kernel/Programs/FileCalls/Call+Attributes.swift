/// Calls that change what is known of files; random bytes.

import CMachine
import CallContext
import Clocks
import FileSystemFormat
import LinuxABI
import ProgramFiles
import Randomness
import VirtualFileSystem

extension Call {
  @inline(never)
  func changeMode(_ node: FileNode, _ mode: UInt) throws(ErrorNumber) -> Int {
    try files.tree.setPermissions(UInt16(truncatingIfNeeded: mode & 0o7777), of: node, for: caller)
    return 0
  }

  @inline(never)
  func changeOwner(_ node: FileNode, _ owner: UInt32, _ group: UInt32) throws(ErrorNumber) -> Int {
    try files.tree.setOwner(
      owner == .max ? nil : owner, group: group == .max ? nil : group, of: node, for: caller)
    return 0
  }

  /// `utimensat` and its like: two times, or now.
  @inline(never)
  func setTimes(_ node: FileNode, _ address: UInt, _ layout: TimeLayout) throws(ErrorNumber) -> Int {
    let now = caller.now
    guard address != 0 else {
      try files.tree.setTimes(accessed: now, modified: now, of: node, for: caller)
      return 0
    }
    let size = UInt(layout == .wideSpec ? 16 : 2 * abi.wordSize)
    let (first, second) = (try loadTime(address, layout), try loadTime(address &+ size, layout))
    func stamp(_ time: ProgramTime) throws(ErrorNumber) -> Timestamp? {
      if layout != .value {
        if time.nanoseconds == Int64(PathFlags.omit) { return nil }
        if time.nanoseconds == Int64(PathFlags.now) { return now }
      }
      guard time.nanoseconds >= 0, time.nanoseconds < 1_000_000_000 else { throw .invalidArgument }
      return Timestamp(seconds: time.seconds, nanoseconds: UInt32(time.nanoseconds))
    }
    try files.tree.setTimes(
      accessed: try stamp(first), modified: try stamp(second), of: node, for: caller)
    return 0
  }

  /// `utime`: whole seconds.
  @inline(never)
  func setOldTimes() throws(ErrorNumber) -> Int {
    let node = try files.tree.node(try path(a), for: caller)
    guard b != 0 else { return try setTimes(node, 0, .spec) }
    let word = UInt(abi.wordSize)
    let (accessed, modified) = (try loadWord(b), try loadWord(b &+ word))
    try files.tree.setTimes(
      accessed: Timestamp(seconds: Int64(long(accessed))),
      modified: Timestamp(seconds: Int64(long(modified))),
      of: node, for: caller)
    return 0
  }

  /// `getrandom`.
  @inline(never)
  func randomBytes() throws(ErrorNumber) -> Int {
    // There are always enough: it never matters whether to wait. Of the two kinds only one may be asked for.
    guard c & ~7 == 0, c & 6 != 6 else { throw .invalidArgument }
    var done: UInt = 0
    while done < b {
      let size = min(Int(b - done), ProgramFiles.bufferSize)
      var buffer = files.buffer(size)
      files.tree.random.fill(&buffer)
      try store(files.buffered(size), at: a &+ done)
      done += UInt(size)
    }
    return Int(b)
  }
}
