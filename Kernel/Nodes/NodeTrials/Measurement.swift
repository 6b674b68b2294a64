/// What messages between nodes cost, in ticks of the time stamp counter: all of it in one run, so that ratios hold.
///
/// Node 0 measures and shows samples in the form of `Kernel/Benchmarks/Samples.swift`; the node of rank 1 answers, and for
/// some measurements all do.

import Arch
import Base
import CMachine
import Log
import Messaging
import NodeSync
import NodeTable
import PeerLinks
import Runtime
import Sync
import Window

/// One node's part.
struct Measurement: ~Copyable {
  private let reference: LinksReference
  private let trial: Trial
  private let rank: UInt32
  private var together: SynchronizationTrial
  private let samples: UInt
  // How often the links to each of the first ranks were set up.
  private var linkings = InlineArray<8, UInt32>(repeating: 0)
  private static var most: UInt32 { 500 }
  /// Samples of each lock and barrier.
  private static var rounds: UInt32 { 20 }

  init(_ reference: LinksReference, _ trial: Trial) {
    self.reference = reference
    self.trial = trial
    rank = trial.rank(of: reference.links.number)
    together = SynchronizationTrial(reference, trial)
    samples = KernelHeap.allocate(Int(Self.most) * 4, alignment: 64).rawValue
  }

  deinit { KernelHeap.free(VirtualAddress(samples)) }

  private var window: MappedWindow { reference.links.window }
  private var place: TrialPlace { reference.links.plan.trials }

  mutating func run(_ result: inout TrialResult) {
    guard trial.size > 1 else { return }
    // Number 2 is for many nodes: on an emulator with fewer processors of its own they take long.
    let isGood =
      trial.count == 2
      ? manyToOne() && compareLocks() : throwBall() && pollRing() && callHalted() && callBusy() && stream()
    result.status = isGood ? 0 : 1
  }

  private func add(_ index: UInt32, _ ticks: UInt64) {
    cpu_store32(samples + UInt(index) * 4, UInt32(truncatingIfNeeded: min(ticks, UInt64(UInt32.max))))
  }

  /// Shows samples that node 0 has taken.
  private func report(_ name: Text, _ count: UInt32) {
    guard rank == 0 else { return }
    let reference = NodeReference()
    var line = Text()
    for index in 0..<count {
      if line.count == 0 { line = "bench 1 \(name):" }
      line.append(" ")
      line.append(decimal: UInt64(cpu_load32(samples + UInt(index) * 4)))
      if line.count > 200 || index + 1 == count {
        reference.node.log.show(line)
        line = Text()
      }
    }
    reference.node.log.show("bench 1 \(name) end \(count)")
  }

  // MARK: - Two nodes

  /// A bare word in a cache line, there and back: what the machine itself takes.
  private mutating func throwBall() -> Bool {
    guard together.clear() else { return false }
    let rounds = Self.most
    if rank == 0 {
      for round in 0..<rounds {
        let start = cpu_rdtsc()
        window.storeRelease(2 * round + 1, at: place.ball)
        while window.loadAcquire(place.ball) != 2 * round + 2 {}
        add(round, cpu_rdtsc() &- start)
      }
    } else if rank == 1 {
      for round in 0..<rounds {
        while window.loadAcquire(place.ball) != 2 * round + 1 {}
        window.storeRelease(2 * round + 2, at: place.ball)
      }
    }
    guard together.gather() else { return false }
    report("node/ball-round-trip", rounds)
    return true
  }

  /// Both ends of the links of the trial to one other rank, ready to send.
  ///
  /// Links that were used before have a generation that a new receiver would take for the other's new one. So each says in
  /// its line which generation it begins, and how often the two have begun: the receiver waits for that one.
  private mutating func ends(with other: UInt32) -> (sender: LinkSender, receiver: LinkReceiver)? {
    guard rank < 8, other < 8 else { return nil }
    linkings[Int(other)] += 1
    let (me, you) = (UInt8(truncatingIfNeeded: rank), UInt8(truncatingIfNeeded: other))
    var sender = LinkSender(from: me, to: you, layout: place.rings, window)
    var receiver = LinkReceiver(from: you, to: me, layout: place.rings, window)
    let time = linkings[Int(other)] << 16
    window.storeRelease(time | UInt32(sender.generation), at: place.linking(of: rank, with: other))
    var patience = Patience(seconds: 20)
    let credit = place.rings.pair(from: me, to: you) + 68
    // Until either has taken the other's generation.
    while window.loadAcquire(credit + 8) >> 16 != UInt32(sender.generation)
      || window.loadAcquire(place.linking(of: other, with: rank)) != time | UInt32(receiver.generation)
    {
      sender.service(window)
      receiver.service(window)
      guard patience.wait() else { return nil }
    }
    return (sender, receiver)
  }

