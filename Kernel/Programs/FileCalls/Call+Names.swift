/// Calls that open files, and give, take and change names.

import CMachine
import CallContext
import FileSystemFormat
import LinuxABI
import OpenFiles
import ProgramFiles
import ProgramRecords
import Runtime
import Scheduling
import VirtualFileSystem

extension Call {
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
