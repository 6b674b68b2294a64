/// Behaviours of floating-point state: threads that use the registers as programs do.

import ABI
import Arch
import Base
import CMachine
import Heap
import Log
import Provocations
import Runtime
import Scheduling

/// Does what is asked for with floating-point state.
///
/// Returns whether it was asked for.
func runFloatingPoint() -> Bool {
  if isAskedFor("everything") {
    start(ThreadName("everything"), everything)
  } else if isAskedFor("fpu-life") {
    start(ThreadName("life"), life)
  } else if isAskedFor("fpu-none") {
    start(ThreadName("none")) { _ in
      provoke_floating_point()
      fail("a thread without a state used the registers")
    }
  } else {
    return false
  }
  Threads.idle()
}

/// Memory for a state, never given back.
private func makeState() -> UnsafeMutableRawPointer {
  let address = KernelHeap.allocate(Int(PROVOCATION_STATE_SIZE), alignment: 64).rawValue
  // SAFETY: the heap has just given the memory, aligned, for nothing else.
  return unsafe UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped
}

/// Gives the running thread a state, or ends the run.
private func claim() {
  do { try Threads.resetFloatingPoint(of: Threads.current) } catch { fail("there is no floating point") }
}

/// All registers, all flags and all states survive a million preemptions, among threads with and without a state.
private func everything(_: UInt) -> UInt {
  // Longer than a switch by the hardware that is followed by an exchange of states: else nobody would ever get on.
  NodeReference().node.threads.timer.setSlice(ticks: 600)
  let body: ThreadBody = { seed in
    claim()
    // SAFETY: each thread has states of its own.
    let (pattern, found) = unsafe (makeState(), makeState())
    unsafe provocation_make_state(pattern, UInt32(truncatingIfNeeded: seed))
    while true {
      let lost = unsafe provocation_hold_everything(seed, 100, pattern, found)
      guard lost == 0 else { fail("part \(lost) of the registers was lost") }
    }
  }
  let plain: ThreadBody = { seed in
    while provocation_hold_registers(seed, 300) == 0 {}
    fail("a register or a flag was lost")
  }
  let first = make(ThreadName("first"), argument: 0x1234_5678, body)
  let second = make(ThreadName("second"), argument: 0x7ABC_DEF1, plain)
  let third = make(ThreadName("third"), argument: 0x0F1E_2D3C, body)
  // One state more than threads that run all the time: this one sleeps, and finds its registers as they were.
  claim()
  let (pattern, found) = unsafe (makeState(), makeState())
  unsafe provocation_make_state(pattern, 0x5555_1111)
  unsafe provocation_load_state(pattern)
  try? Threads.setLevel(of: Threads.current, to: PriorityLevel(truncating: 20))
  while first.fields.switchCount &+ second.fields.switchCount &+ third.fields.switchCount < 1_000_000 {
    _ = try? Threads.sleep(nanoseconds: 1_000_000)
    // SAFETY: the states are this thread's.
    guard unsafe provocation_compare_state(pattern, found) == 0 else { fail("a sleeper's state was lost") }
  }
  pass("four threads kept registers, flags and states over 1000000 preemptions")
}

/// A state begins as a new one, is copied, renewed and given back.
private func life(_: UInt) -> UInt {
  let reference = NodeReference()
  let (pattern, found) = unsafe (makeState(), makeState())
  let inUse = reference.node.heap.statistics.bytesInUse
  claim()
  // SAFETY: the states are this thread's alone.
  guard unsafe provocation_state_is_new(found) == 0 else { fail("a new state is not new") }
  unsafe provocation_make_state(pattern, 0x1357_9BDF)
  unsafe provocation_load_state(pattern)
  // The child is less urgent, so it is not running when it gets the copy.
  let child = make(ThreadName("child"), level: 5, argument: UInt(bitPattern: pattern)) { pattern in
    let found = unsafe makeState()
    // SAFETY: the parent does not change the pattern while the child lives.
    let isEqual = unsafe provocation_compare_state(
      UnsafeRawPointer(bitPattern: pattern).unsafelyUnwrapped, found)
    KernelHeap.free(VirtualAddress(UInt(bitPattern: found)))
    return isEqual
  }
  Threads.copyFloatingPoint(of: Threads.current, to: child)
  guard let (outcome, code) = try? Threads.join(child), outcome == .satisfied, code == 0 else {
    fail("the copy differs")
  }
  guard unsafe provocation_compare_state(pattern, found) == 0 else { fail("the original was lost") }
  claim()
  let renewed = unsafe provocation_state_is_new(found)
  guard renewed == 0 else { fail("part \(renewed) of a renewed state is not new") }
  Threads.releaseFloatingPoint(of: Threads.current)
  guard reference.node.heap.statistics.bytesInUse == inUse else { fail("a state was not given back") }
  pass("a state lived")
}
