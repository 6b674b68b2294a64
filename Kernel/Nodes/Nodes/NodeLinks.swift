/// What a node knows of the machine's other nodes, and how it begins to speak with them.
///
/// Everything here is touched by one thread, `nodes`, except two words: a doorbell's interrupt wakes the thread, and
/// the monitor leaves a request. So links need no locks, and a peer that floods costs this thread's share alone.

import Arch
import Base
import CMachine
import FrameAllocator
import Log
import Messaging
import NodeLife
import NodeTable
import Paging
import Partition
import Runtime
import Scheduling
import Sync
import Window

/// Another node.
struct Peer: BitwiseCopyable {
  /// The end of the link to it.
  var sender: LinkSender
  /// The end of the link from it.
  var receiver: LinkReceiver
  /// Its life as this node sees it.
  var life: NodeLife
  /// The life in which it was said hello to.
  var greeted: UInt16 = 0
  /// How many of its faults the log has been told, and at which heartbeat.
  var reportedFaults: UInt64 = 0
  var reportedAt: UInt32 = 0

  /// What it did wrong, at both ends.
  var faultCount: UInt64 { sender.counters.faultCount &+ receiver.counters.faultCount }
}

/// The kinds of messages between kernels.
enum MessageType: UInt8 {
  /// The first in a life: generation and format.
  case hello = 1
  /// Goes around all nodes.
  case token
  /// Asks for a check of page tables, whose result is in the sender's entry.
  case check
  /// Says that a node's processor is held in reset.
  case fenced
  /// A call whose reply has the same payload.
  case echo
  /// Begins a trial: what, its session, how often, and the members.
  case trial
  /// How a trial ended for its sender.
  case result
  /// A frame of a transport that is not memory, for trials of it.
  case frame
  /// A barrier of messages: the episode.
  case barrier
  /// Asks a node to end by itself; of the first node alone.
  case stop
  /// What programs of a node without a console have shown; to the first node alone.
  case output
}

/// What the monitor wants.
enum Request: BitwiseCopyable {
  case none
  case ring(rounds: UInt32)
  case check
  case stop(UInt8)
  case kill(UInt8)
  /// Starts a node with an image, its own or another's.
  case restart(UInt8, image: UInt8)
  case trial(TrialKind, count: UInt32)
}

/// The state of this node's links.
@safe struct NodeLinks: ~Copyable {
  let window: MappedWindow
  let layout: LinkLayout
  let plan: WindowPlan
  let number: UInt8
  let count: UInt8
  let doorbell: Doorbell
  let peers: UnsafeMutablePointer<Peer>
  let buffer: UnsafeMutableRawPointer
  let wake: Semaphore
  let finished: Semaphore
  /// Ticks of the time stamp counter between two looks at the others.
  let tickLength: UInt64
  var nextTick: UInt64 = 0
  var heartbeat: UInt32 = 0
  var online: UInt64 = 0
  /// The nodes that died and were not seen online since, one bit each.
  var dead: UInt64 = 0
  /// The nodes that died since the last trial began: they belong to it no more, also when they live again.
  var lost: UInt64 = 0
  /// Whether this node ends the run when a message has gone around the nodes that are left.
  var isHeir = false
  /// The heartbeat at which it begins to be so, if a node has died that wished it.
  var inheritsAt: UInt32?
  /// Calls under way, at their station's index, and where their callers wait.
  var stations = WaitStations()
  var calls = InlineArray<32, CallSlot>(repeating: CallSlot())
  let answered: UnsafeMutablePointer<Semaphore>
  /// Replies that nobody waited for, and replies that found no room.
  var lateReplies: UInt32 = 0
  var lostReplies: UInt32 = 0
  /// Whether something found no room and is to be tried again soon.
  var isBlocked = false
  var trial = TrialState()
  var results = TrialResults()
  var exchange: ExchangeReference?
  /// The program's unit, once one was asked for; a page for its copies; the session it has, and whether one is asked for.
  var programUnit: UnsafeMutablePointer<ProgramUnit>?
  var unitPage: UInt = 0
  var unitSession: UInt16 = 0
  var isUnitWanted = false
  /// When a program last asked to be the unit in a session that another node begins, in ticks; 0 if none does.
  var unitOffer: UInt64 = 0
  /// The last such session that was left to a program.
  var offeredSession: UInt16 = 0
  /// What programs have shown, on its way to the first node; there, lines that the others have begun.
  var output = OutputRing()
  let outputLines: UnsafeMutablePointer<Text>
  var exchangeMemory: UInt = 0
  var doorbells: UInt32 = 0
  var request = Request.none
  /// The token on its way through this node, until its next node has taken it.
  var token: Token?
  var ring = RingRun()
  var idleTicks: UInt64 = 0
  var idleSince: UInt64 = 0
}

