/// The short way of the calls that processes make while they work for each other: bytes through a pipe, and waiting and
/// waking at a word of memory.
///
/// Each does what the general way (`Perform.swift`) does in the usual case, and answers `generally`, having changed
/// nothing, in any other: a descriptor that is no pipe, an end that is closed, bytes that do not lie together, a time-out,
/// memory that can't be touched. So no error is found out here. Bytes are copied between the pipe's page and the program at
/// once, and taken or counted only if all of them were.
///
/// The entries in `Kernel/Machine/Arch/*/SystemCalls.asm` come here without saving what these functions preserve; a call that has
/// more to see to than its result says so by a number below 0, and then the entry completes the frame.

import Arch
import Base
import CMachine
import Futex
import LinuxABI
import OpenFiles
import ProgramFiles
import ProgramRecords
import Runtime
import Scheduling
import Streams
import SystemCalls
import UserMemory
import VirtualFileSystem

enum QuickCalls {
  /// The call is to be performed by the general way.
  static var generally: Int { -1 }
  /// The call was interrupted, and is to be made again if the signal allows it.
  static var again: Int { -2 }

  /// Lets the entries come here for the kernel's own programs; those of i386 on x86_64 go the general way.
  static func start() {
    #if arch(i386)
      let name: (UInt) -> SystemCall = { SystemCall(i386: $0) }
    #else
      let name: (UInt) -> SystemCall = { SystemCall(x86_64: $0) }
    #endif
    for number in 0..<256 {
      switch name(UInt(number)) {
      case .read: Processor.block.gate.setQuick(number, quickRead)
      case .write: Processor.block.gate.setQuick(number, quickWrite)
      case .futex: Processor.block.gate.setQuick(number, quickFutex)
      default: break
      }
    }
    Processor.block.gate.quickEnd = { _, outcome in endQuickly(outcome) }
  }

  /// The thread that makes the call: its segments are loaded.
  @inline(__always)
  fileprivate static var thread: ProgramThreadReference { ProgramThreadReference.loaded }

  /// What the entry is answered, for a call that is done.
  @inline(__always)
  fileprivate static func end(_ result: Int, _ thread: ProgramThreadReference) -> Int {
    if _slowPath(thread.fields.context.hasWork) { return result + Int.min }
    return result
  }
}

/// `read` from a pipe.
@c(quick_call_read)
func quickRead(_ number: UInt, _ address: UInt, _ count: UInt, _: UInt) -> Int {
  let (files, programs, thread) = (ProgramFiles(), Programs(), QuickCalls.thread)
  let number = Int32(truncatingIfNeeded: number)
  if number == 0 { programs.noteInput() }
  guard let pipe = files.tree.quickPipe(number, of: thread.fields.process.fields.files, writes: false)
  else { return QuickCalls.generally }
  var run = pipe.pipe.readableRun(upTo: count)
  if run.count == 0 {
    guard count > 0, pipe.pipe.writers > 0, !thread.fields.context.hasWork else {
      return QuickCalls.generally
    }
    pipe.hold()
    repeat {
      programs.waitHere(in: programs.queue(of: pipe.readChannel))
      run = pipe.pipe.readableRun(upTo: count)
    } while run.count == 0 && pipe.pipe.writers > 0 && !thread.fields.context.hasWork
    if files.tree.release(pipe) {
      files.wakeWaiters()
      return QuickCalls.generally
    }
    if thread.fields.context.hasWork { return QuickCalls.again }
    if run.count == 0 { return QuickCalls.generally }
  }
  // SAFETY: the bytes of the run are read, and nothing else happens to the pipe meanwhile.
  guard unsafe UserCopy.copyOut(address, from: files.tree.place(of: run), UInt(bitPattern: run.count)) == 0
  else { return QuickCalls.generally }
  files.tree.didRead(run, from: pipe)
  programs.wake(pipe.writeChannel)
  return QuickCalls.end(run.count, thread)
}

