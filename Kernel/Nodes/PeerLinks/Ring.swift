/// A message that goes around all nodes that are online, each adding one to what it says.

import Arch
import CMachine
import Log
import Messaging
import NodeTable
import Runtime
import Scheduling
import Sync
import Window

/// The message.
package struct Token: BitwiseCopyable {
  package static var byteCount: Int { 20 }
  /// Who sent it first.
  var origin: UInt8
  /// How often it was passed on.
  package var hops: UInt32
  /// How often it still goes around.
  package var rounds: UInt32
  /// The origin's clock when it left.
  package var start: UInt64
}

/// What its origin remembers of it.
package struct RingRun: BitwiseCopyable {
  package var hops: UInt32 = 0
  package var ticks: UInt64 = 0
  var isUnderWay = false
}

extension NodeLinks {
  /// Sends a message on its way.
  mutating func startRing(rounds: UInt32) {
    ring = RingRun(isUnderWay: true)
    token = Token(origin: number, hops: 0, rounds: rounds, start: cpu_rdtsc())
  }

  /// Takes the message from the node before.
  mutating func arrived(_ received: Token) {
    var passed = received
    passed.hops &+= 1
    if passed.origin == number {
      guard ring.isUnderWay else { return }
      passed.rounds &-= min(passed.rounds, 1)
      guard passed.rounds > 0 else {
        ring = RingRun(hops: passed.hops, ticks: cpu_rdtsc() &- passed.start, isUnderWay: false)
        token = nil
        raise(finished)
        return
      }
    }
    token = passed
  }

  /// Gives the message to the next node that is online; if its link is full, on the next turn.
  mutating func forwardToken() {
    guard let passing = token else { return }
    for step in 1..<count {
      let node = UInt8((UInt16(number) + UInt16(step)) % UInt16(count))
      guard online >> UInt64(node) & 1 != 0 else { continue }
      let words: InlineArray<5, UInt32> = [
        UInt32(passing.origin), passing.hops, passing.rounds, UInt32(truncatingIfNeeded: passing.start),
        UInt32(truncatingIfNeeded: passing.start >> 32),
      ]
      if send(to: node, .token, words) { token = nil }
      return
    }
    // Nobody else is there.
    token = nil
    if ring.isUnderWay {
      ring.isUnderWay = false
      raise(finished)
    }
  }
}
