/// Calls about processes: who they are, how they begin, end and wait.

import CMachine
import CallContext
import LinuxABI
import OpenFiles
import Processes
import ProgramFiles
import ProgramLife
import ProgramRecords
import ProgramSignals
import Runtime
import Signals
import VirtualFileSystem

extension Call {
  // MARK: - Numbers

  @inline(never)
  func setGroup() throws(ErrorNumber) -> Int {
    do throws(ProcessError) {
      try programs.system.processes.setGroup(Self.int(b), of: Self.int(a), by: process.fields.number)
    } catch { throw ErrorNumber(error) }
    return 0
  }

  @inline(never)
  func session(of number: Int32) throws(ErrorNumber) -> Int {
    do throws(ProcessError) {
      return Int(try programs.system.processes.session(of: number == 0 ? process.fields.number : number))
    } catch { throw ErrorNumber(error) }
  }

  @inline(never)
  func makeSession() throws(ErrorNumber) -> Int {
    do throws(ProcessError) {
      return Int(try programs.system.processes.makeSession(by: process.fields.number))
    } catch { throw ErrorNumber(error) }
  }

  // MARK: - Credentials

  @inline(never)
  func changeCredentials(_ change: (inout Credentials) -> Bool) throws(ErrorNumber) -> Int {
    var credentials = process.fields.credentials
    guard change(&credentials) else { throw .notPermitted }
    process.fields.credentials = credentials
    programs.describeAll(process)
    return 0
  }

  @inline(never)
  func storeThree(_ x: UInt32, _ y: UInt32, _ z: UInt32, size: Int) throws(ErrorNumber) -> Int {
    try store(UInt64(x), size, at: a)
    try store(UInt64(y), size, at: b)
    try store(UInt64(z), size, at: c)
    return 0
  }

  // MARK: - Beginning and end

  @inline(never)
  func clone() throws(ErrorNumber) -> Int {
    // flags, stack, parent's word; then area and child's word, which x86_64 has the other way round.
    var request = CloneRequest(CloneFlags(rawValue: UInt64(a & ~0xFF)))
    request.exitSignal = Int32(a & 0xFF)
    request.stack = b
    request.parentNumber = c
    (request.area, request.childNumber) = abi == .i386 ? (d, e) : (e, d)
    return Int(try programs.clone(request, of: thread))
  }

  @inline(never)
  func fork(_ flags: CloneFlags) throws(ErrorNumber) -> Int {
    Int(try programs.clone(CloneRequest(flags), of: thread))
  }

  @inline(never)
  func exitGroup() -> Never {
    programs.end(process, .exited(Self.int(a)))
    programs.endThread(thread)
  }

  @inline(never)
  func exitThread() -> Never {
    if process.fields.threadCount == 1 { programs.end(process, .exited(Self.int(a))) }
    programs.endThread(thread)
  }

  // MARK: - Waiting for children

  @inline(never)
  func wait(for target: Int32, status: UInt, _ options: WaitOptions, usage: UInt) throws(ErrorNumber) -> Int {
    guard options.isSubset(of: [.noHang, .stopped, .continued, WaitOptions(rawValue: 0xE000_0000)]) else {
      throw .invalidArgument
    }
    let report = try findChild(target, options.union(.exited), group: 0)
    guard let report else { return 0 }
    if status != 0 { try store(UInt64(UInt32(bitPattern: report.status.rawValue)), 4, at: status) }
    if usage != 0 { try storeUsage(ticks: report.ticks, at: usage) }
    return Int(report.number)
  }

  @inline(never)
  func findChild(_ target: Int32, _ options: WaitOptions, group: Int32) throws(ErrorNumber) -> WaitReport? {
    while true {
      let found: WaitReport?
      do throws(ProcessError) {
        let own = try programs.system.processes.group(of: process.fields.number)
        found = try programs.findChild(
          of: process.fields.number, WaitTarget(argument: target, callersGroup: own), options)
      } catch { throw ErrorNumber(error) }
      if found != nil || options.contains(.noHang) { return found }
      guard programs.wait(in: process.children) != .interrupted else {
        throw ErrorNumber(rawValue: Int32(-Programs.restartAlways))
      }
    }
  }

  @inline(never)
  func waitID() throws(ErrorNumber) -> Int {
    let options = WaitOptions(rawValue: UInt32(truncatingIfNeeded: d))
    guard !options.isDisjoint(with: [.exited, .stopped, .continued]) else { throw .invalidArgument }
    let target: Int32
    switch a {
    case 0: target = -1
    case 1: target = Self.int(b)
    case 2: target = b == 0 ? 0 : -Self.int(b)
    default: throw .invalidArgument
    }
    let report = try findChild(target, options, group: 0)
    if c != 0 {
      var bytes: InlineArray<128, UInt8> = .init(repeating: 0)
      var span = bytes.mutableSpan
      if let report {
        let (code, value) = report.status.childReport
        SignalInformation(code: code, process: report.number, value: UInt64(truncatingIfNeeded: value)).write(
          .child, abi, to: &span, at: 0)
      }
      try store(bytes.span, at: c)
    }
    return 0
  }
}
