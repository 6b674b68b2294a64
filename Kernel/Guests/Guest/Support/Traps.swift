/// Traps, interrupts and the clock.

import CGuest
import CMachine
import GuestInterface
import Log
import X86

/// The guest's interrupt descriptor table, of which the host keeps the copy that counts.
public enum Traps {
  /// Loads a gate that leads to this kernel's handler.
  ///
  /// - Parameters:
  ///   - kind: 14 for an interrupt gate, 15 for a trap gate, or what else a descriptor may name.
  ///   - ring: the outermost ring that may use it with `int`.
  public static func load(_ vector: UInt32, kind: UInt32 = 14, ring: UInt32 = 0) {
    let address = cpu_load32(symbol_guest_trap_table() + UInt(vector & 0xFF) * 4)
    Host.call(
      .loadInterruptGate, vector, UInt32(GuestSegments.kernelCode) << 16 | address & 0xFFFF,
      address & 0xFFFF_0000 | 0x8000 | ring << 13 | kind << 8)
  }

  /// Takes a gate away.
  public static func unload(_ vector: UInt32) { Host.call(.loadInterruptGate, vector, 0, 0) }

  /// Loads all gates: exceptions, 32 interrupts, and system calls for programs.
  public static func loadAll() {
    for vector in 0..<UInt32(64) { load(vector, ring: vector == 3 || vector == 4 ? 3 : 0) }
    load(0x80, kind: 15, ring: 3)
  }

  /// Runs code at an address; returns whether a trap ended it, which `State` then describes.
  public static func attempt(_ code: UInt) -> Bool { guest_attempt(UInt32(code)) != 0 }
}

/// Called by Traps.asm for every vector that the guest has a gate for.
@c(guest_trap)
public func guestTrap(_ frame: UnsafeMutablePointer<guest_frame>) {
  let state = State()
  let vector = unsafe frame.pointee.vector
  // SAFETY: the frame lies on the stack of the code that calls this.
  switch vector {
  case 32..<64:
    state.fields.interrupt_tick = cpu_rdtsc_low()
    let place = unsafe UInt(frame.pointee.eip)
    if place >= symbol_guest_no_interrupt_start(), place < symbol_guest_no_interrupt_end() {
      state.fields.in_window &+= 1
    }
    Interrupts.count(vector - 32)
    if state.fields.first_vector == 0 { state.fields.first_vector = vector }
    if state.fields.repeat_delta != 0, vector == 32 { Clock.set(nanoseconds: state.fields.repeat_delta) }
    return
  case 0x80:
    state.fields.system_calls &+= 1
    unsafe state.fields.system_call_number = frame.pointee.eax
    // Call 1 ends a program; all others only count.
    if unsafe frame.pointee.eax != 1 { return }
  default:
    state.fields.traps &+= 1
    state.fields.enabled_in_handler = Shared.word(GuestData.interruptsEnabled)
    state.fields.fault_address = Shared.word(GuestData.faultAddress)
  }
  state.fields.vector = vector
  unsafe (state.fields.error, state.fields.address) = (frame.pointee.error, frame.pointee.eip)
  unsafe (state.fields.eflags, state.fields.cs) = (frame.pointee.eflags, frame.pointee.cs)
  guard state.fields.is_armed != 0 else {
    Console.line("unexpected trap \(vector) at \(hexadecimal: state.fields.address)")
    Host.end("unexpected trap")
  }
  state.fields.is_armed = 0
  unsafe frame.pointee.cs = UInt32(GuestSegments.kernelCode)
  unsafe frame.pointee.eip = UInt32(symbol_guest_recover())
  // A program ran with interrupts on; the kernel tries things with them off.
  unsafe frame.pointee.eflags = 2
}

/// Virtual interrupts.
public enum Interrupts {
  /// Whether they are on.
  public static var areOn: Bool { Shared.word(GuestData.interruptsEnabled) != 0 }

  /// Turns them off: no call, a word of the shared page.
  public static func turnOff() { Shared.set(GuestData.interruptsEnabled, 0) }

  /// Turns them on, and asks for those that waited.
  public static func turnOn() {
    Shared.set(GuestData.interruptsEnabled, GuestData.interruptFlag)
    if Shared.word(GuestData.interruptPending) != 0 { Host.call(.sendInterrupts) }
  }

  /// Says which lines are not wanted, a bit each.
  public static func block(_ lines: UInt32) { Shared.set(GuestData.blockedInterrupts, lines) }

  /// How often a line came.
  public static func count(of line: UInt32) -> UInt32 { cpu_load32(countAddress(line)) }

  /// Counts an interrupt.
  static func count(_ line: UInt32) { cpu_store32(countAddress(line), cpu_load32(countAddress(line)) &+ 1) }

  private static func countAddress(_ line: UInt32) -> UInt { guest_interrupt_count(line & 31) }
}

/// The clock: one event at a time.
public enum Clock {
  /// Asks for interrupt 0 after a time; 0 stops it.
  public static func set(nanoseconds: UInt32) { Host.call(.setClockEvent, nanoseconds) }

  /// Asks for interrupt 0 again and again.
  public static func setRepeating(nanoseconds: UInt32) {
    State().fields.repeat_delta = nanoseconds
    set(nanoseconds: nanoseconds)
  }

  /// Does nothing until an interrupt has come.
  public static func halt() { Host.call(.halt) }
}
