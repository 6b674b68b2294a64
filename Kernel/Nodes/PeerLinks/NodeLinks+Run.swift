/// The loop of the thread that speaks with other nodes: messages when the doorbell rings, lives on every tick.

import ABI
import Arch
import Base
import CMachine
import FrameAllocator
import Log
import Messaging
import NodeLife
import NodeTable
import Runtime
import Scheduling
import Sync
import Window

extension NodeLinks {
  /// Messages of one peer that are taken before the next peer's turn.
  private static var mostInTurn: Int { 32 }

  /// Serves the links for ever.
  @export(interface)
  package mutating func run() -> Never {
    set(.phase, NodePhase.up.rawValue)
    startOthers()
    while true {
      let now = cpu_rdtsc()
      if now < nextTick, token == nil {
        let rate = NodeReference().node.clock.ticksPerMillisecond
        var nanoseconds = (nextTick - now) / max(1, rate / 1_000) * 1_000 + 1_000
        // What found no room is tried again soon: nobody rings when there is room.
        if isBlocked || exchange != 0 { nanoseconds = min(nanoseconds, 500_000) }
        wait(for: wake, nanoseconds: nanoseconds)
      }
      isBlocked = false
      let isTick = cpu_rdtsc() >= nextTick
      var rang = doorbell.take(window)
      if isTick { rang = .max }
      for node in 0..<count where node != number && rang >> UInt64(node) & 1 != 0 {
        if receive(from: node) { _ = doorbell.ring(number, window) }
      }
      if isTick {
        tick()
        nextTick = cpu_rdtsc() + tickLength
      }
      obeyRequest()
      forwardToken()
      sendCalls()
      sendOutput()
      stepTrial()
      if isHeir, !ring.isUnderWay { endAsHeir() }
    }
  }

  /// Takes what a peer has sent.
  ///
  /// - Returns: whether there may be more.
  private mutating func receive(from node: UInt8) -> Bool {
    for _ in 0..<Self.mostInTurn {
      // SAFETY: the buffer has as many bytes as the longest message, and this thread alone uses it.
      var target = unsafe MutableRawSpan(
        _unsafeStart: buffer, byteCount: Int(MessageHeader.maximumLength))
      // SAFETY: the place is one of as many as there are nodes, made before this thread began.
      guard let header = unsafe peers[Int(node)].receiver.receive(into: &target, window) else { return false }
      handle(header, from: node)
    }
    return true
  }

  private mutating func handle(_ header: MessageHeader, from node: UInt8) {
    if header.flags.contains(.reply) { return takeReply(header, from: node) }
    if header.flags.contains(.call) { return answer(header, from: node) }
    switch MessageType(rawValue: header.type) {
    case .hello where header.length >= 8:
      let generation = UInt16(truncatingIfNeeded: word(0))
      act(on: node, unsafe peers[Int(node)].life.handle(.hello(generation: generation, format: word(1))))
      act(on: node, unsafe peers[Int(node)].life.handle(.agreed(generation: generation)))
    case .token where header.length >= UInt32(Token.byteCount):
      arrived(
        Token(
          origin: UInt8(truncatingIfNeeded: word(0)), hops: word(1), rounds: word(2),
          start: UInt64(word(3)) | UInt64(word(4)) << 32))
    case .check:
      checkIsolation()
    case .fenced where header.length >= 8:
      let dead = UInt8(truncatingIfNeeded: word(0))
      guard dead < count, dead != number else { return }
      let generation = UInt16(truncatingIfNeeded: word(1))
      act(on: dead, unsafe peers[Int(dead)].life.handle(.stopped(generation: generation)))
      act(on: dead, unsafe peers[Int(dead)].life.handle(.fenced(generation: generation)))
    case .trial where header.length >= 20:
      beginTrial(
        Trial(
          kind: TrialKind(rawValue: word(0)), session: UInt16(truncatingIfNeeded: word(1)), count: word(2),
          members: UInt64(word(4)) << 32 | UInt64(word(3)), starter: node))
    case .result where header.length >= 20:
      note(TrialResult(session: word(0), status: word(1), values: (word(2), word(3), word(4))), of: node)
    case .frame:
      let work = work
      work.takeFrame(&self, node, Int(header.length))
    case .stop where node == 0: stopSelf()
    case .output where number == 0: showOutput(from: node, count: Int(header.length))
    case .barrier where header.length >= 4: trial.barrierWords[Int(node & 63)] = word(0)
    default:
      unsafe peers[Int(node)].receiver.counters.count(.malformed)
    }
  }

