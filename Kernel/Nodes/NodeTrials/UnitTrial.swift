/// RCCE's calls between the nodes' kernels: each step moves bytes that follow from who sends and how often, and whoever
/// receives computes them again.

import Arch
import Base
import CMachine
import Messaging
import NodeSync
import NodeTable
import PeerLinks
import RCCE
import Runtime
import Window

/// One node's part.
struct UnitTrial: ~Copyable {
  private let reference: LinksReference
  private let trial: Trial
  private var unit: Unit
  private var requests = Requests()
  private var memory = ThreadMemory()
  /// 64 KiB to send from, and 64 KiB to receive into.
  private let outgoing: UInt
  private let incoming: UInt
  private var checkedBytes: UInt32 = 0

  init?(_ reference: LinksReference, _ trial: Trial) {
    self.reference = reference
    self.trial = trial
    let plan = reference.links.plan
    // The units are the trial's members, by rank: a dead node has none.
    guard
      let layout = UnitLayout(
        start: plan.units.start, count: trial.size, in: reference.links.window.byteCount),
      let unit = Unit(UInt8(trial.rank(of: reference.links.number)), of: layout, session: trial.session)
    else { return nil }
    self.unit = unit
    outgoing = KernelHeap.allocate(2 << 16, alignment: 64).rawValue
    incoming = outgoing + 1 << 16
  }

  deinit { KernelHeap.free(VirtualAddress(outgoing)) }

  private var window: MappedWindow { reference.links.window }
  private var me: UInt8 { unit.number }
  private var size: UInt8 { unit.count }
  private func neighbour(_ distance: UInt8) -> UInt8 { UInt8((UInt16(me) + UInt16(distance)) % UInt16(size)) }

  /// The units whose node is dead, one bit each.
  private var dead: UInt64 {
    var mask: UInt64 = 0
    for rank in 0..<trial.size where reference.links.lost >> UInt64(trial.node(rank)) & 1 != 0 {
      mask |= 1 << UInt64(rank)
    }
    return mask
  }

  mutating func run(_ result: inout TrialResult) {
    let start = cpu_rdtsc()
    for round in 0..<max(1, trial.count) {
      result.status = step(round)
      guard result.status == 0 else { return }
    }
    let rate = max(1, NodeReference().node.clock.ticksPerMillisecond / 1_000)
    result.values = (checkedBytes, 0, UInt32(truncatingIfNeeded: (cpu_rdtsc() &- start) / rate))
  }

  /// All calls once; answers the number of the step that failed, or 0.
  private mutating func step(_ round: UInt32) -> UInt32 {
    guard barrier() else { return 1 }
    guard size > 1 else { return 0 }
    let lengths: InlineArray<5, UInt32> = [1, 64, 4_095, 10_000, 65_536]
    for index in lengths.indices {
      guard passAround(lengths[index], round) else { return 2 }
    }
    guard gather(round) else { return 3 }
    guard putAndGet(round) else { return 4 }
    guard count() else { return 5 }
    guard everybodyToEverybody(round) else { return 6 }
    return barrier() ? 0 : 7
  }

  // MARK: - Steps

  /// Each sends to the next and receives from the one before.
  private mutating func passAround(_ length: UInt32, _ round: UInt32) -> Bool {
    fill(outgoing, length, from: me, round)
    clear(incoming, length)
    guard let send = try? requests.send(unit, to: neighbour(1), address: outgoing, count: length),
      let receive = try? requests.receive(unit, from: neighbour(size - 1), address: incoming, count: length),
      wait(1 << UInt32(send) | 1 << UInt32(receive))
    else { return false }
    return check(incoming, length, from: neighbour(size - 1), round)
  }

  /// Unit 0 receives from whoever comes; the others send 24 bytes.
  private mutating func gather(_ round: UInt32) -> Bool {
    guard me == 0 else {
      fill(outgoing, 24, from: me, round)
      guard let send = try? requests.send(unit, to: 0, address: outgoing, count: 24) else { return false }
      return wait(1 << UInt32(send))
    }
    var came: UInt64 = 0
    for _ in 1..<size {
      guard let receive = try? requests.receive(unit, from: Requests.any, address: incoming, count: 24),
        let state = finish(receive), case .done(let peer) = state, came >> UInt64(peer) & 1 == 0,
        check(incoming, 24, from: peer, round)
      else { return false }
      came |= 1 << UInt64(peer)
    }
    return true
  }

