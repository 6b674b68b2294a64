/// Calls about names, descriptors and what is known of files.

import Base
import Clocks
import FileSystemFormat
import LinuxABI
import OpenFiles
import Processes
import ProgramFiles
import ProgramRecords
import ProgramSignals
import Runtime
import Signals
import UserMemory
import VirtualFileSystem

extension Call {
  /// A path that a program gives, in a buffer of the kernel until the next one of the same number.
  ///
  /// - Parameter slot: 0 or 1: a call has up to two paths.
  @inline(never)
  @_lifetime(immortal)
  func path(_ address: UInt, _ slot: Int = 0) throws(ErrorNumber) -> Span<UInt8> {
    try files.path(address, slot)
  }

  // MARK: - Opening

  @inline(never)
  func open(_ directory: Int32, _ address: UInt, _ flags: UInt, _ mode: UInt) throws(ErrorNumber) -> Int {
    let flags = OpenFlags(rawValue: UInt32(truncatingIfNeeded: flags))
    let outcome = try openOrCut(directory, address, flags, mode)
    wakeWaiters()
    switch outcome {
    case .done(let number): return Int(number)
    case .wait(let number, var channel):
      do throws(ErrorNumber) {
        while true {
          _ = try wait(for: channel, tenths: 0)
          guard let next = try files.tree.finishOpening(number, for: caller) else { return Int(number) }
          channel = next
        }
      } catch {
        _ = try? files.tree.close(number, for: caller)
        wakeWaiters()
        throw error
      }
    }
  }

  /// Opens a file; if that has made it empty, nobody has its pages any more.
  private func openOrCut(
    _ directory: Int32, _ address: UInt, _ flags: OpenFlags, _ mode: UInt
  ) throws(ErrorNumber) -> OpenOutcome {
    defer { files.forgetCutPages() }
    return try files.tree.open(
      try path(address), at: directory, flags, mode: UInt16(truncatingIfNeeded: mode), for: caller)
  }

  @inline(never)
  func close(_ number: Int32) throws(ErrorNumber) -> Int {
    try files.tree.close(number, for: caller)
    wakeWaiters()
    return 0
  }

  @inline(never)
  func closeRange() throws(ErrorNumber) -> Int {
    let (first, last) = (a & 0xFFFF_FFFF, b & 0xFFFF_FFFF)
    guard first <= last else { throw .invalidArgument }
    let end = UInt(files.tree.descriptorEnd(for: caller))
    var number = first
    while number <= last, number < end {
      if c & 4 != 0 {
        _ = try? files.tree.setClosedOnExec(true, Int32(number), for: caller)
      } else {
        _ = try? files.tree.close(Int32(number), for: caller)
      }
      number += 1
    }
    wakeWaiters()
    return 0
  }

  @inline(never)
  func makePipe(_ flags: UInt) throws(ErrorNumber) -> Int {
    let flags = OpenFlags(rawValue: UInt32(truncatingIfNeeded: flags))
    guard flags.isSubset(of: [.nonBlocking, .closeOnExec, .direct]) else { throw .invalidArgument }
    let (read, write) = try files.tree.makePipe(flags, for: caller)
    do throws(ErrorNumber) {
      try store(UInt64(read), 4, at: a)
      try store(UInt64(write), 4, at: a &+ 4)
    } catch {
      _ = try? files.tree.close(read, for: caller)
      _ = try? files.tree.close(write, for: caller)
      throw error
    }
    return 0
  }

  @inline(never)
  func duplicate(to new: Int32, _ flags: UInt, mayBeSame: Bool) throws(ErrorNumber) -> Int {
    let flags = OpenFlags(rawValue: UInt32(truncatingIfNeeded: flags))
    guard flags.isSubset(of: .closeOnExec) else { throw .invalidArgument }
    let number = try files.tree.duplicate(
      Self.int(a), to: new, closeOnExec: flags.contains(.closeOnExec), mayBeSame: mayBeSame, for: caller)
    wakeWaiters()
    return Int(number)
  }

  /// `fcntl`: locks of records are always given, as there is one user.
  @inline(never)
  func control(isWide: Bool) throws(ErrorNumber) -> Int {
    switch b {
    case 5, 12, 36:  // F_GETLK: nobody has a lock
      let number = Self.int(a)
      _ = try files.tree.node(of: number, for: caller)
      try store(2, 2, at: c)
      return 0
    case 6, 7, 13, 14, 37, 38:
      _ = try files.tree.node(of: Self.int(a), for: caller)
      return 0
    default: break
    }
    guard let request = DescriptorRequest(rawValue: UInt32(truncatingIfNeeded: b)) else {
      throw .invalidArgument
    }
    return try files.tree.control(Self.int(a), request, long(c), for: caller)
  }

