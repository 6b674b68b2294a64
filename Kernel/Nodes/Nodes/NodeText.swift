/// What the console and programs read of the machine's nodes and links.

import Log
import Messaging
import NodeLife
import NodeTable
import PeerLinks
import Runtime
import Window

extension LinksReference {
  /// A line for each node, from what it says of itself.
  func showNodes() {
    show(Self.nodesHeading)
    for node in 0..<links.count { show(nodeLine(node)) }
    show("\(links.online.nonzeroBitCount + 1) of \(links.count) nodes are online")
  }

  static var nodesHeading: Text {
    "node state     bits life heartbeat  load  free KiB      sent  received       bytes errors doorbells"
  }

  func nodeLine(_ node: UInt8) -> Text {
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
    line.append(decimal: UInt64(word(.sentBytes, node) &+ word(.receivedBytes, node)), width: 12)
    line.append(decimal: UInt64(word(.faults, node)), width: 7)
    line.append(decimal: UInt64(word(.doorbells, node)), width: 10)
    return line
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
  func showLinks() {
    show(Self.linksHeading)
    for node in 0..<links.count where node != links.number { show(linkLine(node)) }
  }

  static var linksHeading: Text {
    "peer life      sent     bytes  refused resets  received     bytes resets faults"
  }

  func linkLine(_ node: UInt8) -> Text {
    // SAFETY: the place is one of as many as there are nodes, made before anybody asks.
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
    line.append(decimal: unsafe peer.pointee.faultCount, width: 7)
    return line
  }
}

/// Writes a line of `/proc/nodes` or `/proc/links`; answers whether there is one.
func describePeers(_ isLinks: Bool, _ index: UInt32, _ target: UInt) -> Bool {
  guard let reference = LinksReference() else { return false }
  let own = UInt32(reference.links.number)
  // The first line is the heading; a node has no link to itself.
  let node = isLinks && index > own ? index : index &- 1
  let line: Text
  if index == 0 {
    line = isLinks ? LinksReference.linksHeading : LinksReference.nodesHeading
  } else {
    guard node < UInt32(reference.links.count) else { return false }
    line = isLinks ? reference.linkLine(UInt8(node)) : reference.nodeLine(UInt8(node))
  }
  // SAFETY: the caller passes the place of a text.
  unsafe UnsafeMutablePointer<Text>(bitPattern: target)?.pointee = line
  return true
}

extension CallResult {
  /// The result in words.
  var name: StaticString {
    switch self {
    case .replied: "replied"
    case .unsupported: "unsupported"
    case .timedOut: "timed out"
    case .peerDead: "the node is dead"
    }
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
