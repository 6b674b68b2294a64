/// The work of trials, one kind after another.
///
/// This module is what nodes try together to show that the links, locks, barriers and units between them hold: every byte and
/// every count is computed again by whoever receives it. It protects nothing; a node that runs no trial runs none of it.

import Messaging
import PeerLinks

extension TrialWork {
  /// All trials.
  @export(interface)
  package static func all() -> TrialWork {
    TrialWork(
      run: { $0.work(on: $1, &$2) }, beginExchange: { $0.beginExchange($1) },
      stepExchange: { $0.stepExchange() }, takeFrame: { $0.takeFrame(from: $1, count: $2) })
  }
}

extension LinksReference {
  /// Does this node's part of a trial; nothing for kinds that are not done by a thread of their own.
  fileprivate func work(on current: Trial, _ result: inout TrialResult) {
    switch current.kind {
    case .units: tryUnits(current, &result)
    case .synchronization: trySynchronization(current, &result)
    case .death: tryDeath(current, &result)
    case .measurement: measure(current, &result)
    case .hostile: beHostile(current, &result)
    case .partner: runPartner(current, &result)
    case .exchange, nil: break
    }
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
}