  @inline(never)
  func deviceControl() throws(ErrorNumber) -> Int {
    if try files.tree.isUnitDevice(Self.int(a), for: caller) {
      guard let control = NodeReference().node.unitControl else { throw .noDevice }
      let result = control(UInt32(truncatingIfNeeded: b), c)
      if result < 0 { throw ErrorNumber(rawValue: Int32(truncatingIfNeeded: -result)) }
      return result
    }
    guard let request = ControlRequest(rawValue: UInt32(truncatingIfNeeded: b)) else {
      _ = try files.tree.node(of: Self.int(a), for: caller)
      throw .notTerminal
    }
    var bytes: InlineArray<36, UInt8> = .init(repeating: 0)
    var span = bytes.mutableSpan
    if request.input > 0 {
      guard ProgramMemory.read(c, count: request.input, into: &span) else { throw .badAddress }
    }
    let outcome = try files.tree.control(Self.int(a), request, long(c), &span, for: caller)
    wakeWaiters()
    switch outcome {
    case .done(let result):
      if request.output > 0 { try store(bytes.span.extracting(0..<request.output), at: c) }
      return result
    case .signal(let signal):
      try signalGroup(signal)
      return 0
    case .wait(let channel, _):
      _ = try wait(for: channel, tenths: 0)
      throw ErrorNumber(rawValue: Int32(-Programs.restartAlways))
    case .text, .command: return 0
    }
  }

  // MARK: - Information

  enum StatLayout {
    case stat, stat64, extended
  }

  /// The layout that `stat` has in the program's interface.
  var plainStat: StatLayout { .stat }

  @inline(never)
  func information(of node: FileNode, _ layout: StatLayout, at address: UInt) throws(ErrorNumber) -> Int {
    let information = try files.tree.information(of: node)
    var bytes: InlineArray<256, UInt8> = .init(repeating: 0)
    var span = bytes.mutableSpan
    let size: Int
    switch layout {
    case .stat:
      if abi == .i386 {
        try information.writeOldStat(to: &span)
        size = FileInformation.oldStatSize
      } else {
        information.writeStat(to: &span)
        size = FileInformation.statSize
      }
    case .stat64:
      information.writeStat64(to: &span)
      size = FileInformation.stat64Size
    case .extended:
      information.writeStatx(to: &span)
      size = FileInformation.statxSize
    }
    try store(bytes.span.extracting(0..<size), at: address)
    return 0
  }

  @inline(never)
  func stat(_ address: UInt, follow: Bool, _ layout: StatLayout, to target: UInt) throws(ErrorNumber) -> Int {
    let node = try files.tree.node(try path(address), follow: follow, for: caller)
    return try information(of: node, layout, at: target)
  }

  @inline(never)
  func stat(of number: Int32, _ layout: StatLayout, to target: UInt) throws(ErrorNumber) -> Int {
    try information(of: try files.tree.node(of: number, for: caller), layout, at: target)
  }

  /// The file that a call with a directory, a path and flags means.
  @inline(never)
  func node(_ directory: Int32, _ address: UInt, _ flags: UInt) throws(ErrorNumber) -> FileNode {
    let flags = UInt32(truncatingIfNeeded: flags)
    return try files.tree.node(
      try path(address), at: directory, follow: flags & PathFlags.noFollow == 0,
      emptyPath: flags & PathFlags.emptyPath != 0, for: caller)
  }

  @inline(never)
  func access(_ directory: Int32, _ address: UInt, _ mode: UInt, _ flags: UInt) throws(ErrorNumber) -> Int {
    guard mode & ~7 == 0 else { throw .invalidArgument }
    let node = try node(directory, address, flags)
    try files.checkAccess(node, UInt32(mode))
    return 0
  }

  @inline(never)
  func readLink(_ directory: Int32, _ address: UInt, _ target: UInt, _ size: UInt) throws(ErrorNumber) -> Int
  {
    guard Self.int(size) > 0 else { throw .invalidArgument }
    let path = try path(address)
    let node = try files.tree.node(
      path, at: directory, follow: false, emptyPath: path.count == 0 && directory >= 0, for: caller)
    let size = min(Int(size), 4096)
    var buffer = files.buffer(size)
    let count = try files.tree.readLink(node, into: &buffer, for: caller)
    try store(files.buffered(min(count, size)), at: target)
    return min(count, size)
  }

  @inline(never)
  func workingDirectory() throws(ErrorNumber) -> Int {
    var buffer = files.buffer(4096)
    let count = try files.tree.workingDirectory(into: &buffer, for: caller)
    buffer[count] = 0
    guard UInt(count + 1) <= b else { throw .outOfRange }
    try store(files.buffered(count + 1), at: a)
    return count + 1
  }

