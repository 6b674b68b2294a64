/// Trials as those who want one see them.

import Arch
import CMachine
import Log
import Messaging
import NodeTable
import Runtime
import Scheduling
import Sync
import Window

extension LinksReference {
  /// Does this node's part of a trial, on a thread of its own.
  func runTrial() {
    guard let current = links.trial.current else { return }
    var result = TrialResult(session: UInt32(current.session))
    let work = links.work
    work.run(self, current, &result)
    links.trial.result = result
    raise(links.wake)
  }

  /// Begins a trial.
  @export(interface)
  package func begin(_ kind: TrialKind, count: UInt32) {
    // A unit of a ring that was lost, or of a trial that was given up.
    while wait(for: links.finished, nanoseconds: 0) == .satisfied {}
    links.request = .trial(kind, count: count)
    raise(links.wake)
  }

  /// Begins a trial, waits for all results, and shows them; a minute and a half at most.
  @export(interface)
  package func tryTogether(_ kind: TrialKind, _ name: StaticString, count: UInt32, seconds: UInt64 = 90) {
    begin(kind, count: count)
    showResults(name, seconds: seconds)
  }

  /// Waits for all results of the trial that was begun last, and shows them.
  @export(interface)
  package func showResults(_ name: StaticString, seconds: UInt64) {
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

  /// The units of a trial whose node died since it began, one bit each.
  package func lostUnits(_ trial: Trial) -> UInt64 {
    var mask: UInt64 = 0
    for rank in 0..<trial.size where links.lost >> UInt64(trial.node(rank)) & 1 != 0 {
      mask |= 1 << UInt64(rank)
    }
    return mask
  }
}
