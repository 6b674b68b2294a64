/// How a node's links are made: the window is mapped, this node's entry filled in, and each peer's place prepared.

import Arch
import Base
import CMachine
import FrameAllocator
import Log
import Messaging
import NodeLife
import NodeTable
import Paging
import Runtime
import Scheduling
import Sync
import Window

extension LinksReference {
  /// Makes this node's links; says whether the machine has other nodes and the window is good.
  ///
  /// - Parameter work: what does the work of trials.
  @export(interface)
  package static func make(_ work: TrialWork) -> Bool {
    let identity = NodeReference().node.identity
    guard identity.count > 1, identity.window.bytes > 0 else { return false }
    guard let window = mapWindow(identity.window),
      let plan = WindowPlan(nodeCount: identity.count, windowBytes: window.byteCount)
    else {
      log(.error, "nodes", "the shared window can't be mapped, or is too small")
      return false
    }
    NodeTable.announce(nodeCount: identity.count, window)
    describe(identity, window)
    makeLinks(identity, window, plan, work)
    return true
  }
}

/// Where the shared window appears in every node.
enum WindowPlace {
  package static var start: VirtualAddress { AddressMap.windows + (32 << 20) }
  static var mostBytes: UInt32 { 64 << 20 }
}

private func mapWindow(_ place: (address: UInt32, bytes: UInt32)) -> MappedWindow? {
  guard let tables = NodeReference().node.tables, place.bytes <= WindowPlace.mostBytes,
    place.address & 0xFFF == 0
  else { return nil }
  var memory = NodeTableMemory()
  do {
    try tables.map(
      FrameNumber(place.address >> UInt32(pageShift)), at: WindowPlace.start,
      pageCount: Int(place.bytes >> UInt32(pageShift)), PageAttributes(.readWrite), in: &memory)
  } catch {
    return nil
  }
  guard let base = unsafe UnsafeMutableRawPointer(bitPattern: WindowPlace.start.rawValue) else { return nil }
  // SAFETY: the pages were just mapped for ever, and nothing but windows reaches them.
  return unsafe MappedWindow(base: base, byteCount: place.bytes)
}

/// Fills in this node's entry.
private func describe(_ identity: NodeIdentity, _ window: MappedWindow) {
  let reference = NodeReference()
  func set(_ field: NodeField, _ value: UInt32) {
    NodeTable.set(field, of: identity.number, to: value, window)
  }
  set(.phase, NodePhase.starting.rawValue)
  // What a former life saw is not what this one sees: others wait until all see the same.
  set(.onlineLow, 0)
  set(.onlineHigh, 0)
  set(.generation, UInt32(identity.generation))
  set(.width, UInt32(UInt.bitWidth))
  set(.format, NodeTable.format)
  set(.memory, reference.node.frames.totalCount * 4)
  set(.freeMemory, (reference.node.frames.totalCount - reference.node.frames.usedCount) * 4)
  set(.rate, UInt32(truncatingIfNeeded: reference.node.clock.ticksPerMillisecond))
  set(.pageTables, UInt32(truncatingIfNeeded: cpu_read_cr3()))
}

private func makeLinks(
  _ identity: NodeIdentity, _ window: MappedWindow, _ plan: WindowPlan, _ work: TrialWork
) {
  let reference = NodeReference()
  let layout = plan.links
  let peers = unsafe allocate(Peer.self, Int(identity.count))
  // A machine of many nodes looks less often: looking costs each node a look at all others.
  let milliseconds: UInt64 = identity.count > 8 ? 100 : 20
  for node in 0..<identity.count where node != identity.number {
    // SAFETY: the place is one of as many as there are nodes.
    unsafe (peers + Int(node)).initialize(
      to: Peer(
        sender: LinkSender(from: identity.number, to: node, layout: layout, window),
        receiver: LinkReceiver(from: node, to: identity.number, layout: layout, window),
        life: NodeLife(
          format: NodeTable.format,
          // Five seconds, or twenty: an emulator's processor may stand still for two on a busy host.
          patience: .init(suspectTicks: 50, deadTicks: identity.count > 8 ? 200 : 250))))
  }
  let buffer = unsafe UnsafeMutableRawPointer(allocate(UInt8.self, Int(MessageHeader.maximumLength)))
  let outputLines = unsafe allocate(Text.self, Int(identity.count))
  for node in 0..<Int(identity.count) { unsafe (outputLines + node).initialize(to: Text()) }
  let records = unsafe allocate(Semaphore.Record.self, 2 + WaitStations.count)
  let answered = unsafe allocate(Semaphore.self, WaitStations.count)
  for index in 0..<WaitStations.count {
    guard let made = try? unsafe Semaphore(at: records + 2 + index, count: 0) else { return }
    unsafe (answered + index).initialize(to: made)
  }
  guard let wake = try? unsafe Semaphore(at: records, count: 0),
    let finished = try? unsafe Semaphore(at: records + 1, count: 0)
  else { preconditionFailure("0 units are allowed") }
  let links = unsafe allocate(NodeLinks.self, 1)
  // SAFETY: made once, in memory for this alone.
  unsafe links.initialize(
    to: NodeLinks(
      window: window, layout: layout, plan: plan, number: identity.number, count: identity.count,
      doorbell: Doorbell(node: identity.number, layout: layout), peers: peers, buffer: buffer, wake: wake,
      finished: finished, tickLength: reference.node.clock.ticksPerMillisecond * milliseconds,
      answered: answered, work: work, outputLines: outputLines))
  reference.node.peers = UInt(bitPattern: links)
}

/// Memory that stays for ever.
package func allocate<Value: ~Copyable>(_ type: Value.Type, _ count: Int) -> UnsafeMutablePointer<Value> {
  let address = KernelHeap.allocate(
    MemoryLayout<Value>.stride * count, alignment: max(16, MemoryLayout<Value>.alignment))
  guard
    let raw = unsafe UnsafeMutableRawPointer(bitPattern: address.rawValue)
  else { preconditionFailure("the heap gave address 0") }
  // SAFETY: the heap gave memory of that size and alignment for this alone.
  return unsafe raw.bindMemory(to: type, capacity: count)
}
