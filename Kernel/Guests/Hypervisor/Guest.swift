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

/// How the host's clock is to be read for a guest.
public struct GuestClock: BitwiseCopyable, Hashable, Sendable {
  /// Ticks of the host's counter in a millisecond, at least 1.
  public var ticksPerMillisecond: UInt64
  /// Seconds since 1970 when the counter was 0.
  public var startSeconds: UInt64

  /// A clock of its parts.
  public init(ticksPerMillisecond: UInt64, startSeconds: UInt64) {
    self.ticksPerMillisecond = max(1, ticksPerMillisecond)
    self.startSeconds = startSeconds
  }

  /// The ticks in a number of nanoseconds, rounded up.
  func ticks(nanoseconds: UInt32) -> UInt64 {
    // 32 bits times a rate below 2^31 ticks a millisecond.
    (UInt64(nanoseconds) &* (ticksPerMillisecond & 0x7FFF_FFFF) &+ 999_999) / 1_000_000
  }

  /// What a guest takes for the time at a tick: seconds since 1970, and nanoseconds.
  func time(at tick: UInt64) -> (seconds: UInt32, nanoseconds: UInt32) {
    let milliseconds = tick / ticksPerMillisecond
    let rest = tick % ticksPerMillisecond * 1_000_000 / ticksPerMillisecond
    return (
      UInt32(truncatingIfNeeded: startSeconds &+ milliseconds / 1_000),
      UInt32(truncatingIfNeeded: milliseconds % 1_000 * 1_000_000 + rest)
    )
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
@safe public struct Guest<Format: PageTableFormat>: ~Copyable {
  /// The tables that the processor uses while it runs.
  public var shadow: ShadowPaging<Format>
  /// The segment of the stack on which ring 1 is entered.
  public internal(set) var stackSegment: UInt32 = 0
  /// The top of that stack.
  public internal(set) var stackTop: UInt32 = 0 { didSet { hasStackChange = true } }
  /// Whether the next use of the FPU is the guest's to hear of.
  public internal(set) var isTaskSwitched = false
  /// Whether it waits for an interrupt.
  public internal(set) var isHalted = false
  /// The tick at which its clock is due; `UInt64.max` for never.
  public internal(set) var clockDeadline: UInt64 = .max
  /// Gates that have changed since the machine copied them.
  public internal(set) var changedGates = 0..<256 { didSet { hasChanges = true } }
  /// Descriptors that have changed since the machine copied them.
  public internal(set) var changedSegments = 0..<32 { didSet { hasChanges = true } }
  /// Gates or descriptors have changed since the machine copied them.
  public private(set) var hasChanges = true
  /// The stack of ring 1 has changed since the machine copied it.
  public private(set) var hasStackChange = true

  /// Where the shared page lies, once the guest has named it.
  var data: UInt32?
  /// A bit for each interrupt that waits.
  var pendingInterrupts: UInt32 = 0
  /// Where no interrupt may be delivered.
  var noInterruptStart: UInt32 = 0
  var noInterruptEnd: UInt32 = 0
  /// The next entry of the ring.
  var ringCursor: UInt32 = 0
  let clock: GuestClock
  private let place: UnsafeMutablePointer<GuestRegisters>
  private let storagePlace: UnsafeMutablePointer<GuestStorage>
  /// Where the last instruction was found that the host carried out: its page, guest-physical too, and when.
  var fetched: (page: UInt32, physical: UInt32, generation: UInt32) = (.max, 0, 0)
  /// A call that waits until a device was served.
  var waitingCall: Hypercall?

  /// Makes a guest that begins at `entry` with nothing but its memory.
  ///
  /// - Safety: `registers` and `storage` must be memory for one of each, that lives as long as the guest and that
  ///   nobody else changes while the host deals with the guest.
  @unsafe public init<Memory: ShadowMemory & ~Copyable>(
    entry: UInt32, registers: UnsafeMutablePointer<GuestRegisters>,
    storage: UnsafeMutablePointer<GuestStorage>, clock: GuestClock, format: Format, in memory: inout Memory
  ) throws(PagingError) where Memory.Entry == Format.Entry {
    unsafe self.init(
      registers: registers, storage: storage, clock: clock,
      shadow: try ShadowPaging(format: format, in: &memory))
    self.registers = GuestRegisters(entry: entry)
    // SAFETY: the caller promises the memory.
    unsafe GuestStorage.make(at: storage)
    self.storage.segments[12] = .flatCode32(ring: 1)
    self.storage.segments[13] = .flatData(ring: 1)
  }

  private init(
    registers: UnsafeMutablePointer<GuestRegisters>, storage: UnsafeMutablePointer<GuestStorage>,
    clock: GuestClock, shadow: consuming ShadowPaging<Format>
  ) {
    self.clock = clock
    unsafe place = registers
    unsafe storagePlace = storage
    self.shadow = shadow
  }

  /// The registers while the guest does not run; they lie where the machine saves them.
  public var registers: GuestRegisters {
    @inline(__always) unsafeAddress { unsafe UnsafePointer(place) }
    @inline(__always) nonmutating unsafeMutableAddress { unsafe place }
  }

  /// Its gates, descriptors and counts; they lie where the guest's maker gave memory for them.
  public var storage: GuestStorage {
    @inline(__always) unsafeAddress { unsafe UnsafePointer(storagePlace) }
    @inline(__always) nonmutating unsafeMutableAddress { unsafe storagePlace }
  }

  /// Gives back what the host keeps for the guest.
  public mutating func release<Memory: ShadowMemory & ~Copyable>(in memory: inout Memory)
  where Memory.Entry == Format.Entry {
    shadow.release(in: &memory)
  }

  /// The machine has copied all gates and descriptors.
  public mutating func forgetChanges() {
    changedGates = 0..<0
    changedSegments = 0..<0
    hasChanges = false
  }

  /// The machine has copied the stack of ring 1.
  @inline(__always)
  public mutating func forgetStackChange() { hasStackChange = false }

  /// A gate, for the machine's copy.
  public mutating func gate(_ vector: Int) -> GuestGate { storage.gates[vector] }

  /// A descriptor, for the machine's copy.
  public mutating func segment(_ index: Int) -> SegmentDescriptor { storage.segments[index] }

  /// Whether the guest has named its shared page.
  public var isInitialised: Bool { data != nil }
}
