/// How one node sees the life of another: a machine of states with events in and actions out, without a clock.
///
///                 started            hello               agreed
///     absent ──────────────▶ starting ─────▶ hello ─────────────────▶ online ◀───┐
///       ▲                        │             │                        │        │ heartbeat
///       │                        │ silence     │ silence         silence│        │
///       │                        ▼             ▼                        ▼        │
///       │ fenced              ┌─────────────────────┐  longer       suspect ─────┘
///       └──────── fencing ◀───│        dead         │◀──────────────────┘
///                             └─────────────────────┘
///
/// Every node watches every other by itself, node 0 too, and no node is needed for another's verdict: the death of
/// node 0 is survived like any other. A dead node is fenced, held in reset so that it never writes again, by the
/// living node with the smallest number, before anyone recovers what it held.

/// Where a node is in its life.
public enum LifeState: UInt8, BitwiseCopyable, Hashable, Sendable, CaseIterable {
  /// Nothing runs there.
  case absent
  /// Its image was placed and its processor released.
  case starting
  /// It has spoken; formats are compared.
  case hello
  /// It takes and sends messages.
  case online
  /// It has been silent for a while; nothing new is started with it.
  case suspect
  /// It is taken for dead; it may still write.
  case dead
  /// It can't write any more; what it held may be recovered.
  case fenced
}

/// What a watcher learns.
public enum LifeEvent: BitwiseCopyable, Hashable, Sendable {
  /// Somebody placed an image and released the processor for the life of a generation.
  case started(generation: UInt16)
  /// The node spoke for the first time in a life; `format` is the hash of all shared formats that it was built with.
  case hello(generation: UInt16, format: UInt32)
  /// Both directions of its link have carried a message.
  case agreed(generation: UInt16)
  /// A tick of the watcher's clock, with the counter found in the node's entry.
  case tick(generation: UInt16, heartbeat: UInt32)
  /// The node's processor is known to be held.
  case fenced(generation: UInt16)
  /// The node says goodbye, or the operator kills it.
  case stopped(generation: UInt16)
}

/// What the watcher must do, in the order of the bits.
public struct LifeActions: OptionSet, BitwiseCopyable, Hashable, Sendable {
  /// The bits.
  public let rawValue: UInt8
  /// Makes a set of its bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  /// Answer the hello over the link.
  public static let answerHello = LifeActions(rawValue: 1)
  /// Open the node to everything above.
  public static let announceOnline = LifeActions(rawValue: 2)
  /// Start nothing new with the node.
  public static let announceSuspect = LifeActions(rawValue: 4)
  /// End every wait on the node.
  public static let abandonCalls = LifeActions(rawValue: 8)
  /// Have the node's processor held, if this watcher is the one to do so.
  public static let fence = LifeActions(rawValue: 16)
  /// Take back locks, pages and barriers that the node held.
  public static let recover = LifeActions(rawValue: 32)
  /// Start both directions of the link anew.
  public static let resetLink = LifeActions(rawValue: 64)
  /// The node was built with other formats: keep it out and say so.
  public static let refuse = LifeActions(rawValue: 128)
}

/// One node as another sees it.
///
/// - Invariant: `recover` is asked for once in each life that died, and only after it was fenced; an event of an
///   older generation changes nothing.
public struct NodeLife: BitwiseCopyable, Hashable, Sendable {
  /// How long silence is borne, in ticks of the watcher.
  public struct Patience: BitwiseCopyable, Hashable, Sendable {
    /// Ticks without a heartbeat until the node is suspect.
    public var suspectTicks: UInt16
    /// Ticks without a heartbeat until it is dead.
    public var deadTicks: UInt16
    /// Makes a patience; the first number must be less than the second.
    public init(suspectTicks: UInt16 = 20, deadTicks: UInt16 = 100) {
      precondition(suspectTicks < deadTicks, "a node is suspect before it is dead")
      self.suspectTicks = suspectTicks
      self.deadTicks = deadTicks
    }
  }

  /// Where the node is.
  public private(set) var state = LifeState.absent
  /// The life it is in; 0 before the first.
  public private(set) var generation: UInt16 = 0
  private var heartbeat: UInt32 = 0
  private var silentTicks: UInt16 = 0
  private let format: UInt32
  private let patience: Patience

  /// Makes a watcher of a node that does not run yet; `format` is the hash of this node's own formats.
  public init(format: UInt32, patience: Patience = Patience()) {
    self.format = format
    self.patience = patience
  }

  /// Whether `other` comes after `generation`, counted around 65535.
  private func isNewer(_ other: UInt16) -> Bool {
    generation == 0 || Int16(truncatingIfNeeded: other &- generation) > 0
  }

  /// Takes an event and answers what to do.
  public mutating func handle(_ event: LifeEvent) -> LifeActions {
    switch event {
    case .started(let next):
      // Never before the former life is over: two writers would share one memory.
      guard state == .absent || state == .fenced, isNewer(next) else { return [] }
      begin(next, .starting)
      return .resetLink
    case .hello(let next, let theirs): return hello(next, theirs)
    case .agreed(let current):
      guard current == generation, state == .hello else { return [] }
      state = .online
      silentTicks = 0
      return .announceOnline
    case .tick(let current, let count): return tick(current, count)
    case .stopped(let current):
      guard current == generation, isRunning else { return [] }
      return die()
    case .fenced(let current):
      guard current == generation, state == .dead else { return [] }
      state = .fenced
      return .recover
    }
  }

  private var isRunning: Bool {
    switch state {
    case .starting, .hello, .online, .suspect: true
    case .absent, .dead, .fenced: false
    }
  }

  private mutating func begin(_ next: UInt16, _ state: LifeState) {
    generation = next
    self.state = state
    heartbeat = 0
    silentTicks = 0
  }

  private mutating func hello(_ next: UInt16, _ theirs: UInt32) -> LifeActions {
    if next == generation, state == .starting {
      guard theirs == format else { return [die(), .refuse] }
      state = .hello
      silentTicks = 0
      return .answerHello
    }
    guard isNewer(next) else { return [] }
    switch state {
    case .absent, .fenced:
      // Started by somebody else, whose word has not come here.
      begin(next, .starting)
      guard theirs == format else { return [.resetLink, die(), .refuse] }
      state = .hello
      return [.resetLink, .answerHello]
    case .starting, .hello, .online, .suspect:
      // A new life speaks while the former was not seen to end. It is bound to be over, since the processor now
      // runs the new one, but what it held has to be recovered first: its death is noted, and the new life will
      // say hello again.
      return die()
    case .dead: return []
    }
  }

  private mutating func tick(_ current: UInt16, _ count: UInt32) -> LifeActions {
    guard isRunning else { return [] }
    if current == generation, count != heartbeat {
      heartbeat = count
      silentTicks = 0
      if state == .suspect {
        state = .online
        return .announceOnline
      }
      return []
    }
    silentTicks += 1
    if silentTicks >= patience.deadTicks { return die() }
    if silentTicks >= patience.suspectTicks, state == .online {
      state = .suspect
      return .announceSuspect
    }
    return []
  }

  private mutating func die() -> LifeActions {
    state = .dead
    return [.abandonCalls, .fence]
  }
}

/// Who fences a dead node: the living node with the smallest number, so that one does, whoever died.
///
/// - Parameter online: one bit for each node that the caller sees online, itself among them.
public func fencer(online: UInt64) -> UInt8? {
  online == 0 ? nil : UInt8(online.trailingZeroBitCount)
}
