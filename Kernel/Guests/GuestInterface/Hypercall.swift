/// What a guest asks of its host.

/// The calls of the interface of Linux 2.6.35 to 3.18, by their numbers.
///
/// Numbers that are left out were never used in that time, or belong to physical-address extension, which guests of
/// this host do not use.
public enum HypercallNumber: UInt32, BitwiseCopyable, Sendable {
  /// Nothing but what every call does: the waiting calls of the ring are carried out.
  case flushAsynchronous = 0
  /// Names the guest's `GuestData`; must be the first call, and the only one of its kind.
  case initialise = 1
  /// Ends the guest, with a message and a reason.
  case shutdown = 2
  /// Another root of page tables.
  case newPageTable = 4
  /// Translations of the user part, or all, are no longer valid.
  case flushTranslations = 5
  /// An entry of the interrupt descriptor table.
  case loadInterruptGate = 6
  /// The stack that ring 1 is entered on.
  case setStack = 7
  /// Whether the next use of the FPU traps.
  case setTaskSwitched = 8
  /// When interrupt 0 is due next.
  case setClockEvent = 9
  /// Nothing to do until an interrupt comes.
  case halt = 10
  /// A page table entry has changed.
  case setPageEntry = 14
  /// An entry of a root has changed.
  case setRootEntry = 15
  /// The three descriptors of thread-local storage.
  case loadThreadSegments = 16
  /// A device is to look at its queue or its status, or a text is to be shown.
  case notify = 17
  /// An entry of the global descriptor table.
  case loadSegment = 18
  /// Interrupts were enabled while one was waiting.
  case sendInterrupts = 19

  /// The call's name in reports.
  public var name: StaticString {
    switch self {
    case .flushAsynchronous: "FLUSH_ASYNC"
    case .initialise: "LGUEST_INIT"
    case .shutdown: "SHUTDOWN"
    case .newPageTable: "NEW_PGTABLE"
    case .flushTranslations: "FLUSH_TLB"
    case .loadInterruptGate: "LOAD_IDT_ENTRY"
    case .setStack: "SET_STACK"
    case .setTaskSwitched: "TS"
    case .setClockEvent: "SET_CLOCKEVENT"
    case .halt: "HALT"
    case .setPageEntry: "SET_PTE"
    case .setRootEntry: "SET_PGD"
    case .loadThreadSegments: "LOAD_TLS"
    case .notify: "NOTIFY"
    case .loadSegment: "LOAD_GDT_ENTRY"
    case .sendInterrupts: "SEND_INTERRUPTS"
    }
  }
}

/// A call as the guest made it: a number and four arguments, none of them checked.
public struct Hypercall: BitwiseCopyable, Hashable, Sendable {
  /// What is asked for, in `eax`.
  public var number: UInt32
  /// In `ebx`.
  public var first: UInt32
  /// In `ecx`.
  public var second: UInt32
  /// In `edx`.
  public var third: UInt32
  /// In `esi`.
  public var fourth: UInt32

  /// A call of its parts.
  public init(
    _ number: UInt32, _ first: UInt32 = 0, _ second: UInt32 = 0, _ third: UInt32 = 0, _ fourth: UInt32 = 0
  ) {
    self.number = number
    self.first = first
    self.second = second
    self.third = third
    self.fourth = fourth
  }

  /// The vector by which ring 1 makes a call.
  public static var vector: UInt8 { 0x1F }
}
