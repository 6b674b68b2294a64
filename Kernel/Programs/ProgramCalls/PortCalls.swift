/// Calls of Apus's own: two programs speak by call and reply, each in its address space.
///
///     caller                         port                          server
///     port_call(port, message) ────▶ 64 bytes at most ───────────▶ port_receive(port), port_reply(port, …)
///         waits                                                        works
///         goes on  ◀──────────────── 64 bytes at most ◀─────────── port_reply(port, reply) waits for the next call
///
/// A message is copied from the sender's memory into the kernel stack of the one who waits for it, and from there into his
/// memory by himself: no program's address is used while another program's memory is in place. A message, a call and a
/// reply are one switch of threads each way (`Scheduler.handOver`). Who keeps messages in memory that the kernel has too goes
/// the shortest way: from the one's memory into the other's. Numbers, arguments and answers: Docs/messages.md.

import Arch
import Base
import CMachine
import LinuxABI
import ProgramLife
import ProgramRecords
import Runtime
import Scheduling
import Sync
import UserMemory
import X86

/// The numbers of the calls; Linux's end far below.
enum PortCall {
  static var first: UInt { 1024 }
  static var open: UInt { 1024 }
  static var close: UInt { 1025 }
  static var call: UInt { 1026 }
  static var receive: UInt { 1027 }
  static var reply: UInt { 1028 }
  static var timedCall: UInt { 1029 }
  static var area: UInt { 1030 }
}

/// What the registers of a program say.
struct PortArguments {
  let a, b, c, d, e: UInt
}

/// Why a call ended without its message.
private enum PortErrno {
  static var badNumber: Int { -9 }  // EBADF
  static var badAddress: Int { -14 }  // EFAULT
  static var brokenPipe: Int { -32 }  // EPIPE
  static var tooLong: Int { -90 }  // EMSGSIZE
  static var reset: Int { -104 }  // ECONNRESET
  static var timedOut: Int { -110 }  // ETIMEDOUT
}

extension ProgramCalls {
  /// Lets the entries send the calls here that are made most; the others come by the general way.
  static func startPorts() {
    Processor.block.gate.portEnd = { _ in Programs().leave(.current, fromCall: true) }
    // SAFETY of both: the thread that makes a call is the loaded one, and lives.
    Processor.block.gate.portCall = { a, b, c, d, e, task in
      let thread = unsafe ProgramThreadReference(loaded: task)
      let arguments = PortArguments(a: a, b: b, c: c, d: d, e: e)
      if let result = unsafe callAtOnce(thread, arguments) { return result }
      return unsafe callGenerally(thread, arguments)
    }
    Processor.block.gate.portReply = { a, b, c, d, e, task in
      let thread = unsafe ProgramThreadReference(loaded: task)
      let arguments = PortArguments(a: a, b: b, c: c, d: d, e: e)
      if let result = unsafe replyAtOnce(thread, arguments) { return result }
      return unsafe replyGenerally(thread, arguments)
    }
  }
}

// MARK: - The shortest way

/// Whether both messages of a call lie where the kernel has them too, and nothing but two programs' threads is concerned.
@inline(__always)
private func isDirect(_ thread: ProgramThreadReference, _ arguments: PortArguments) -> Bool {
  guard thread.fields.context.messagePlace != 0 else { return false }
  guard arguments.b == thread.fields.context.messageAddress else { return false }
  guard arguments.d == arguments.b else { return false }
  guard arguments.c <= CallPort.maximumBytes else { return false }
  return NodeReference().node.threads.passesPlainly
}

/// `port_call` to a server that waits; `nil` for any other case, in which nothing has happened.
@unsafe @inline(__always)
private func callAtOnce(_ thread: ProgramThreadReference, _ arguments: PortArguments) -> Int? {
  guard isDirect(thread, arguments), let port = Programs().system.ports?.port(arguments.a) else { return nil }
  let reference = NodeReference()
  let buffer = thread.fields.context.messagePlace
  guard
    let handover = unsafe port.callAtOnce(
      replyInto: buffer, in: &reference.node.threads.scheduler,
      write: { place in unsafe putDirectly(thread, arguments.c, place) })
  else { return nil }
  reference.node.threads.pass(handover)
  let outcome = handover.from.outcome
  guard outcome == .satisfied else { return unanswered(outcome, thread, arguments.a) }
  return Int(bitPattern: cpu_load_word(buffer) & 0xFF)
}

/// `port_reply` to a caller that waits, while nobody else calls; otherwise as `callAtOnce`.
@unsafe @inline(__always)
private func replyAtOnce(_ thread: ProgramThreadReference, _ arguments: PortArguments) -> Int? {
  guard isDirect(thread, arguments), let port = servedPort(arguments.a, thread) else { return nil }
  let reference = NodeReference()
  let buffer = thread.fields.context.messagePlace
  guard
    let handover = unsafe port.replyAtOnce(
      receivingInto: buffer, in: &reference.node.threads.scheduler,
      write: { place in unsafe putDirectly(thread, arguments.c, place) })
  else { return nil }
  reference.node.threads.pass(handover)
  let outcome = handover.from.outcome
  guard outcome == .satisfied else { return unanswered(outcome, thread, arguments.a) }
  return Int(bitPattern: cpu_load_word(buffer))
}

