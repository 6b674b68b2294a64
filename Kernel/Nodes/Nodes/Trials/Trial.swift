/// Trials: work that all nodes do together, begun by one of them, with a result of each.
///
/// The thread that owns the links begins a trial and carries its result; a thread of its own, of a lower level, does the
/// work, so that a node goes on living while it waits for others.

import Arch
import CMachine
import Log
import Messaging
import NodeTable
import Runtime
import Scheduling
import Sync
import Window

/// What is tried.
enum TrialKind: UInt32, BitwiseCopyable {
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
struct Trial: BitwiseCopyable {
  var kind: TrialKind?
  var session: UInt16
  var count: UInt32
  var members: UInt64
  var starter: UInt8

  /// The number of members.
  var size: UInt32 { UInt32(members.nonzeroBitCount) }
  /// The place of a node among the members.
  func rank(of node: UInt8) -> UInt32 {
    UInt32((members & ((1 << UInt64(node)) &- 1)).nonzeroBitCount)
  }
  /// The node at a place.
  func node(_ rank: UInt32) -> UInt8 {
    var rest = members
    for _ in 0..<rank { rest &= rest &- 1 }
    return UInt8(rest.trailingZeroBitCount)
  }
}

/// How a trial ended for one node.
struct TrialResult: BitwiseCopyable {
  /// The session; 0 for no result.
  var session: UInt32 = 0
  /// 0 if all was well, else the step that failed.
  var status: UInt32 = 0
  var values: (UInt32, UInt32, UInt32) = (0, 0, 0)
}

/// This node's part in a trial.
struct TrialState: BitwiseCopyable {
  var current: Trial?
  /// What the trial's thread leaves for the thread that owns the links.
  var result: TrialResult?
  /// The last session that was begun by this node.
  var lastSession: UInt16 = 0
  /// The episode that each node has told in a barrier of messages, and what is to be told to whom.
  var barrierWords = InlineArray<64, UInt32>(repeating: 0)
  var barrierTarget: UInt64 = 0
  var barrierEpisode: UInt32 = 0
}

/// The results of all members, at the node that began the trial.
struct TrialResults: BitwiseCopyable {
  var trial: Trial?
  var entries = InlineArray<64, TrialResult>(repeating: TrialResult())
  var missing: UInt64 = 0
  /// The members that have yet to learn of the trial.
  var untold: UInt64 = 0
}

extension NodeLinks {
  /// Begins a trial with all nodes that are online.
  mutating func startTrial(_ kind: TrialKind, _ times: UInt32) {
    // A number that no node has begun a session with, in whatever life.
    var before: UInt16 = 0
    for node in 0..<count {
      before = max(before, UInt16(truncatingIfNeeded: NodeTable.word(.session, of: node, window)))
    }
    trial.lastSession = before == .max ? 1 : before + 1
    set(.session, UInt32(trial.lastSession))
    for offset in stride(from: UInt32(0), to: TrialPlace.zeroBytes, by: 4) {
      window.store(0, at: plan.trials.start + offset)
    }
    let members = online | 1 << UInt64(number)
    let begun = Trial(
      kind: kind, session: trial.lastSession, count: times, members: members, starter: number)
    results = TrialResults()
    results.trial = begun
    results.missing = members
    results.untold = online
    beginTrial(begun)
  }

  /// Takes part in a trial.
  mutating func beginTrial(_ begun: Trial) {
    guard let kind = begun.kind, begun.members >> UInt64(number) & 1 != 0 else { return }
    trial.current = begun
    lost = 0
    trial.result = nil
    for node in 0..<64 { trial.barrierWords[node] = 0 }
    trial.barrierTarget = 0
    if kind == .exchange { return beginExchange(begun) }
    // At the node that begins it the program itself is the unit.
    if kind == .partner, begun.starter == number { return }
    if kind == .partner, unitOffer != 0,
      cpu_rdtsc() &- unitOffer < 2_000 * NodeReference().node.clock.ticksPerMillisecond
    {
      offeredSession = begun.session
      return
    }
    do {
      try Threads.create(ThreadName("trial"), level: PriorityLevel(truncating: 12), isDetached: true) { _ in
        guard let reference = LinksReference() else { return 1 }
        reference.runTrial()
        return 0
      }
    } catch {
      trial.result = TrialResult(session: UInt32(begun.session), status: 999)
    }
  }

  /// What the trial needs of the thread that owns the links, once in each turn.
  mutating func stepTrial() {
    if results.untold != 0 { tellTrial() }
    stepExchange()
    if trial.barrierTarget != 0 { tellBarrier() }
    if let result = trial.result, let current = trial.current {
      if current.starter == number {
        trial.result = nil
        note(result, of: number)
      } else {
        let words: InlineArray<5, UInt32> = [
          result.session, result.status, result.values.0, result.values.1, result.values.2,
        ]
        if send(to: current.starter, .result, words) { trial.result = nil } else { isBlocked = true }
      }
    }
    // Who has died will not answer.
    if results.missing & lost != 0 {
      results.missing &= ~lost
      if results.missing == 0 { raise(finished) }
    }
  }