  /// Eight bytes through rings, found by polling.
  private mutating func pollRing() -> Bool {
    guard together.gather() else { return false }
    let rounds = Self.most
    if rank < 2 {
      guard var (sender, receiver) = ends(with: 1 - rank) else { return false }
      for round in 0..<rounds {
        let start = cpu_rdtsc()
        if rank == 0 { while sender.normal.send(UInt64(round), type: 1, window) == .again {} }
        guard Self.poll(&receiver.normal, window) == UInt64(round) else { return false }
        if rank == 1 { while sender.normal.send(UInt64(round), type: 1, window) == .again {} }
        if rank == 0 { add(round, cpu_rdtsc() &- start) }
      }
    }
    guard together.gather() else { return false }
    report("node/poll-round-trip", rounds)
    return true
  }

  @inline(never)
  private static func poll(_ ring: inout RingReceiver, _ window: MappedWindow) -> UInt64 {
    while true {
      do throws(MessageFault) {
        if let message = try ring.receive(window) { return message.value }
      } catch { return .max }
    }
  }

  /// A call of eight bytes, announced by the doorbell, to a node that is halted.
  private mutating func callHalted() -> Bool {
    guard together.gather() else { return false }
    if rank == 0 { guard calls(200) else { return false } }
    // The others wait asleep.
    guard together.gather() else { return false }
    report("node/doorbell-round-trip-halted", 200)
    return true
  }

  /// The same to a node that computes.
  private mutating func callBusy() -> Bool {
    guard together.clear() else { return false }
    if rank == 0 {
      let isGood = calls(200)
      window.storeRelease(1, at: place.ball)
      guard isGood else { return false }
    } else if rank == 1 {
      while window.loadAcquire(place.ball) == 0 {}
    }
    guard together.gather() else { return false }
    report("node/doorbell-round-trip-busy", 200)
    return true
  }

  private func calls(_ count: UInt32) -> Bool {
    var answer: UInt64 = 0
    for index in 0..<count {
      var value = UInt64(index) &* 0x1_0001_0001
      let start = cpu_rdtsc()
      let outcome = unsafe withUnsafeBytes(of: &value) { payload in
        unsafe withUnsafeMutableBytes(of: &answer) { reply in
          var target = unsafe MutableRawSpan(_unsafeBytes: reply)
          return reference.call(
            trial.node(1), .echo, unsafe RawSpan(_unsafeBytes: payload), into: &target,
            nanoseconds: 5_000_000_000)
        }
      }
      add(index, cpu_rdtsc() &- start)
      guard outcome.result == .replied, outcome.count == 8, answer == value else { return false }
    }
    return true
  }

  /// One way, by size: ticks for a message of a stream of 50; the last two sizes lie in chunks.
  private mutating func stream() -> Bool {
    let sizes: InlineArray<6, Int> = [8, 64, 256, 468, 4_096, 65_536]
    let bytes = KernelHeap.allocate(65_536, alignment: 64).rawValue
    defer { KernelHeap.free(VirtualAddress(bytes)) }
    for index in sizes.indices {
      let size = sizes[index]
      guard together.gather() else { return false }
      if rank < 2 {
        guard var (sender, receiver) = ends(with: 1 - rank), move(size, bytes, &sender, &receiver) else {
          return false
        }
      }
      guard together.gather() else { return false }
      report("node/stream-\(UInt32(size))", 40)
    }
    return true
  }

