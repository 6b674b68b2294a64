/// What `clone` and its like are asked for.

/// What `clone` is asked for.
public struct CloneFlags: OptionSet, BitwiseCopyable, Sendable {
  /// The bits as a program gives them.
  public let rawValue: UInt64
  /// Makes a set of its bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// CLONE_VM.
  public static let memory = CloneFlags(rawValue: 0x100)
  /// CLONE_FS.
  public static let place = CloneFlags(rawValue: 0x200)
  /// CLONE_FILES.
  public static let files = CloneFlags(rawValue: 0x400)
  /// CLONE_SIGHAND.
  public static let signalHandlers = CloneFlags(rawValue: 0x800)
  /// CLONE_VFORK.
  public static let vfork = CloneFlags(rawValue: 0x4000)
  /// CLONE_PARENT.
  public static let sameParent = CloneFlags(rawValue: 0x8000)
  /// CLONE_THREAD.
  public static let thread = CloneFlags(rawValue: 0x1_0000)
  /// CLONE_SETTLS.
  public static let setArea = CloneFlags(rawValue: 0x8_0000)
  /// CLONE_PARENT_SETTID.
  public static let tellParent = CloneFlags(rawValue: 0x10_0000)
  /// CLONE_CHILD_CLEARTID.
  public static let clearAtEnd = CloneFlags(rawValue: 0x20_0000)
  /// CLONE_CHILD_SETTID.
  public static let tellChild = CloneFlags(rawValue: 0x100_0000)
  /// Name spaces and the like, which there are not.
  public static let unsupported = CloneFlags(rawValue: 0x7E02_0000)

  /// Whether the kernel makes such a thing: without name spaces, handlers of signals in common only with memory in
  /// common, and a thread only with both, as Linux.
  public var isPossible: Bool {
    guard isDisjoint(with: .unsupported) else { return false }
    if contains(.thread) { return isSuperset(of: [.memory, .signalHandlers]) }
    return !contains(.signalHandlers) || contains(.memory)
  }
}

/// What a new thread or process shall have.
public struct CloneRequest: BitwiseCopyable {
  /// What is shared and what is told.
  public var flags: CloneFlags
  /// The signal to the parent at the end.
  public var exitSignal: Int32 = 17
  /// The stack pointer, or 0 for the same.
  public var stack: UInt = 0
  /// Where numbers are written.
  public var parentNumber: UInt = 0
  /// Where the child's number is written or cleared.
  public var childNumber: UInt = 0
  /// The thread area: a base address, or the address of a descriptor's description.
  public var area: UInt = 0

  /// A request for a process or thread that has the same stack pointer and is told nothing.
  public init(_ flags: CloneFlags) { self.flags = flags }
}
