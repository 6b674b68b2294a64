/// Calls about what a process may have, and what it has used.

import Arch
import Base
import CMachine
import CallContext
import Clocks
import LinuxABI
import Processes
import ProgramRecords
import ProgramSignals
import Runtime
import Scheduling

extension Call {
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

  // MARK: - Usage

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

  @inline(never)
  func usage() throws(ErrorNumber) -> Int {
    switch Self.int(a) {
    case 0: try storeUsage(nanoseconds: programs.processorTime(of: process), at: b)
    case -1: try storeUsage(ticks: programs.system.processes.childTicks(of: process.fields.number), at: b)
    case 1: try storeUsage(ticks: Threads.current.runTicks(isCurrent: true, at: cpu_rdtsc()), at: b)
    default: throw .invalidArgument
    }
    return 0
  }
}