/// `write` to a pipe.
@c(quick_call_write)
func quickWrite(_ number: UInt, _ address: UInt, _ count: UInt, _: UInt) -> Int {
  let (files, programs, thread) = (ProgramFiles(), Programs(), QuickCalls.thread)
  guard
    let pipe = files.tree.quickPipe(
      Int32(truncatingIfNeeded: number), of: thread.fields.process.fields.files, writes: true)
  else { return QuickCalls.generally }
  let run = pipe.pipe.writableRun(of: count)
  guard run.count > 0,
    // SAFETY: the run is free room of the pipe, and nothing else happens to it meanwhile.
    unsafe UserCopy.copyIn(files.tree.place(of: run), from: address, count) == 0
  else { return QuickCalls.generally }
  pipe.pipe.put(run.count)
  programs.wake(pipe.readChannel)
  return QuickCalls.end(run.count, thread)
}

// On i686 every handler saves all there is; on x86_64 who switches threads must save six registers, which whoever wakes need
// not: there the two are functions of their own.
#if arch(i386)
  @inline(__always)
  private func wakeQuickly(_ t: ProgramThreadReference, _ space: UInt, _ address: UInt, _ count: Int32) -> Int
  {
    quickWake(t, space, address, count)
  }
  @inline(__always)
  private func waitQuickly(_ t: ProgramThreadReference, _ space: UInt, _ address: UInt, _ word: UInt32) -> Int
  {
    quickWait(t, space, address, word)
  }
#else
  @inline(never)
  private func wakeQuickly(_ t: ProgramThreadReference, _ space: UInt, _ address: UInt, _ count: Int32) -> Int
  {
    quickWake(t, space, address, count)
  }
  @inline(never)
  private func waitQuickly(_ t: ProgramThreadReference, _ space: UInt, _ address: UInt, _ word: UInt32) -> Int
  {
    quickWait(t, space, address, word)
  }
#endif

/// `futex`: to wait without a limit, and to wake.
@c(quick_call_futex)
func quickFutex(_ address: UInt, _ operation: UInt, _ value: UInt, _ limit: UInt) -> Int {
  let thread = QuickCalls.thread
  let space = thread.fields.process.fields.space
  guard address & 3 == 0, operation & 0x80 != 0 || space.isPrivate(address) else {
    return QuickCalls.generally
  }
  let number = UInt32(truncatingIfNeeded: value)
  switch UInt32(truncatingIfNeeded: operation) & ~0x80 {
  case FutexCommand.wake.rawValue:
    return wakeQuickly(thread, space.payload, address, Int32(bitPattern: number))
  case FutexCommand.wait.rawValue where limit == 0: return waitQuickly(thread, space.payload, address, number)
  default: return QuickCalls.generally
  }
}

/// Wakes up to `count` threads that wait at a word.
@inline(__always)
private func quickWake(
  _ thread: ProgramThreadReference, _ space: UInt, _ address: UInt, _ count: Int32
) -> Int {
  let programs = Programs()
  let key = FutexKey(space: space, address: address, isShared: false)
  var woken = 0
  while woken < count, let waiter = programs.system.futexes.takeFirst(key) {
    Programs.wakeThread(waiter)
    woken += 1
  }
  if woken > 0 { programs.settleAfterWaking() }
  return QuickCalls.end(woken, thread)
}

/// Waits at a word, if it is what the program expects.
@inline(__always)
private func quickWait(
  _ thread: ProgramThreadReference, _ space: UInt, _ address: UInt, _ word: UInt32
) -> Int {
  guard !thread.fields.context.hasWork, UserCopy.isWord(address, word) else { return QuickCalls.generally }
  let programs = Programs()
  programs.system.futexes.insert(
    thread.waiter, at: FutexKey(space: space, address: address, isShared: false))
  programs.waitHere()
  // Still there: nobody has woken it.
  guard thread.waiter.isWaiting else { return QuickCalls.end(0, thread) }
  programs.system.futexes.remove(thread.waiter)
  return thread.fields.context.hasWork ? QuickCalls.again : 0
}