/// Where the links of this node are; they must have been started.
@safe struct LinksReference {
  private let pointer: UnsafeMutablePointer<NodeLinks>

  /// The links, or `nil` if the machine has one node.
  init?() {
    let address = NodeReference().node.peers
    // SAFETY: `startNodes` left the address of the one value, which is never freed.
    guard let pointer = unsafe UnsafeMutablePointer<NodeLinks>(bitPattern: address) else { return nil }
    unsafe self.pointer = pointer
  }

  var links: NodeLinks {
    unsafeAddress { unsafe UnsafePointer(pointer) }
    nonmutating unsafeMutableAddress { unsafe pointer }
  }
}

/// Where the shared window appears in every node.
enum WindowPlace {
  static var start: VirtualAddress { AddressMap.windows + (32 << 20) }
  static var mostBytes: UInt32 { 64 << 20 }
}

/// Starts to speak with the machine's other nodes, if there are any.
@export(interface)
public func startNodes() {
  let reference = NodeReference()
  let identity = reference.node.identity
  guard identity.count > 1, identity.window.bytes > 0 else { return }
  guard let window = mapWindow(identity.window),
    let plan = WindowPlan(nodeCount: identity.count, windowBytes: window.byteCount)
  else {
    log(.error, "nodes", "the shared window can't be mapped, or is too small")
    return
  }
  NodeTable.announce(nodeCount: identity.count, window)
  describe(identity, window)
  makeLinks(identity, window, plan)
  FirstProcessor.standStillAfterInitialization()
  reference.node.doorbellHandler = doorbellRang
  reference.node.unitControl = { controlUnit($0, $1) }
  reference.node.peerText = { describePeers($0, $1, $2) }
  if !identity.ownsDevices {
    reference.node.relay = RelayedConsole(room: { outputRoom() }, write: { takeOutput($0) })
  }
  do {
    try Threads.create(ThreadName("nodes"), level: PriorityLevel(truncating: 24)) { _ in
      guard let reference = LinksReference() else { return 1 }
      reference.links.run()
    }
  } catch {
    log(.error, "nodes", "no memory for a thread")
  }
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

/// Memory that stays for ever.
func allocate<Value: ~Copyable>(_ type: Value.Type, _ count: Int) -> UnsafeMutablePointer<Value> {
  let address = KernelHeap.allocate(
    MemoryLayout<Value>.stride * count, alignment: max(16, MemoryLayout<Value>.alignment))
  guard
    let raw = unsafe UnsafeMutableRawPointer(bitPattern: address.rawValue)
  else { preconditionFailure("the heap gave address 0") }
  // SAFETY: the heap gave memory of that size and alignment for this alone.
  return unsafe raw.bindMemory(to: type, capacity: count)
}

private func makeLinks(_ identity: NodeIdentity, _ window: MappedWindow, _ plan: WindowPlan) {
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
      answered: answered, outputLines: outputLines))
  reference.node.peers = UInt(bitPattern: links)
}

/// Called with interrupts off when another node's interrupt has come.
private func doorbellRang() {
  guard let reference = LinksReference() else { return }
  reference.links.doorbells &+= 1
  wakeLater(reference.links.wake)
}
