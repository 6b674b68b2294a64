/// Trials: work that all nodes do together, begun by one of them, with a result of each.
///
/// The thread that owns the links begins a trial and carries its result; a thread of its own, of a lower level, does the
/// work, so that a node goes on living while it waits for others. What the work is, is known above: see `TrialWork`.

/// What is tried.
package enum TrialKind: UInt32, BitwiseCopyable {
  /// RCCE's calls between all nodes, every byte checked.
  case units = 1
  /// Locks and barriers between all nodes.
  case synchronization
  /// Locks and barriers when a member dies: the count names it.
  case death
  /// Messages over a transport with faults.
  case exchange
  /// What messages cost, in ticks.
  case measurement
  /// A session of a program on the node that begins it.
  case partner
  /// One node, which the count names, attacks its links to all others.
  case hostile
}

/// A trial as its members learn of it.
package struct Trial: BitwiseCopyable {
  package var kind: TrialKind?
  package var session: UInt16
  package var count: UInt32
  package var members: UInt64
  package var starter: UInt8

  /// The number of members.
  package var size: UInt32 { UInt32(members.nonzeroBitCount) }
  /// The place of a node among the members.
  package func rank(of node: UInt8) -> UInt32 {
    UInt32((members & ((1 << UInt64(node)) &- 1)).nonzeroBitCount)
  }
  /// The node at a place.
  package func node(_ rank: UInt32) -> UInt8 {
    var rest = members
    for _ in 0..<rank { rest &= rest &- 1 }
    return UInt8(rest.trailingZeroBitCount)
  }
}

/// How a trial ended for one node.
package struct TrialResult: BitwiseCopyable {
  /// The session; 0 for no result.
  package var session: UInt32 = 0
  /// 0 if all was well, else the step that failed.
  package var status: UInt32 = 0
  package var values: (UInt32, UInt32, UInt32) = (0, 0, 0)

  /// A result.
  package init(session: UInt32 = 0, status: UInt32 = 0, values: (UInt32, UInt32, UInt32) = (0, 0, 0)) {
    self.session = session
    self.status = status
    self.values = values
  }
}

/// This node's part in a trial.
package struct TrialState: BitwiseCopyable {
  package var current: Trial?
  /// What the trial's thread leaves for the thread that owns the links.
  package var result: TrialResult?
  /// The last session that was begun by this node.
  var lastSession: UInt16 = 0
  /// The episode that each node has told in a barrier of messages, and what is to be told to whom.
  package var barrierWords = InlineArray<64, UInt32>(repeating: 0)
  package var barrierTarget: UInt64 = 0
  package var barrierEpisode: UInt32 = 0
}

/// The results of all members, at the node that began the trial.
package struct TrialResults: BitwiseCopyable {
  package var trial: Trial?
  var entries = InlineArray<64, TrialResult>(repeating: TrialResult())
  var missing: UInt64 = 0
  /// The members that have yet to learn of the trial.
  var untold: UInt64 = 0
}

/// What does the work of trials: the links carry trials, results and frames, and know no more of them.
package struct TrialWork {
  /// Does this node's part, on a thread of its own.
  package let run: (LinksReference, Trial, inout TrialResult) -> Void
  /// Begins to exchange frames with the other members, on the thread that owns the links, as are the next.
  package let beginExchange: (inout NodeLinks, Trial) -> Void
  /// Goes on with it, once in each turn.
  package let stepExchange: (inout NodeLinks) -> Void
  /// Takes a frame in the buffer from a node: so many bytes.
  package let takeFrame: (inout NodeLinks, UInt8, Int) -> Void

  /// All that trials need.
  package init(
    run: @escaping (LinksReference, Trial, inout TrialResult) -> Void,
    beginExchange: @escaping (inout NodeLinks, Trial) -> Void,
    stepExchange: @escaping (inout NodeLinks) -> Void,
    takeFrame: @escaping (inout NodeLinks, UInt8, Int) -> Void
  ) {
    self.run = run
    self.beginExchange = beginExchange
    self.stepExchange = stepExchange
    self.takeFrame = takeFrame
  }
}