  /// Tells members of the trial, those whose links are full on a later turn.
  private mutating func tellTrial() {
    guard let begun = results.trial, let kind = begun.kind else { return }
    for node in 0..<count where results.untold >> UInt64(node) & 1 != 0 {
      let words: InlineArray<5, UInt32> = [
        kind.rawValue, UInt32(begun.session), begun.count, UInt32(truncatingIfNeeded: begun.members),
        UInt32(truncatingIfNeeded: begun.members >> 32),
      ]
      if lost >> UInt64(node) & 1 != 0 || send(to: node, .trial, words) {
        results.untold &= ~(1 << UInt64(node))
      } else {
        isBlocked = true
      }
    }
  }

  private mutating func tellBarrier() {
    for node in 0..<count where trial.barrierTarget >> UInt64(node) & 1 != 0 {
      if send(to: node, .barrier, [trial.barrierEpisode, 0, 0, 0, 0]) {
        trial.barrierTarget &= ~(1 << UInt64(node))
      } else {
        isBlocked = true
      }
    }
  }

  /// Takes a member's result.
  mutating func note(_ result: TrialResult, of node: UInt8) {
    guard let begun = results.trial, result.session == UInt32(begun.session),
      results.missing >> UInt64(node) & 1 != 0
    else { return }
    results.entries[Int(node)] = result
    results.missing &= ~(1 << UInt64(node))
    if results.missing == 0 { raise(finished) }
  }
}

extension LinksReference {
  /// Does this node's part of a trial, on a thread of its own.
  func runTrial() {
    guard let current = links.trial.current else { return }
    var result = TrialResult(session: UInt32(current.session))
    switch current.kind {
    case .units: tryUnits(current, &result)
    case .synchronization: trySynchronization(current, &result)
    case .death: tryDeath(current, &result)
    case .measurement: measure(current, &result)
    case .partner: runPartner(current, &result)
    case .hostile: beHostile(current, &result)
    case .exchange, nil: break
    }
    links.trial.result = result
    raise(links.wake)
  }

  // Functions of their own: each trial's state is on the stack only while it runs.
  @inline(never)
  private func tryUnits(_ current: Trial, _ result: inout TrialResult) {
    guard var trial = UnitTrial(self, current) else {
      result.status = 998
      return
    }
    trial.run(&result)
  }
  @inline(never)
  private func trySynchronization(_ current: Trial, _ result: inout TrialResult) {
    var trial = SynchronizationTrial(self, current)
    trial.run(&result)
  }
  @inline(never)
  private func tryDeath(_ current: Trial, _ result: inout TrialResult) {
    var trial = SynchronizationTrial(self, current)
    trial.runWithDeath(&result)
  }
  @inline(never)
  private func measure(_ current: Trial, _ result: inout TrialResult) {
    var trial = Measurement(self, current)
    trial.run(&result)
  }

  /// Begins a trial.
  func begin(_ kind: TrialKind, count: UInt32) {
    // A unit of a ring that was lost, or of a trial that was given up.
    while wait(for: links.finished, nanoseconds: 0) == .satisfied {}
    links.request = .trial(kind, count: count)
    raise(links.wake)
  }

  /// Begins a trial, waits for all results, and shows them; a minute and a half at most.
  func tryTogether(_ kind: TrialKind, _ name: StaticString, count: UInt32, seconds: UInt64 = 90) {
    begin(kind, count: count)
    showResults(name, seconds: seconds)
  }

  /// Waits for all results of the trial that was begun last, and shows them.
  func showResults(_ name: StaticString, seconds: UInt64) {
    let outcome = wait(for: links.finished, nanoseconds: seconds * 1_000_000_000)
    guard outcome == .satisfied, let trial = links.results.trial else {
      NodeReference().node.log.show("\(name): not every node has answered")
      return
    }
    var good: UInt32 = 0
    var sums: (UInt64, UInt64) = (0, 0)
    var last: UInt32 = 0
    for node in 0..<links.count where trial.members >> UInt64(node) & 1 != 0 {
      let result = links.results.entries[Int(node)]
      if result.session == 0 {
        NodeReference().node.log.show("\(name): node \(node) died")
      } else if result.status != 0 {
        NodeReference().node.log.show("\(name): node \(node) failed at step \(result.status)")
      } else {
        good += 1
        sums.0 += UInt64(result.values.0)
        sums.1 += UInt64(result.values.1)
        last = max(last, result.values.2)
      }
    }
    NodeReference().node.log.show(
      "\(name): \(good) of \(trial.size) nodes, \(sums.0) checked, \(sums.1) faults met, \(last) microseconds"
    )
  }
}

/// Waits a little between two looks at memory that other nodes write.
///
/// A few looks without giving way, then other threads of the level, then sleep: on an emulator with fewer processors than
/// nodes, whoever spins takes the time of whom it waits for.
struct Patience {
  private var looks: UInt32 = 0
  private let start = cpu_rdtsc()
  private let limit: UInt64

  /// - Parameter seconds: when to give up.
  init(seconds: UInt64) { limit = seconds * 1_000 * NodeReference().node.clock.ticksPerMillisecond }

  /// Waits; false when the time is over.
  mutating func wait() -> Bool {
    looks += 1
    if looks < 2_000 {
      cpu_pause()
      return true
    }
    _ = try? Threads.sleep(nanoseconds: 200_000)
    return cpu_rdtsc() &- start < limit
  }
}
