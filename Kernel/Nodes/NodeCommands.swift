/// What the monitor can ask about the machine's nodes.

import Arch
import Base
import CMachine
import Core
import Log
import Messaging
import NodeLife
import NodeTable
import Runtime
import Scheduling
import Sync
import Window

/// Obeys a command of the monitor.
///
/// - Returns: whether it could.
@export(interface)
public func obeyNodeCommand(_ command: MonitorCommand, _ number: UInt32?) -> Bool {
  guard let reference = LinksReference() else { return false }
  switch command {
  case .nodes: reference.showNodes()
  case .links: reference.showLinks()
  case .ring:
    reference.waitForAll()
    reference.runRing(rounds: number ?? 1)
  case .isolation:
    reference.waitForAll()
    reference.showIsolation()
  case .kill:
    guard let number, number < UInt32(reference.links.count) else { return false }
    reference.waitForAll()
    if number == UInt32(reference.links.number) {
      // As a kernel dies that can't say so; the others have to find out.
      cpu_cli()
      while true { cpu_hlt() }
    }
    reference.ask(.kill(UInt8(number)))
  case .restart:
    guard nodeImages() != nil, let number, number < UInt32(reference.links.count),
      number != UInt32(reference.links.number)
    else { return false }
    reference.ask(.restart(UInt8(number)))
    _ = try? Threads.sleep(nanoseconds: 100_000_000)
  default: return false
  }
  return true
}

extension LinksReference {
  /// Leaves a request for the thread that owns the links.
  fileprivate func ask(_ request: Request) {
    links.request = request
    _ = try? links.wake.signal()
  }

  /// Waits until every node is online or was and is no more, and all that are online see the same nodes; a minute at
  /// most.
  fileprivate func waitForAll() {
    for _ in 0..<1_200 {
      var areKnown = true
      for node in 0..<links.count where node != links.number {
        switch unsafe links.peers[Int(node)].life.state {
        case .absent, .starting, .hello: areKnown = false
        case .online, .suspect: if !seesTheSame(node) { areKnown = false }
        case .dead, .fenced: break
        }
      }
      if areKnown { return }
      _ = try? Threads.sleep(nanoseconds: 50_000_000)
    }
    show("not every node has come")
  }

  private func seesTheSame(_ node: UInt8) -> Bool {
    let theirs = UInt64(word(.onlineHigh, node)) << 32 | UInt64(word(.onlineLow, node))
    return theirs | 1 << UInt64(node) == links.online | 1 << UInt64(links.number)
  }

  private func word(_ field: NodeField, _ node: UInt8) -> UInt32 {
    NodeTable.word(field, of: node, links.window)
  }

  private func show(_ text: Text) { NodeReference().node.log.show(text) }

  /// A line for each node, from what it says of itself.
  fileprivate func showNodes() {
    show("node state     bits life heartbeat  load  free KiB      sent  received     bytes errors doorbells")
    for node in 0..<links.count {
      var line = Text()
      line.append(decimal: UInt64(node), width: 4)
      line.append(" ")
      line.append(phaseName(node))
      line.pad(to: 15)
      line.append(decimal: UInt64(word(.width, node)), width: 4)
      line.append(decimal: UInt64(word(.generation, node)), width: 5)
      line.append(decimal: UInt64(word(.heartbeat, node)), width: 10)
      line.append(decimal: UInt64(word(.load, node)) / 10, width: 5)
      line.append("%")
      line.append(decimal: UInt64(word(.freeMemory, node)), width: 10)
      line.append(decimal: UInt64(word(.sentMessages, node)), width: 10)
      line.append(decimal: UInt64(word(.receivedMessages, node)), width: 10)
      line.append(decimal: UInt64(word(.sentBytes, node) &+ word(.receivedBytes, node)), width: 10)
      line.append(decimal: UInt64(word(.faults, node)), width: 7)
      line.append(decimal: UInt64(word(.doorbells, node)), width: 10)
      show(line)
    }
    show("\(links.online.nonzeroBitCount + 1) of \(links.count) nodes are online")
  }

  private func phaseName(_ node: UInt8) -> StaticString {
    if node != links.number {
      switch unsafe links.peers[Int(node)].life.state {
      case .suspect: return "suspect"
      case .dead: return "dead"
      case .fenced: return "fenced"
      default: break
      }
    }
    switch NodePhase(rawValue: word(.phase, node)) ?? .absent {
    case .absent: return "absent"
    case .starting: return "starting"
    case .up, .complete: return "online"
    case .stopped: return "stopped"
    }
  }

  /// A line for each link of this node.
  fileprivate func showLinks() {
    show("peer life      sent     bytes  refused resets  received     bytes resets faults")
    for node in 0..<links.count where node != links.number {
      // SAFETY: the place is one of as many as there are nodes, made before the monitor began.
      let peer = unsafe links.peers + Int(node)
      let sender = unsafe peer.pointee.sender.counters
      let receiver = unsafe peer.pointee.receiver.counters
      var line = Text()
      line.append(decimal: UInt64(node), width: 4)
      line.append(" ")
      line.append(unsafe peer.pointee.life.state.name)
      line.pad(to: 13)
      line.append(decimal: sender.messages, width: 7)
      line.append(decimal: sender.bytes, width: 10)
      line.append(decimal: sender.refused, width: 9)
      line.append(decimal: sender.resets, width: 7)
      line.append(decimal: receiver.messages, width: 10)
      line.append(decimal: receiver.bytes, width: 10)
      line.append(decimal: receiver.resets, width: 7)
      line.append(decimal: receiver.faultCount &+ sender.faultCount, width: 7)
      show(line)
    }
  }

  /// Sends a message around and says how long it took.
  fileprivate func runRing(rounds: UInt32) {
    ask(.ring(rounds: max(1, rounds)))
    let outcome = (try? links.finished.wait(nanoseconds: 60_000_000_000)) ?? .cancelled
    guard outcome == .satisfied else {
      show("ring: the message was lost")
      return
    }
    let rate = NodeReference().node.clock.ticksPerMillisecond
    show("ring: \(links.ring.hops) hops in \(links.ring.ticks * 1_000 / rate) microseconds")
  }

  /// Lets every node look at its own tables and shows what they found.
  fileprivate func showIsolation() {
    for node in 0..<links.count { NodeTable.set(.checkedMappings, of: node, to: 0, links.window) }
    ask(.check)
    var sum: UInt64 = 0
    var violations: UInt64 = 0
    var nodes = 0
    for node in 0..<links.count
    where node == links.number || links.online >> UInt64(node) & 1 != 0 {
      var looksLeft = 200
      while word(.checkedMappings, node) == 0, looksLeft > 0 {
        _ = try? Threads.sleep(nanoseconds: 50_000_000)
        looksLeft -= 1
      }
      guard word(.checkedMappings, node) != 0 else {
        show("isolation: node \(node) does not answer")
        continue
      }
      nodes += 1
      sum += UInt64(word(.checkedMappings, node))
      violations += UInt64(word(.violations, node))
    }
    show("isolation: \(nodes) nodes checked \(sum) mappings, \(violations) lead outside their lookup tables")
  }
}

extension LifeState {
  /// The state in a word.
  var name: StaticString {
    switch self {
    case .absent: "absent"
    case .starting: "starting"
    case .hello: "hello"
    case .online: "online"
    case .suspect: "suspect"
    case .dead: "dead"
    case .fenced: "fenced"
    }
  }
}
