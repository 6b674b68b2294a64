/// Calls about descriptors: closing, doubling, pipes, control, positions and sizes.

import CMachine
import CallContext
import FileSystemFormat
import LinuxABI
import OpenFiles
import ProgramFiles
import ProgramRecords
import ProgramSignals
import Runtime
import Scheduling
import VirtualFileSystem

extension Call {
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
}