  private func move(_ size: Int, _ place: UInt, _ sender: inout LinkSender, _ receiver: inout LinkReceiver)
    -> Bool
  {
    guard let bytes = unsafe UnsafeMutableRawPointer(bitPattern: place) else { return false }
    if rank == 1 {
      // SAFETY: the place has as many bytes as the longest message.
      let payload = unsafe RawSpan(_unsafeStart: bytes, byteCount: size)
      for _ in 0..<2_000 { while sender.send(payload, type: 1, window) == .again {} }
      return true
    }
    for batch in 0..<40 as Range<UInt32> {
      let start = cpu_rdtsc()
      for _ in 0..<50 {
        // SAFETY: as above.
        var target = unsafe MutableRawSpan(_unsafeStart: bytes, byteCount: 65_536)
        while true {
          guard let header = receiver.receive(into: &target, window) else {
            if receiver.isBroken { return false }
            continue
          }
          if header.length != UInt32(size) { return false }
          break
        }
      }
      add(batch, (cpu_rdtsc() &- start) / 50)
    }
    return true
  }

  // MARK: - Many nodes

  /// All send to node 0: ticks for a message.
  private mutating func manyToOne() -> Bool {
    guard together.clear() else { return false }
    let senders = min(trial.size, 8) - 1
    for count in 1...senders {
      guard together.gather() else { return false }
      if rank == 0 {
        guard collect(from: count) else { return false }
      } else if rank <= count {
        guard var (sender, _) = ends(with: 0) else { return false }
        for index in 0..<1_000 as Range<UInt64> {
          while sender.normal.send(index, type: 1, window) == .again {}
        }
      }
      guard together.gather() else { return false }
      report("nodes/from-\(count)-to-1", 20)
    }
    return true
  }

  private mutating func collect(from count: UInt32) -> Bool {
    var receivers = InlineArray<8, LinkReceiver?>(repeating: nil)
    for member in 1...count {
      guard let (_, receiver) = ends(with: member) else { return false }
      receivers[Int(member)] = receiver
    }
    var next = InlineArray<8, UInt64>(repeating: 0)
    let total = count * 1_000
    var taken: UInt32 = 0
    var batch: UInt32 = 0
    var start = cpu_rdtsc()
    while taken < total {
      for member in 1...Int(count) {
        do throws(MessageFault) {
          guard let message = try receivers[member]?.normal.receive(window) else { continue }
          guard message.value == next[member] else { return false }
          next[member] += 1
          taken += 1
        } catch { return false }
        if taken % (total / 20) == 0 {
          let now = cpu_rdtsc()
          add(batch, (now &- start) / UInt64(total / 20))
          batch += 1
          start = now
        }
      }
    }
    return true
  }

  /// Locks and barriers against the number of nodes: ticks for one acquisition, and for one episode.
  private mutating func compareLocks() -> Bool {
    var members: UInt32 = 2
    while members <= trial.size {
      let locks: InlineArray<4, LockKind> = [.testAndSet, .ticket, .queue, .robust]
      for index in locks.indices {
        let kind = locks[index]
        for sample in 0..<Self.rounds {
          guard let ticks = together.tryLock(kind, members: members, rounds: 30) else { return false }
          add(sample, ticks / UInt64(30 * members))
        }
        report("nodes/lock-\(kind.name)/\(members)", Self.rounds)
      }
      let barriers: InlineArray<4, BarrierKind> = [.central, .dissemination, .tree, .messages]
      for index in barriers.indices {
        let kind = barriers[index]
        for sample in 0..<Self.rounds {
          guard let ticks = together.tryBarrier(kind, members: members, rounds: 20) else { return false }
          add(sample, ticks / 20)
        }
        report("nodes/barrier-\(kind.name)/\(members)", Self.rounds)
      }
      // Every number up to four, then the double.
      members = members < 4 || members == trial.size ? members + 1 : min(members * 2, trial.size)
    }
    return true
  }
}

extension LockKind {
  /// The kind in a word.
  var name: Text {
    switch self {
    case .testAndSet: "test-and-set"
    case .ticket: "ticket"
    case .queue: "queue"
    case .robust: "robust"
    }
  }
}

extension BarrierKind {
  /// The kind in a word.
  var name: Text {
    switch self {
    case .central: "central"
    case .dissemination: "dissemination"
    case .tree: "tree"
    case .messages: "messages"
    }
  }
}