/// Copies a message from the sender's memory, as the kernel sees it, to where the receiver wants it.
///
/// Its length is the one that was checked; what else a program writes meanwhile is its own message.
@unsafe @inline(__always)
private func putDirectly(
  _ thread: ProgramThreadReference, _ bytes: UInt, _ place: UnsafeMutablePointer<UInt>
) {
  // SAFETY: the place has room for the longest message in whole words.
  unsafe place[0] = bytes | thread.fields.context.process << 8
  if bytes == 0 { return }
  let word = UInt(MemoryLayout<UInt>.size)
  cpu_copy_words(
    UInt(bitPattern: place) &+ word, thread.fields.context.messagePlace &+ word, (bytes &+ word &- 1) / word)
}

// MARK: - The general way

@unsafe @inline(never)
private func callGenerally(_ thread: ProgramThreadReference, _ arguments: PortArguments) -> Int {
  unsafe callPort(thread, arguments, until: .max)
}

@unsafe @inline(never)
private func replyGenerally(_ thread: ProgramThreadReference, _ arguments: PortArguments) -> Int {
  unsafe replyToPort(thread, arguments)
}

/// Performs a call of the running thread.
///
/// - Parameter limit: `timedCall`'s sixth argument, the milliseconds that a caller waits at most.
/// - Returns: the answer, or an error's number negated; `nil` for no call of ours.
@inline(__always)
func performPort(
  _ number: UInt, _ thread: ProgramThreadReference, _ arguments: PortArguments, limit: UInt
) -> Int? {
  switch number {
  case PortCall.call: unsafe callGenerally(thread, arguments)
  case PortCall.reply: unsafe replyGenerally(thread, arguments)
  default: performSeldom(number, thread, arguments, limit)
  }
}

@inline(never)
private func performSeldom(
  _ number: UInt, _ thread: ProgramThreadReference, _ arguments: PortArguments, _ limit: UInt
) -> Int? {
  let programs = Programs()
  switch number {
  case PortCall.open:
    guard arguments.a == 0 else { return ErrorNumber.invalidArgument.result }
    do throws(PortError) { return Int(try programs.openPort(for: thread.fields.process)) } catch {
      return (error == .tooManyOfOwner ? ErrorNumber.tooManyOpenFiles : .tooManyOpenFilesInSystem).result
    }
  case PortCall.close:
    do throws(PortError) { try programs.closePort(arguments.a, of: thread.fields.process) } catch {
      return PortErrno.badNumber
    }
    programs.settle()
    return 0
  case PortCall.receive: return unsafe receiveFromPort(thread, arguments)
  case PortCall.timedCall:
    return unsafe callPort(
      thread, arguments, until: limit == 0 ? .max : Threads.deadline(UInt64(limit) * 1_000_000))
  case PortCall.area:
    do throws(ErrorNumber) { try programs.setMessageArea(arguments.a, of: thread) } catch {
      return error.result
    }
    return 0
  default: return nil
  }
}

/// Room for a message on the kernel stack: its length and its sender in the first word.
@unsafe @inline(__always)
private func withMessage(_ body: (UnsafeMutablePointer<UInt>) -> Int) -> Int {
  let word = MemoryLayout<UInt>.size
  return unsafe withUnsafeTemporaryAllocation(
    byteCount: word * CallPort.messageWords, alignment: word
  ) { place in
    guard let start = place.baseAddress else { return PortErrno.badAddress }
    return unsafe body(start.assumingMemoryBound(to: UInt.self))
  }
}

/// Copies a program's message into the place of the one who waits for it.
///
/// Nobody else runs meanwhile: a page that is missing is brought without a wait, or the copy fails.
@unsafe @inline(__always)
private func take(
  _ address: UInt, _ bytes: UInt, of thread: ProgramThreadReference, _ place: UnsafeMutablePointer<UInt>
) -> Bool {
  unsafe place[0] = bytes | thread.fields.context.process << 8
  if bytes == 0 { return true }
  // SAFETY: the place has room for the longest message, and `bytes` was checked.
  guard unsafe UserCopy.copyIn(UnsafeMutableRawPointer(place + 1), from: address, bytes) == 0 else {
    return false
  }
  return !thread.fields.context.hasWork
}

/// Copies a message that has come into the program's memory, as much as there is room for.
@unsafe @inline(__always)
private func give(_ message: UnsafeMutablePointer<UInt>, to address: UInt, room: UInt) -> Bool {
  let bytes = min(unsafe message[0] & 0xFF, room)
  if bytes == 0 { return true }
  // SAFETY: a message has as many bytes as its first word says, at most the longest.
  return unsafe UserCopy.copyOut(address, from: UnsafeRawPointer(message + 1), bytes) == 0
}

