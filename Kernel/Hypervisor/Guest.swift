/// A guest: everything that the host keeps of one, apart from its memory.

import Base
import GuestInterface
import Paging
import ShadowPaging
import X86

/// What the host does next with a guest.
public enum GuestStep: BitwiseCopyable, Hashable, Sendable {
  /// Enter the guest.
  case enter
  /// Give the guest its FPU state back, then enter.
  case restoreFPU
  /// A device is to look at its queue, or a text is to be shown; then ask again.
  case notify(UInt32)
  /// Nothing to do until an interrupt.
  case wait
  /// The guest is no more.
  case end(GuestEnd)
}

/// Wall clock time, as guests see it.
public struct GuestTime: BitwiseCopyable, Hashable, Sendable {
  /// Seconds since 1970.
  public var seconds: UInt32
  /// Nanoseconds of the second.
  public var nanoseconds: UInt32

  /// A time of its parts.
  public init(seconds: UInt32, nanoseconds: UInt32) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }
}

/// The moment at which a guest is served.
public struct GuestMoment: BitwiseCopyable, Hashable, Sendable {
  /// Nanoseconds of the host's clock.
  public var nanoseconds: UInt64
  /// What the guest takes for the time.
  public var wallClock: GuestTime

  /// A moment of its parts.
  public init(nanoseconds: UInt64, wallClock: GuestTime) {
    self.nanoseconds = nanoseconds
    self.wallClock = wallClock
  }
}

/// How often what happened.
public struct GuestStatistics: BitwiseCopyable, Sendable {
  /// Calls by number; those above 31 end the guest.
  public var calls: InlineArray<32, UInt64> = .init(repeating: 0)
  /// Calls that came through the ring.
  public var ringCalls: UInt64 = 0
  /// Traps that were passed on to the guest.
  public var reflectedTraps: UInt64 = 0
  /// Instructions that were carried out for the guest.
  public var emulatedInstructions: UInt64 = 0
  /// Interrupts that were delivered.
  public var interrupts: UInt64 = 0

  /// Nothing happened yet.
  public init() {}
}

/// A paravirtual guest with the interface of Linux's lguest, of the years of Linux 3.2.
///
/// The machine enters the guest, saves its registers when it leaves, and asks `handleExit` what to do; `prepareEntry`
/// comes before each entry. Nothing that the guest hands over is used before it was copied and checked, and nothing it
/// does costs the host more than a bounded number of steps.
public struct Guest<Format: PageTableFormat>: ~Copyable {
  /// The registers while the guest does not run.
  public var registers: GuestRegisters
  /// The tables that the processor uses while it runs.
  public var shadow: ShadowPaging<Format>
  /// Where its vectors arrive.
  public internal(set) var gates: InlineArray<256, GuestGate> = .init(repeating: .absent)
  /// Its descriptors.
  public internal(set) var segments: InlineArray<32, SegmentDescriptor> = .init(repeating: .null)
  /// The segment of the stack on which ring 1 is entered.
  public internal(set) var stackSegment: UInt32 = 0
  /// The top of that stack.
  public internal(set) var stackTop: UInt32 = 0
  /// Whether the next use of the FPU is the guest's to hear of.
  public internal(set) var isTaskSwitched = false
  /// Whether it waits for an interrupt.
  public internal(set) var isHalted = false
  /// When its clock is due, in nanoseconds of the host's clock; `UInt64.max` for never.
  public internal(set) var clockDeadline: UInt64 = .max
  /// Gates or descriptors have changed since the machine's copy was made.
  public var tablesChanged = true
  /// How often what happened.
  public internal(set) var statistics = GuestStatistics()

  /// Where the shared page lies, once the guest has named it.
  var data: UInt32?
  /// A bit for each interrupt that waits.
  var pendingInterrupts: UInt32 = 0
  /// Where no interrupt may be delivered.
  var noInterruptStart: UInt32 = 0
  var noInterruptEnd: UInt32 = 0
  /// The next entry of the ring.
  var ringCursor: UInt32 = 0
  /// A call that waits until a device was served.
  var waitingCall: Hypercall?

  /// Makes a guest that begins at `entry` with nothing but its memory.
  public init<Memory: ShadowMemory & ~Copyable>(entry: UInt32, format: Format, in memory: inout Memory)
    throws(PagingError) where Memory.Entry == Format.Entry
  {
    self.init(entry: entry, shadow: try ShadowPaging(format: format, in: &memory))
  }

  private init(entry: UInt32, shadow: consuming ShadowPaging<Format>) {
    registers = GuestRegisters(entry: entry)
    self.shadow = shadow
    segments[12] = .flatCode32(ring: 1)
    segments[13] = .flatData(ring: 1)
  }

  /// Gives back what the host keeps for the guest.
  public mutating func release<Memory: ShadowMemory & ~Copyable>(in memory: inout Memory)
  where Memory.Entry == Format.Entry {
    shadow.release(in: &memory)
  }

  /// Whether the guest has named its shared page.
  public var isInitialised: Bool { data != nil }
}