  /// Each puts into the next one's buffer and gets what is in its own.
  private mutating func putAndGet(_ round: UInt32) -> Bool {
    fill(outgoing, 4_096, from: me, round)
    guard barrier(), let from = unsafe UnsafeRawPointer(bitPattern: outgoing),
      let to = unsafe UnsafeMutableRawPointer(bitPattern: incoming)
    else { return false }
    // SAFETY: both are 64 KiB of this trial's own.
    guard
      (try? unit.put(unsafe RawSpan(_unsafeStart: from, byteCount: 4_096), to: neighbour(1), at: 0, window))
        != nil, barrier()
    else { return false }
    // SAFETY: as above.
    var span = unsafe MutableRawSpan(_unsafeStart: to, byteCount: 4_096)
    guard (try? unit.get(&span, from: me, at: 0, window)) != nil else { return false }
    return check(incoming, 4_096, from: neighbour(size - 1), round)
  }

  /// All count in one word of unit 0's buffer, each increment under unit 0's lock and in two accesses.
  private mutating func count() -> Bool {
    let place = reference.links.plan.trials.counter
    if me == 0 { window.store(0, at: place) }
    guard barrier() else { return false }
    for _ in 0..<50 {
      var patience = Patience(seconds: 20)
      while (try? unit.tryLock(of: 0, dead: dead, window)) != .acquired {
        guard patience.wait() else { return false }
      }
      window.store(window.load(place) &+ 1, at: place)
      _ = try? unit.unlock(of: 0, window)
    }
    guard barrier() else { return false }
    return window.loadAcquire(place) == 50 * UInt32(size)
  }

  /// Everybody sends to four others and receives from four, whatever comes first.
  private mutating func everybodyToEverybody(_ round: UInt32) -> Bool {
    let peers = min(4, size - 1)
    var list: UInt32 = 0
    fill(outgoing, 600, from: me, round)
    for distance in 1...peers {
      let place = incoming + UInt(distance) << 10
      guard
        let receive = try? requests.receive(
          unit, from: neighbour(size - distance), address: place, count: 600),
        let send = try? requests.send(unit, to: neighbour(distance), address: outgoing, count: 600)
      else { return false }
      list |= 1 << UInt32(send) | 1 << UInt32(receive)
    }
    guard wait(list) else { return false }
    for distance in 1...peers
    where !check(incoming + UInt(distance) << 10, 600, from: neighbour(size - distance), round) {
      return false
    }
    return true
  }

  // MARK: - Waiting

  /// Waits for a list of requests; whether all were done.
  private mutating func wait(_ list: UInt32) -> Bool {
    var rest = list
    var patience = Patience(seconds: 30)
    while rest != 0 {
      let isMoving = requests.push(unit, &memory, dead: dead, window)
      while let (number, state) = requests.testAny(rest) {
        guard case .done = state else { return false }
        rest &= ~(1 << UInt32(number))
      }
      if !isMoving, rest != 0, !patience.wait() { return false }
    }
    return true
  }

  private mutating func finish(_ number: Int) -> RequestState? {
    var patience = Patience(seconds: 30)
    while true {
      let isMoving = requests.push(unit, &memory, dead: dead, window)
      guard let state = try? requests.test(number) else { return nil }
      if state != .pending { return state }
      if !isMoving, !patience.wait() { return nil }
    }
  }

  private mutating func barrier() -> Bool {
    var patience = Patience(seconds: 30)
    while true {
      switch unit.stepBarrier(window, anyDead: dead != 0) {
      case .passed: return true
      case .memberDied: return false
      case .waiting: if !patience.wait() { return false }
      }
    }
  }

  // MARK: - Bytes

  private func byte(_ index: UInt32, _ from: UInt8, _ round: UInt32) -> UInt8 {
    UInt8(truncatingIfNeeded: index &* 7 &+ index >> 8 &+ UInt32(from) &* 41 &+ round &* 13)
  }
  private func fill(_ address: UInt, _ count: UInt32, from: UInt8, _ round: UInt32) {
    for index in 0..<count { cpu_store8(address + UInt(index), byte(index, from, round)) }
  }
  private func clear(_ address: UInt, _ count: UInt32) {
    for index in 0..<count { cpu_store8(address + UInt(index), 0xEE) }
  }
  private mutating func check(_ address: UInt, _ count: UInt32, from: UInt8, _ round: UInt32) -> Bool {
    for index in 0..<count where cpu_load8(address + UInt(index)) != byte(index, from, round) { return false }
    checkedBytes &+= count
    return true
  }
}
