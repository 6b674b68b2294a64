/// How a trial begins at its members, and how their results come back.

import Arch
import CMachine
import Log
import Messaging
import NodeTable
import Runtime
import Scheduling
import Sync
import Window

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
    if kind == .exchange {
      let work = work
      work.beginExchange(&self, begun)
      return
    }
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
    let work = work
    work.stepExchange(&self)
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