  /// Word `index` of the message in the buffer.
  package mutating func word(_ index: Int) -> UInt32 {
    // SAFETY: the message's length was compared first; the buffer is aligned to 16 bytes.
    unsafe (buffer + index * 4).load(as: UInt32.self)
  }

  /// Writes down that this node lives, and looks at all others.
  private mutating func tick() {
    heartbeat &+= 1
    set(.heartbeat, heartbeat)
    publish()
    if inheritsAt == heartbeat {
      isHeir = true
      startRing(rounds: 1)
    }
    for node in 0..<count where node != number {
      unsafe peers[Int(node)].sender.service(window)
      let generation = UInt16(truncatingIfNeeded: NodeTable.word(.generation, of: node, window))
      let phase = NodePhase(rawValue: NodeTable.word(.phase, of: node, window)) ?? .absent
      guard phase != .absent else { continue }
      if phase != .starting, phase != .stopped, unsafe peers[Int(node)].life.generation != generation {
        let format = NodeTable.word(.format, of: node, window)
        act(on: node, unsafe peers[Int(node)].life.handle(.hello(generation: generation, format: format)))
      }
      if phase == .stopped {
        act(on: node, unsafe peers[Int(node)].life.handle(.stopped(generation: generation)))
      }
      let beat = NodeTable.word(.heartbeat, of: node, window)
      act(on: node, unsafe peers[Int(node)].life.handle(.tick(generation: generation, heartbeat: beat)))
      greet(node)
      reportFaults(of: node)
    }
  }

  /// Tells the log that a peer breaks the rules, at most once in fifty ticks however often it does.
  private mutating func reportFaults(of node: UInt8) {
    // SAFETY: the place is one of as many as there are nodes.
    let peer = unsafe peers + Int(node)
    let count = unsafe peer.pointee.faultCount
    guard unsafe count != peer.pointee.reportedFaults, unsafe heartbeat &- peer.pointee.reportedAt >= 50
    else {
      return
    }
    log(
      .warning, "nodes",
      "node \(node) breaks the rules: \(unsafe count &- peer.pointee.reportedFaults) faults, \(count) in all")
    unsafe peer.pointee.reportedFaults = count
    unsafe peer.pointee.reportedAt = heartbeat
  }

  /// Ends this node, as the first one has asked: the others see it in the table and hold its processor.
  private mutating func stopSelf() {
    log(.info, "nodes", "stopped by the first node")
    set(.phase, NodePhase.stopped.rawValue)
    endRun(.passed, status: 0)
  }

  /// Says hello once in each life of a peer; until the link takes it, on every tick again.
  private mutating func greet(_ node: UInt8) {
    let life = unsafe peers[Int(node)].life
    guard life.state == .hello || life.state == .online, unsafe peers[Int(node)].greeted != life.generation
    else {
      return
    }
    let own = UInt32(NodeReference().node.identity.generation)
    if send(to: node, .hello, [own, NodeTable.format, 0, 0, 0]) {
      unsafe peers[Int(node)].greeted = life.generation
    }
  }

  /// Does what a change in a peer's life asks for.
  mutating func act(on node: UInt8, _ actions: LifeActions) {
    if actions.isEmpty { return }
    if actions.contains(.resetLink) { unsafe peers[Int(node)].sender.reset(window) }
    if actions.contains(.abandonCalls) { abandonCalls(to: node) }
    if actions.contains(.announceOnline) {
      online |= 1 << UInt64(node)
      dead &= ~(1 << UInt64(node))
      log(.debug, "nodes", "node \(node) is online")
      noteOnline()
    }
    if actions.contains(.announceSuspect) {
      online &= ~(1 << UInt64(node))
      log(.warning, "nodes", "node \(node) is silent")
      noteOnline()
    }
    if actions.contains(.refuse) { log(.error, "nodes", "node \(node) speaks another format") }
    if actions.contains(.fence) {
      online &= ~(1 << UInt64(node))
      log(.warning, "nodes", "node \(node) is dead")
      noteOnline()
      if fencer(online: online | 1 << UInt64(number)) == number { fence(node) }
    }
    if actions.contains(.recover) {
      dead |= 1 << UInt64(node)
      lost |= 1 << UInt64(node)
      unsafe peers[Int(node)].sender.reset(window)
      log(.info, "nodes", "node \(node) is fenced")
    }
  }

  /// Holds a dead node's processor, and tells the others.
  private mutating func fence(_ node: UInt8) {
    LocalInterruptController.reset(node)
    let generation = unsafe peers[Int(node)].life.generation
    for other in 0..<count where online >> UInt64(other) & 1 != 0 {
      _ = send(to: other, .fenced, [UInt32(node), UInt32(generation), 0, 0, 0])
    }
    act(on: node, unsafe peers[Int(node)].life.handle(.fenced(generation: generation)))
    // Some time later: to hold the first processor must not have been the end of all others.
    if NodeTable.word(.will, of: node, window) != 0 { inheritsAt = heartbeat &+ 50 }
  }