  @inline(never)
  func list(_ layout: DirectoryLayout) throws(ErrorNumber) -> Int {
    let wanted = min(Int(c & 0xFFFF_FFFF), ProgramFiles.bufferSize)
    let size = ProgramMemory.writableCount(b, wanted)
    if size == 0, wanted > 0 {
      _ = try files.tree.node(of: Self.int(a), for: caller)
      throw .badAddress
    }
    var buffer = files.buffer(size)
    let count = try files.tree.list(Self.int(a), layout, into: &buffer, for: caller)
    if count > 0 { try store(files.buffered(count), at: b) }
    return count
  }

  @inline(never)
  func fileSystem(_ node: FileNode, isWide: Bool, at address: UInt) throws(ErrorNumber) -> Int {
    let information = files.tree.fileSystem(of: node)
    var bytes: InlineArray<120, UInt8> = .init(repeating: 0)
    var span = bytes.mutableSpan
    if isWide { information.writeStatfs64(to: &span) } else { information.writeStatfs(to: &span, for: abi) }
    let size =
      isWide
      ? FileSystemInformation.statfs64Size
      : abi == .i386 ? FileSystemInformation.oldStatfsSize : FileSystemInformation.statfsSize
    try store(bytes.span.extracting(0..<size), at: address)
    return 0
  }

  // MARK: - Changes

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

  /// A number of a user in a call of the program's plain kind: 16 bits in i386.
  func plainUser(_ value: UInt) -> UInt32 { abi == .i386 ? narrow(value) : UInt32(truncatingIfNeeded: value) }

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

  @inline(never)
  func seek() throws(ErrorNumber) -> Int {
    guard let origin = SeekOrigin(rawValue: UInt32(truncatingIfNeeded: c)) else { throw .invalidArgument }
    let position = try files.tree.seek(Self.int(a), Int64(long(b)), from: origin, for: caller)
    guard abi == .x86_64 || position <= UInt64(Int32.max) else { throw .overflow }
    return Int(truncatingIfNeeded: position)
  }

  /// `_llseek`: offset in two halves, result by reference.
  @inline(never)
  func longSeek() throws(ErrorNumber) -> Int {
    guard let origin = SeekOrigin(rawValue: UInt32(truncatingIfNeeded: e)) else { throw .invalidArgument }
    let offset = Int64(bitPattern: Self.pair(c, b))
    try store(try files.tree.seek(Self.int(a), offset, from: origin, for: caller), 8, at: d)
    return 0
  }

  @inline(never)
  func truncate(to size: Int64) throws(ErrorNumber) -> Int {
    guard size >= 0 else { throw .invalidArgument }
    if size > 0 { try checkSize(UInt64(size) - 1) }
    let node = try files.tree.node(try path(a), for: caller)
    defer { files.forgetCutPages() }
    try files.tree.truncate(node, to: UInt64(size), for: caller)
    return 0
  }

  @inline(never)
  func truncateOpen(to size: Int64) throws(ErrorNumber) -> Int {
    guard size >= 0 else { throw .invalidArgument }
    if size > 0 { try checkSize(UInt64(size) - 1) }
    defer { files.forgetCutPages() }
    try files.tree.truncate(Self.int(a), to: UInt64(size), for: caller)
    return 0
  }

  @inline(never)
  func link(_ oldDirectory: Int32, _ old: UInt, _ newDirectory: Int32, _ new: UInt, _ flags: UInt)
    throws(ErrorNumber)
    -> Int
  {
    let flags = UInt32(truncatingIfNeeded: flags)
    let node = try files.tree.node(
      try path(old), at: oldDirectory, follow: flags & PathFlags.follow != 0,
      emptyPath: flags & PathFlags.emptyPath != 0, for: caller)
    try files.tree.link(node, as: try path(new), at: newDirectory, for: caller)
    return 0
  }

  @inline(never)
  func rename(_ oldDirectory: Int32, _ old: UInt, _ newDirectory: Int32, _ new: UInt, _ flags: UInt)
    throws(ErrorNumber) -> Int
  {
    let (from, to) = (try path(old, 0), try path(new, 1))
    try files.tree.rename(
      from, at: oldDirectory, to: to, at: newDirectory, flags: UInt32(truncatingIfNeeded: flags), for: caller)
    return 0
  }

  @inline(never)
  func symbolicLink(_ target: UInt, _ directory: Int32, _ name: UInt) throws(ErrorNumber) -> Int {
    let (to, named) = (try path(target, 0), try path(name, 1))
    try files.tree.makeSymbolicLink(to: to, named: named, at: directory, for: caller)
    return 0
  }
}
