/// A node that attacks the links to all others, for two seconds, and how the others come through it.
///
/// It writes what a hostile kernel could write where this node's part of a link lies: messages with the right stamp and a
/// wrong header, messages of a type that nobody knows, credit for what was never sent, requests for resets; and it rings
/// everybody's doorbell all the time. Afterwards the links are used as if nothing had been: the receivers have asked for
/// resets, and the senders make them.

import Arch
import CMachine
import Messaging
import NodeTable
import PeerLinks
import Runtime
import Scheduling
import Window

extension LinksReference {
  /// This node's part: what it did, or how many faults it has counted of the one that did.
  @inline(never)
  func beHostile(_ trial: Trial, _ result: inout TrialResult) {
    guard trial.count < UInt32(links.count) else { return }
    let node = UInt8(trial.count)
    let second = 1_000 * NodeReference().node.clock.ticksPerMillisecond
    let start = cpu_rdtsc()
    // SAFETY: the place is one of as many as there are nodes.
    let before = node == links.number ? 0 : unsafe links.peers[Int(node)].faultCount
    if node == links.number {
      var attack = Attack(seed: UInt32(truncatingIfNeeded: start) | 1)
      while cpu_rdtsc() &- start < 2 * second {
        for other in 0..<links.count where other != links.number && links.online >> UInt64(other) & 1 != 0 {
          attack.strike(from: links.number, to: other, links.layout, links.window)
          _ = links.doorbell.ring(other, links.window)
          // Also when the pending word has told already.
          Processor.withoutInterrupts {
            LocalInterruptController.interrupt(other, vector: LocalInterruptController.doorbellVector)
          }
          result.values.0 &+= 1
        }
        // Others have the processor too: the host's are fewer than the machine's.
        if result.values.0 & 63 == 0 { _ = try? Threads.sleep(nanoseconds: 1_000_000) }
      }
    }
    while cpu_rdtsc() &- start < 4 * second { _ = try? Threads.sleep(nanoseconds: 50_000_000) }
    guard node != links.number else { return }
    let faults = unsafe links.peers[Int(node)].faultCount &- before
    result.values.1 = UInt32(truncatingIfNeeded: faults)
    // Who was attacked and noticed nothing has looked away.
    if faults == 0 { result.status = 1 }
  }
}

/// One blow after the other, by a seed.
private struct Attack {
  private var state: UInt32

  init(seed: UInt32) { state = seed }

  private mutating func random() -> UInt32 {
    state ^= state << 13
    state ^= state >> 17
    state ^= state << 5
    return state
  }

  mutating func strike(from: UInt8, to: UInt8, _ layout: LinkLayout, _ window: MappedWindow) {
    let forth = layout.pair(from: from, to: to)
    let back = layout.pair(from: to, to: from)
    // The stamp that the receiver waits for stands in its credit.
    let priority: Priority = random() & 1 == 0 ? .high : .normal
    let stamp = window.load(forth + 68 + 4 * UInt32(priority.rawValue))
    let slot = forth + layout.ring(priority) + (stamp & (layout.slots(priority) - 1)) * 64
    switch random() % 5 {
    case 0:
      for offset in stride(from: UInt32(4), to: 64, by: 4) { window.store(random(), at: slot + offset) }
      window.storeRelease(stamp, at: slot)
    case 1:
      // A header that is right, of a type that nobody knows.
      window.store(1 | 0xEE << 8 | UInt32(priority.rawValue) << 16, at: slot + 4)
      window.store(8, at: slot + 8)
      window.store(UInt32(to) << 8 | UInt32(from), at: slot + 12)
      window.storeRelease(stamp, at: slot)
    case 2:
      // In another's name, or longer than anything.
      window.store(1 | 0x05 << 8 | UInt32(priority.rawValue) << 16, at: slot + 4)
      window.store(random() & 1 == 0 ? 8 : 0x7FFF_FFFF, at: slot + 8)
      window.store(UInt32(to) << 8 | random() & 0x3F, at: slot + 12)
      window.storeRelease(stamp, at: slot)
    case 3:
      let credit = window.load(back + 68 + 4 * UInt32(priority.rawValue))
      window.storeRelease(credit &+ random() & 0xFFF, at: back + 68 + 4 * UInt32(priority.rawValue))
    default:
      window.storeRelease(random(), at: back + 64)
    }
  }
}
