/// Calls about processes: who they are, how they begin, end and wait.

import Arch
import Base
import CMachine
import Clocks
import FrameAllocator
import LinuxABI
import Processes
import ProgramLife
import ProgramRecords
import ProgramSignals
import Runtime
import Scheduling
import Signals
import UserMemory
import VirtualFileSystem
import X86

extension ErrorNumber {
  /// The number for a refusal of the table of processes.
  init(_ error: ProcessError) {
    self =
      switch error {
      case .tableFull: .tryAgain
      case .noSuchProcess: .noSuchProcess
      case .noChild: .noChild
      case .notPermitted: .notPermitted
      case .hasExecuted: .accessDenied
      case .badNumber: .invalidArgument
      }
  }
}

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
  func group(of number: Int32) throws(ErrorNumber) -> Int {
    do throws(ProcessError) {
      return Int(try programs.system.processes.group(of: number == 0 ? process.fields.number : number))
    } catch { throw ErrorNumber(error) }
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

  /// A user's or group's number of a call with 16 bits, where all ones mean none.
  func narrow(_ value: UInt) -> UInt32 {
    let number = UInt32(truncatingIfNeeded: value & 0xFFFF)
    return number == 0xFFFF ? .max : number
  }

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
        var code: Int32 = 1
        var value = report.status.code ?? 0
        if report.status == .continued {
          (code, value) = (6, 18)
        } else if report.status.rawValue & 0xFF == 0x7F {
          (code, value) = (5, report.status.rawValue >> 8 & 0xFF)
        } else if let signal = report.status.signal {
          (code, value) = (2, signal)
        }
        SignalInformation(code: code, process: report.number, value: UInt64(truncatingIfNeeded: value)).write(
          .child, abi, to: &span, at: 0)
      }
      try store(bytes.span, at: c)
    }
    return 0
  }

  /// `struct rusage`: all of the time is the user's, the rest is not counted.
  @inline(never)
  func storeUsage(ticks: UInt64, at address: UInt) throws(ErrorNumber) {
    try storeUsage(nanoseconds: programs.nanoseconds(ofTicks: ticks), at: address)
  }

  @inline(never)
  func storeUsage(nanoseconds: UInt64, at address: UInt) throws(ErrorNumber) {
    var bytes: InlineArray<144, UInt8> = .init(repeating: 0)
    var span = bytes.mutableSpan
    let time = ProgramTime(nanoseconds: nanoseconds)
    let word = abi.wordSize
    span.put(UInt64(bitPattern: time.seconds), count: word, at: 0)
    span.put(UInt64(bitPattern: time.nanoseconds / 1000), count: word, at: word)
    try store(bytes.span.extracting(0..<(18 * word)), at: address)
  }

  // MARK: - Limits

  @inline(never)
  func limit(_ number: UInt, narrow: Bool, at address: UInt) throws(ErrorNumber) -> Int {
    guard number < 16 else { throw .invalidArgument }
    let (soft, hard) = (process.fields.limits.soft[Int(number)], process.fields.limits.hard[Int(number)])
    try storeLimit(soft, narrow: narrow, at: address)
    try storeLimit(hard, narrow: narrow, at: address &+ UInt(abi.wordSize))
    return 0
  }

  @inline(never)
  private func storeLimit(_ value: UInt64, narrow: Bool, at address: UInt) throws(ErrorNumber) {
    // The oldest call of i386 has no more than 31 bits.
    let most: UInt64 = narrow ? 0x7FFF_FFFF : 0xFFFF_FFFF
    try store(abi == .i386 ? min(value, most) : value, abi.wordSize, at: address)
  }

  @inline(never)
  func setLimit(_ number: UInt, soft: UInt64, hard: UInt64) throws(ErrorNumber) -> Int {
    do throws(ProcessError) {
      try process.fields.limits.set(
        number, soft: soft, hard: hard, isSuperuser: process.fields.credentials.isSuperuser)
    } catch { throw ErrorNumber(error) }
    switch Int(number) {
    case ResourceLimit.processorTime: programs.limitTime(of: process)
    case ResourceLimit.stack: process.fields.space.setStackLimit(soft)
    case ResourceLimit.memory: process.fields.space.setLimit(soft)
    default: break
    }
    return 0
  }

  @inline(never)
  func setLimitWord() throws(ErrorNumber) -> Int {
    func wide(_ value: UInt64) -> UInt64 { abi == .i386 && value == 0xFFFF_FFFF ? .max : value }
    let (soft, hard) = (try load(b, abi.wordSize), try load(b &+ UInt(abi.wordSize), abi.wordSize))
    return try setLimit(a, soft: wide(soft), hard: wide(hard))
  }

  @inline(never)
  func limits64() throws(ErrorNumber) -> Int {
    let number = Self.int(a)
    guard number == 0 || number == process.fields.number else {
      throw programs.process(number) == nil ? .noSuchProcess : .notPermitted
    }
    guard b < 16 else { throw .invalidArgument }
    let (soft, hard) = (process.fields.limits.soft[Int(b)], process.fields.limits.hard[Int(b)])
    if c != 0 { _ = try setLimit(b, soft: try load(c, 8), hard: try load(c &+ 8, 8)) }
    if d != 0 {
      try store(soft, 8, at: d)
      try store(hard, 8, at: d &+ 8)
    }
    return 0
  }

  // MARK: - The rest

  @inline(never)
  func control() throws(ErrorNumber) -> Int {
    switch Self.int(a) {
    case 1:  // PR_SET_PDEATHSIG
      guard b <= 64 else { throw .invalidArgument }
      process.fields.deathSignal = Int32(b)
      programs.system.hasDeathSignals = true
      return 0
    case 2:
      try store(UInt64(process.fields.deathSignal), 4, at: b)
      return 0
    case 3: return 1  // PR_GET_DUMPABLE
    case 4: return 0
    case 15:  // PR_SET_NAME
      for index in 0..<15 {
        let byte = UInt8(truncatingIfNeeded: try load(b &+ UInt(index), 1))
        process.fields.name[index] = byte
        if byte == 0 { break }
      }
      process.fields.name[15] = 0
      return 0
    case 16:
      let name = process.fields.name
      try store(name.span, at: b)
      return 0
    case 38: return 0  // PR_SET_NO_NEW_PRIVS
    case 39: return 1
    default: throw .invalidArgument
    }
  }

  /// `uname`, whose fields have 65 bytes.
  @inline(never)
  func systemName() throws(ErrorNumber) -> Int {
    guard var bytes = HeapBytes(390) else { throw .outOfMemory }
    var span = bytes.mutableBytes
    for index in 0..<390 { span[index] = 0 }
    put("Linux", 0, &span)
    for index in 0..<64 { span[65 + index] = programs.system.hostName[index] }
    put("6.1.0-apus", 2, &span)
    put("#1 Apus", 3, &span)
    put(abi == .i386 ? "i686" : "x86_64", 4, &span)
    put("(none)", 5, &span)
    guard ProgramMemory.write(bytes.bytes, to: a) else { throw .badAddress }
    return 0
  }

  @inline(never)
  private func put(_ text: StaticString, _ field: Int, _ span: inout MutableSpan<UInt8>) {
    // SAFETY: the index is below the literal's own count.
    for index in 0..<text.utf8CodeUnitCount { span[field * 65 + index] = unsafe text.utf8Start[index] }
  }

  @inline(never)
  func setHostName() throws(ErrorNumber) -> Int {
    guard b <= 64 else { throw .invalidArgument }
    var name: InlineArray<65, UInt8> = .init(repeating: 0)
    for index in 0..<b { name[Int(index)] = UInt8(truncatingIfNeeded: try load(a &+ index, 1)) }
    programs.system.hostName = name
    return 0
  }

  @inline(never)
  func systemInformation() throws(ErrorNumber) -> Int {
    var bytes: InlineArray<112, UInt8> = .init(repeating: 0)
    var span = bytes.mutableSpan
    let reference = NodeReference()
    let word = abi.wordSize
    span.put(programs.uptime / 1_000_000_000, count: word, at: 0)
    // Three loads, then memory: total, free, shared, buffers, swap, free swap.
    span.put(UInt64(reference.node.frames.totalCount) * 4096, count: word, at: 4 * word)
    span.put(UInt64(reference.node.frames.freeCount) * 4096, count: word, at: 5 * word)
    span.put(UInt64(programs.system.processes.count), count: 2, at: 10 * word)
    let high = abi == .i386 ? 44 : 88
    span.put(1, count: 4, at: high + 2 * word)
    try store(bytes.span.extracting(0..<(abi == .i386 ? 64 : 112)), at: a)
    return 0
  }

  /// `get_robust_list`.
  @inline(never)
  func robustList() throws(ErrorNumber) -> Int {
    guard let target = a == 0 ? thread : programs.thread(Self.int(a)) else { throw .noSuchProcess }
    guard target.fields.process == process || process.fields.credentials.isSuperuser else {
      throw .notPermitted
    }
    try storeWord(3 * UInt(abi.wordSize), at: c)
    try storeWord(target.fields.robustList, at: b)
    return 0
  }

  @inline(never)
  func setThreadArea() throws(ErrorNumber) -> Int {
    try programs.setArea(a, of: thread, from: thread)
    #if arch(i386)
      thread.checkSelectors()
      Processor.reloadProgram()
    #else
      thread.checkSelectors()
    #endif
    thread.fields.isChanged = true
    return 0
  }

  #if !arch(i386)
    func architectureControl() throws(ErrorNumber) -> Int {
      switch a {
      case 0x1001, 0x1002:
        guard b < 0x7FFF_FFFF_F000 else { throw .notPermitted }
        if a == 0x1002 { thread.fields.context.fsBase = b } else { thread.fields.context.gsBase = b }
        Processor.setProgramBase(b, isFS: a == 0x1002)
      case 0x1003: try store(UInt64(thread.fields.context.fsBase), 8, at: b)
      case 0x1004: try store(UInt64(thread.fields.context.gsBase), 8, at: b)
      default: throw .invalidArgument
      }
      return 0
    }
  #endif
}
