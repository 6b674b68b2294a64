/// What the monitor can ask about the machine's nodes.

import Arch
import Base
import CMachine
import Core
import Log
import Messaging
import NodeLife
import NodeTable
import PeerLinks
import Runtime
import Scheduling
import Sync
import Window

/// Obeys a command of the monitor.
///
/// - Returns: whether it could.
@export(interface)
public func obeyNodeCommand(_ command: MonitorCommand, _ number: UInt32?, _ second: UInt32?) -> Bool {
  guard let reference = LinksReference(), second == nil || command == .load else { return false }
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
      // As a kernel dies that can't say so; the others have to find out, and hold a processor that runs.
      cpu_cli()
      while true { cpu_pause() }
    }
    reference.ask(.kill(UInt8(number)))
  case .stop:
    guard let number, number < UInt32(reference.links.count), number != UInt32(reference.links.number) else {
      return false
    }
    reference.waitForAll()
    reference.ask(.stop(UInt8(number)))
    if !reference.waitUntil(UInt8(number), is: .fenced) { reference.show("node \(number) did not stop") }
  case .restart, .load:
    let image = command == .load ? second : number
    guard let images = nodeImages(), let number, number < UInt32(reference.links.count),
      number != UInt32(reference.links.number), let image, image < UInt32(images.count)
    else { return false }
    switch unsafe reference.links.peers[Int(number)].life.state {
    case .dead, .fenced: _ = reference.waitUntil(UInt8(number), is: .fenced)
    case .absent: break
    case .starting, .hello, .online, .suspect:
      reference.show("node \(number) runs: `stop` or `kill` it first")
      return true
    }
    reference.ask(.restart(UInt8(number), image: UInt8(image)))
    if !reference.waitUntil(UInt8(number), is: .online) { reference.show("node \(number) did not come") }
  case .call:
    guard let number, number < UInt32(reference.links.count), number != UInt32(reference.links.number) else {
      return false
    }
    reference.waitForAll()
    reference.callAll(UInt8(number))
  case .units:
    reference.waitForAll()
    reference.tryTogether(.units, "units", count: number ?? 1)
  case .sync:
    reference.waitForAll()
    reference.tryTogether(.synchronization, "sync", count: number ?? 100)
  case .death:
    guard let number, number < UInt32(reference.links.count), number != UInt32(reference.links.number) else {
      return false
    }
    reference.waitForAll()
    reference.tryTogether(.death, "death", count: number)
  case .hostile:
    guard let number, number < UInt32(reference.links.count) else { return false }
    reference.waitForAll()
    reference.tryTogether(.hostile, "hostile", count: number)
  case .exchange:
    reference.waitForAll()
    reference.tryTogether(.exchange, "exchange", count: number ?? 1, seconds: 3_600)
  case .storm:
    guard nodeImages() != nil else { return false }
    reference.waitForAll()
    reference.storm(number ?? 100)
  case .will: NodeTable.set(.will, of: reference.links.number, to: 1, reference.links.window)
  case .measure:
    reference.waitForAll()
    reference.tryTogether(.measurement, "measure", count: number ?? 1, seconds: 300)
  default: return false
  }
  return true
}

extension LinksReference {
  /// Calls a node with messages of many lengths and compares each reply; then asks for what it does not know.
  fileprivate func callAll(_ node: UInt8) {
    let most = Int(MessageHeader.maximumLength)
    let memory = KernelHeap.allocate(2 * most, alignment: 64).rawValue
    defer { KernelHeap.free(VirtualAddress(memory)) }
    guard let from = unsafe UnsafeRawPointer(bitPattern: memory),
      let to = unsafe UnsafeMutableRawPointer(bitPattern: memory + UInt(most))
    else { return }
    let lengths: InlineArray<10, Int> = [0, 1, 8, 48, 49, 468, 469, 4_096, 8_192, 65_536]
    for index in lengths.indices {
      let length = lengths[index]
      for byte in 0..<length {
        cpu_store8(memory + UInt(byte), UInt8(truncatingIfNeeded: byte &* 5 &+ byte >> 9 &+ length))
        cpu_store8(memory + UInt(most + byte), 0)
      }
      // SAFETY: both are as long as the longest message.
      var target = unsafe MutableRawSpan(_unsafeStart: to, byteCount: most)
      let outcome = call(
        node, .echo, unsafe RawSpan(_unsafeStart: from, byteCount: length), into: &target,
        nanoseconds: 5_000_000_000)
      var isSame = outcome.count == length
      for byte in 0..<length where cpu_load8(memory + UInt(byte)) != cpu_load8(memory + UInt(most + byte)) {
        isSame = false
      }
      let remark: Text = isSame ? "" : ", not the same"
      show("call: \(UInt64(length)) bytes to node \(node): \(outcome.result.name)\(remark)")
    }
    var target = unsafe MutableRawSpan(_unsafeStart: to, byteCount: most)
    let unknown = call(
      node, .token, unsafe RawSpan(_unsafeStart: from, byteCount: 8), into: &target,
      nanoseconds: 5_000_000_000)
    show("call: an unknown type: \(unknown.result.name)")
  }

  /// Kills and restarts every other node, one after the other, while all exchange messages.
  fileprivate func storm(_ thousands: UInt32) {
    begin(.exchange, count: thousands)
    for node in 0..<links.count where node != links.number {
      _ = try? Threads.sleep(nanoseconds: 300_000_000)
      show("storm: killing node \(node)")
      ask(.kill(node))
      let isHeld = waitUntil(node, is: .fenced)
      ask(.restart(node, image: node))
      let isBack = isHeld && waitUntil(node, is: .online)
      show(isBack ? "storm: node \(node) is back" : "storm: node \(node) did not come back")
    }
    showResults("storm", seconds: 300)
  }

  /// Waits until this node sees another in a state, 20 seconds at most; whether it does.
  fileprivate func waitUntil(_ node: UInt8, is state: LifeState) -> Bool {
    for _ in 0..<400 {
      // SAFETY: the place is one of as many as there are nodes.
      if unsafe links.peers[Int(node)].life.state == state { return true }
      _ = try? Threads.sleep(nanoseconds: 50_000_000)
    }
    return false
  }

  /// Leaves a request for the thread that owns the links.
  fileprivate func ask(_ request: Request) {
    links.request = request
    raise(links.wake)
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

  func word(_ field: NodeField, _ node: UInt8) -> UInt32 {
    NodeTable.word(field, of: node, links.window)
  }

  func show(_ text: Text) { NodeReference().node.log.show(text) }

  /// Sends a message around and says how long it took.
  fileprivate func runRing(rounds: UInt32) {
    ask(.ring(rounds: max(1, rounds)))
    let outcome = wait(for: links.finished, nanoseconds: 60_000_000_000)
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