/// `port_call`: port, message, its bytes, room for the reply, how much; answers the bytes of the reply.
@unsafe @inline(__always)
private func callPort(
  _ thread: ProgramThreadReference, _ arguments: PortArguments, until deadline: UInt64
) -> Int {
  guard arguments.c <= CallPort.maximumBytes else { return PortErrno.tooLong }
  guard let port = Programs().system.ports?.port(arguments.a) else { return PortErrno.badNumber }
  let reference = NodeReference()
  return unsafe withMessage { buffer in
    var outcome: WaitOutcome
    do throws(SyncError) {
      outcome = try unsafe port.call(
        replyInto: buffer, in: &reference.node.threads.scheduler, until: deadline
      ) { place in unsafe take(arguments.b, arguments.c, of: thread, place) }
    } catch { return unread(thread) }
    if outcome == .blocked {
      outcome = leave(isTimed: deadline != .max)
    }
    guard outcome == .satisfied else { return unanswered(outcome, thread, arguments.a) }
    guard unsafe give(buffer, to: arguments.d, room: arguments.e) else { return PortErrno.badAddress }
    return Int(bitPattern: unsafe buffer[0] & 0xFF)
  }
}

/// `port_reply`: port, reply, its bytes, room for the next call, how much; answers the bytes of the next call, and above
/// the lowest 8 bits the number of the process that calls.
@unsafe @inline(__always)
private func replyToPort(_ thread: ProgramThreadReference, _ arguments: PortArguments) -> Int {
  guard arguments.c <= CallPort.maximumBytes else { return PortErrno.tooLong }
  guard let port = servedPort(arguments.a, thread) else { return PortErrno.badNumber }
  let reference = NodeReference()
  return unsafe withMessage { buffer in
    let outcome: WaitOutcome
    do throws(SyncError) {
      outcome = try unsafe port.reply(receivingInto: buffer, in: &reference.node.threads.scheduler) { place in
        unsafe take(arguments.b, arguments.c, of: thread, place)
      }
    } catch { return unread(thread) }
    return unsafe arrived(outcome, buffer, thread, arguments)
  }
}

/// `port_receive`: port, -, -, room for the call, how much; answers as `port_reply`.
@unsafe
private func receiveFromPort(_ thread: ProgramThreadReference, _ arguments: PortArguments) -> Int {
  guard let port = servedPort(arguments.a, thread) else { return PortErrno.badNumber }
  let reference = NodeReference()
  return unsafe withMessage { buffer in
    let outcome: WaitOutcome
    do throws(SyncError) {
      outcome = try unsafe port.receive(into: buffer, in: &reference.node.threads.scheduler)
    } catch { return PortErrno.badNumber }
    return unsafe arrived(outcome, buffer, thread, arguments)
  }
}

@inline(__always)
private func servedPort(_ number: UInt, _ thread: ProgramThreadReference) -> CallPort? {
  Programs().system.ports?.port(number, of: thread.fields.context.process)
}

/// Waits for the next call, if it is not there, and gives it to the server.
@unsafe @inline(__always)
private func arrived(
  _ begun: WaitOutcome, _ buffer: UnsafeMutablePointer<UInt>, _ thread: ProgramThreadReference,
  _ arguments: PortArguments
) -> Int {
  var outcome = begun
  if outcome == .blocked {
    outcome = leave(isTimed: false)
  } else {
    // Who was answered may be more urgent.
    NodeReference().node.threads.settle()
  }
  guard outcome == .satisfied else { return unanswered(outcome, thread, arguments.a) }
  guard unsafe give(buffer, to: arguments.d, room: arguments.e) else { return PortErrno.badAddress }
  return Int(bitPattern: unsafe buffer[0])
}

/// Lets others run until the wait that has begun is over; says how it ended.
@inline(__always)
private func leave(isTimed: Bool) -> WaitOutcome {
  let reference = NodeReference()
  if isTimed { return reference.node.threads.waitForOutcome(isTimed: true) }
  reference.node.threads.leaveProgram()
  return reference.node.threads.scheduler.current.outcome
}

/// Why a message could not be taken.
@inline(never)
private func unread(_ thread: ProgramThreadReference) -> Int {
  thread.fields.context.hasWork ? ErrorNumber.interrupted.result : PortErrno.badAddress
}

/// Why a wait ended without what it waited for.
@inline(never)
private func unanswered(_ outcome: WaitOutcome, _ thread: ProgramThreadReference, _ number: UInt) -> Int {
  if thread.fields.context.hasWork { return ErrorNumber.interrupted.result }
  if outcome == .timedOut { return PortErrno.timedOut }
  return Programs().system.ports?.port(number) == nil ? PortErrno.brokenPipe : PortErrno.reset
}