  /// Does what a dead node wished: ends the run, which otherwise goes on for ever without a console.
  private mutating func endAsHeir() {
    log(.info, "nodes", "the run ends, as a dead node wished")
    Processor.block.leavesMachineRunning = false
    endRun(.passed, status: 0)
  }

  private mutating func noteOnline() {
    set(.onlineLow, UInt32(truncatingIfNeeded: online))
    set(.onlineHigh, UInt32(truncatingIfNeeded: online >> 32))
    let isComplete = online.nonzeroBitCount == Int(count) - 1
    set(.phase, (isComplete ? NodePhase.complete : .up).rawValue)
    if isComplete { log(.info, "nodes", "all \(count) nodes are online") }
  }

  private mutating func obeyRequest() {
    let wanted = request
    request = .none
    switch wanted {
    case .none: break
    case .ring(let rounds): startRing(rounds: rounds)
    case .check:
      checkIsolation()
      for other in 0..<count where online >> UInt64(other) & 1 != 0 {
        _ = send(to: other, .check, [0, 0, 0, 0, 0])
      }
    case .restart(let node, let image):
      guard node < count, node != number else { return }
      let life = unsafe peers[Int(node)].life
      guard life.state == .fenced || life.state == .absent else { return }
      start(node, image: image, generation: life.generation &+ 1)
    case .stop(let node):
      guard node < count, node != number, online >> UInt64(node) & 1 != 0 else { return }
      _ = send(to: node, .stop, [0, 0, 0, 0, 0])
    case .trial(let kind, let times): startTrial(kind, times)
    case .kill(let node):
      guard node < count, node != number else { return }
      let generation = unsafe peers[Int(node)].life.generation
      act(on: node, unsafe peers[Int(node)].life.handle(.stopped(generation: generation)))
    }
  }

  /// Sends five words; answers whether the link has taken them.
  package mutating func send(to node: UInt8, _ type: MessageType, _ words: InlineArray<5, UInt32>) -> Bool {
    let span = words.span
    // SAFETY: a word is bytes without gaps; the place is one of as many as there are nodes.
    let bytes = unsafe span.bytes
    guard unsafe peers[Int(node)].sender.send(bytes, type: type.rawValue, window) == .sent else {
      return false
    }
    ring(node)
    return true
  }

  /// Writes this node's counts where others see them.
  private mutating func publish() {
    var sent: UInt64 = 0
    var received: UInt64 = 0
    var sentBytes: UInt64 = 0
    var receivedBytes: UInt64 = 0
    var faults: UInt64 = 0
    for node in 0..<count where node != number {
      sent &+= unsafe peers[Int(node)].sender.counters.messages
      sentBytes &+= unsafe peers[Int(node)].sender.counters.bytes
      received &+= unsafe peers[Int(node)].receiver.counters.messages
      receivedBytes &+= unsafe peers[Int(node)].receiver.counters.bytes
      faults &+= unsafe peers[Int(node)].receiver.counters.faultCount
      faults &+= unsafe peers[Int(node)].sender.counters.faultCount
    }
    set(.sentMessages, UInt32(truncatingIfNeeded: sent))
    set(.receivedMessages, UInt32(truncatingIfNeeded: received))
    set(.sentBytes, UInt32(truncatingIfNeeded: sentBytes))
    set(.receivedBytes, UInt32(truncatingIfNeeded: receivedBytes))
    set(.faults, UInt32(truncatingIfNeeded: faults))
    set(.doorbells, doorbells)
    set(
      .freeMemory,
      (NodeReference().node.frames.totalCount - NodeReference().node.frames.usedCount) * 4)
    publishLoad()
  }

  /// The share of the last tick that the idle thread did not have.
  private mutating func publishLoad() {
    let now = cpu_rdtsc()
    let idle = NodeReference().node.threads.scheduler.idle.runTicks(isCurrent: false, at: now)
    let passed = now &- idleSince
    if idleSince != 0, passed > 1_000 {
      let idleShare = min(1_000, (idle &- idleTicks) / (passed / 1_000))
      set(.load, UInt32(1_000 - idleShare))
    }
    idleSince = now
    idleTicks = idle
  }

  /// Writes a word of this node's entry.
  package mutating func set(_ field: NodeField, _ value: UInt32) {
    NodeTable.set(field, of: number, to: value, window)
  }
}
