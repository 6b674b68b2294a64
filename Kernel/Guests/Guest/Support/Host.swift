/// Calls of the host, and the page that is shared with it.

import CGuest
import CMachine
import GuestInterface

/// What the host is asked for; Docs/hypercalls.md says what each call does.
public enum Host {
  /// Makes a call, now.
  @inline(__always)
  public static func call(
    _ number: HypercallNumber, _ first: UInt32 = 0, _ second: UInt32 = 0, _ third: UInt32 = 0,
    _ fourth: UInt32 = 0
  ) {
    guest_call(number.rawValue, first, second, third, fourth)
  }

  /// Makes a call that may be none.
  @inline(__always)
  public static func call(_ call: Hypercall) {
    guest_call(call.number, call.first, call.second, call.third, call.fourth)
  }

  /// Ends the guest in order; with a reason of 2 it is started anew.
  public static func end(_ message: StaticString, reason: UInt32 = 1) -> Never {
    // SAFETY: a static text lies in the guest's memory, and ends with a 0.
    let address = unsafe UInt32(UInt(bitPattern: message.utf8Start))
    call(.shutdown, Pages.physical(address), reason)
    while true {}
  }

  /// Puts a call into the ring; it is carried out with the next call that is made.
  ///
  /// Makes it at once if the ring is full.
  public static func post(_ call: Hypercall) {
    let slot = State().fields.ring_cursor
    guard Shared.byte(GuestData.ringStatus + slot) == GuestData.ringFree else { return self.call(call) }
    let entry = GuestData.ring + slot * GuestData.ringEntrySize
    Shared.set(entry, call.number)
    Shared.set(entry + 4, call.first)
    Shared.set(entry + 8, call.second)
    Shared.set(entry + 12, call.third)
    Shared.set(entry + 16, call.fourth)
    State().fields.ring_cursor = (slot + 1) % GuestData.ringCount
    // Last: from here on the host may look at the entry.
    Shared.setByte(GuestData.ringStatus + slot, 0)
  }
}

/// The page that guest and host share; offsets are `GuestData`'s.
public enum Shared {
  /// Where it lies.
  public static var address: UInt { symbol_guest_data() }
  /// A word.
  @inline(__always) public static func word(_ offset: UInt32) -> UInt32 { cpu_load32(address + UInt(offset)) }
  /// A byte.
  @inline(__always) public static func byte(_ offset: UInt32) -> UInt8 { cpu_load8(address + UInt(offset)) }
  /// Writes a word.
  @inline(__always)
  public static func set(_ offset: UInt32, _ value: UInt32) { cpu_store32(address + UInt(offset), value) }
  /// Writes a byte.
  @inline(__always)
  public static func setByte(_ offset: UInt32, _ value: UInt8) { cpu_store8(address + UInt(offset), value) }
}

/// What traps and interrupts leave behind, and a few words of the guest's own.
@safe public struct State {
  /// Refers to the one there is.
  public init() {}

  /// The words; a guest has one processor, and its handlers write whole words.
  public var fields: guest_state {
    @inline(__always) unsafeAddress { unsafe UnsafePointer(guest_state_address()) }
    @inline(__always) nonmutating unsafeMutableAddress { unsafe guest_state_address() }
  }
}
