/// Locks and barriers of `NodeSync` between nodes that run, and when one of them dies.

import Arch
import CMachine
import Messaging
import NodeSync
import NodeTable
import PeerLinks
import RCCE
import Runtime
import Window

/// The kinds of locks that are tried.
enum LockKind: UInt32, CaseIterable {
  case testAndSet, ticket, queue, robust
}

/// The kinds of barriers that are tried.
enum BarrierKind: UInt32, CaseIterable {
  case central, dissemination, tree, messages
}

/// One node's part in trying locks and barriers with the first `size` members.
struct SynchronizationTrial: ~Copyable {
  let reference: LinksReference
  let trial: Trial
  let rank: UInt32
  private var all: DisseminationBarrier

  init(_ reference: LinksReference, _ trial: Trial) {
    self.reference = reference
    self.trial = trial
    rank = trial.rank(of: reference.links.number)
    // In the units' place, whose words belong to sessions: it needs no zeros.
    all = DisseminationBarrier(
      at: reference.links.plan.units.barrier, members: trial.size, number: rank,
      firstEpisode: UInt32(trial.session) << 16 | 1)
  }

  var window: MappedWindow { reference.links.window }
  var place: TrialPlace { reference.links.plan.trials }
  private var isAnyDead: Bool { reference.links.lost & trial.members != 0 }

  /// Tries every kind with all members; the number of the kind that failed is the status.
  mutating func run(_ result: inout TrialResult) {
    let rounds = max(1, trial.count)
    let start = cpu_rdtsc()
    let locks: InlineArray<4, LockKind> = [.testAndSet, .ticket, .queue, .robust]
    for index in locks.indices {
      let kind = locks[index]
      guard tryLock(kind, members: trial.size, rounds: rounds) != nil else {
        result.status = 10 + kind.rawValue
        return
      }
      result.values.0 &+= rounds
    }
    let barriers: InlineArray<4, BarrierKind> = [.central, .dissemination, .tree, .messages]
    for index in barriers.indices {
      let kind = barriers[index]
      guard tryBarrier(kind, members: trial.size, rounds: rounds) != nil else {
        result.status = 20 + kind.rawValue
        return
      }
      result.values.0 &+= rounds
    }
    let rate = max(1, NodeReference().node.clock.ticksPerMillisecond / 1_000)
    result.values.2 = UInt32(truncatingIfNeeded: (cpu_rdtsc() &- start) / rate)
  }

  // MARK: - All alive

  /// Waits for all members of the trial.
  mutating func gather() -> Bool {
    var patience = Patience(seconds: 60)
    while true {
      switch all.step(window, anyDead: isAnyDead) {
      case .passed: return true
      case .memberDied: return false
      case .waiting: if !patience.wait() { return false }
      }
    }
  }

  /// Gathers, clears the memory of locks and barriers, and gathers again.
  mutating func clear() -> Bool {
    guard gather() else { return false }
    if rank == 0 {
      for offset in stride(from: UInt32(0), to: TrialPlace.zeroBytes, by: 4) {
        window.store(0, at: place.start + offset)
      }
    }
    for node in 0..<64 { reference.links.trial.barrierWords[node] = 0 }
    return gather()
  }

  /// Increments a word under a lock, `rounds` times each, in two accesses that nothing but the lock keeps together.
  ///
  /// - Returns: the ticks that it took, or `nil` if an increment was lost or the lock was never got.
  mutating func tryLock(_ kind: LockKind, members: UInt32, rounds: UInt32) -> UInt64? {
    guard clear() else { return nil }
    let start = cpu_rdtsc()
    if rank < members {
      var lock = HeldLock(kind, place, rank, trial.session)
      for _ in 0..<rounds {
        guard lock.acquire(window) else { return nil }
        window.store(window.load(place.counter) &+ 1, at: place.counter)
        lock.release(window)
      }
    }
    guard gather() else { return nil }
    let ticks = cpu_rdtsc() &- start
    return window.loadAcquire(place.counter) == members * rounds ? ticks : nil
  }

  /// Passes a barrier `rounds` times, and looks each time whether all had come.
  ///
  /// - Returns: the ticks that it took, or `nil` if somebody was let pass too early or nobody at all.
  mutating func tryBarrier(_ kind: BarrierKind, members: UInt32, rounds: UInt32) -> UInt64? {
    guard clear() else { return nil }
    let start = cpu_rdtsc()
    if rank < members {
      var barrier = HeldBarrier(kind, self.trial, place, members, rank)
      for episode in 1...rounds {
        window.storeRelease(episode, at: place.progress(rank))
        guard barrier.pass(reference) == .passed else { return nil }
        for member in 0..<members {
          let progress = window.loadAcquire(place.progress(member))
          guard progress == episode || progress == episode + 1 else { return nil }
        }
      }
    }
    guard gather() else { return nil }
    return cpu_rdtsc() &- start
  }

  // MARK: - A death

  /// One member dies with a lock in its hands and without having come to the barriers.
  mutating func runWithDeath(_ result: inout TrialResult) {
    let victim = UInt8(truncatingIfNeeded: trial.count)
    let lock = RobustLock(
      at: place.lock(LockKind.robust.rawValue), node: reference.links.number, generation: trial.session)
    let isVictim = reference.links.number == victim
    guard clear(), !isVictim || lock.tryAcquire(window, isAlive: { _, _ in true }) == .acquired, gather()
    else {
      result.status = 1
      return
    }
    if isVictim {
      cpu_cli()
      while true { cpu_hlt() }
    }
    let barriers: InlineArray<4, BarrierKind> = [.central, .dissemination, .tree, .messages]
    for index in barriers.indices {
      let kind = barriers[index]
      var barrier = HeldBarrier(kind, trial, place, trial.size, rank)
      guard barrier.pass(reference) == .memberDied else {
        result.status = 20 + kind.rawValue
        return
      }
      result.values.0 += 1
    }
    result.status = inherit(lock)
    result.values.1 = 1
  }

  /// Takes the dead member's lock over, each in turn; exactly one learns of the death.
  private func inherit(_ lock: RobustLock) -> UInt32 {
    let (turns, deaths) = (place.counter, place.counter + 4)
    var patience = Patience(seconds: 30)
    while true {
      let dead = reference.links.lost
      let outcome = lock.tryAcquire(window) { node, _ in dead >> UInt64(node) & 1 == 0 }
      if outcome == .ownerDied { window.store(window.load(deaths) &+ 1, at: deaths) }
      if outcome != .busy { break }
      guard patience.wait() else { return 30 }
    }
    window.store(window.load(turns) &+ 1, at: turns)
    guard lock.release(window) else { return 31 }
    while window.loadAcquire(turns) < trial.size - 1 { guard patience.wait() else { return 32 } }
    return window.loadAcquire(deaths) == 1 ? 0 : 33
  }
}

/// A lock of one kind as one member has it.
private struct HeldLock {
  private let kind: LockKind
  private var testAndSet: TestAndSetLock
  private var ticket: TicketLock
  private var queue: QueueLock
  private let robust: RobustLock

  init(_ kind: LockKind, _ place: TrialPlace, _ rank: UInt32, _ session: UInt16) {
    self.kind = kind
    testAndSet = TestAndSetLock(at: place.lock(LockKind.testAndSet.rawValue))
    ticket = TicketLock(at: place.lock(LockKind.ticket.rawValue))
    queue = QueueLock(at: place.queue, number: rank)
    robust = RobustLock(
      at: place.lock(LockKind.robust.rawValue), node: UInt8(truncatingIfNeeded: rank), generation: session)
  }

  mutating func acquire(_ window: MappedWindow) -> Bool {
    var patience = Patience(seconds: 30)
    while true {
      let isHeld =
        switch kind {
        case .testAndSet: testAndSet.tryAcquire(window)
        case .ticket: ticket.tryAcquire(window)
        case .queue: queue.tryAcquire(window)
        case .robust: robust.tryAcquire(window) { _, _ in true } == .acquired
        }
      if isHeld { return true }
      guard patience.wait() else { return false }
    }
  }

  mutating func release(_ window: MappedWindow) {
    switch kind {
    case .testAndSet: testAndSet.release(window)
    case .ticket: ticket.release(window)
    case .queue: while !queue.tryRelease(window) { cpu_pause() }
    case .robust: _ = robust.release(window)
    }
  }
}

/// A barrier of one kind as one member has it.
private struct HeldBarrier {
  private let kind: BarrierKind
  private let trial: Trial
  private let rank: UInt32
  private let members: UInt32
  private var central: CentralBarrier
  private var dissemination: DisseminationBarrier
  private var tree: TreeBarrier
  private var messages: MessageBarrier

  init(_ kind: BarrierKind, _ trial: Trial, _ place: TrialPlace, _ members: UInt32, _ rank: UInt32) {
    self.kind = kind
    self.trial = trial
    self.rank = rank
    self.members = members
    central = CentralBarrier(at: place.central, members: members)
    dissemination = DisseminationBarrier(at: place.dissemination, members: members, number: rank)
    tree = TreeBarrier(at: place.tree, members: members, number: rank)
    messages = MessageBarrier(members: UInt8(members), number: UInt8(rank))
  }

  /// Arrives and waits.
  mutating func pass(_ reference: LinksReference) -> BarrierResult {
    var patience = Patience(seconds: 30)
    if kind == .messages, let message = messages.arrive() { tell(message, reference) }
    while true {
      let isAnyDead = reference.links.lost & trial.members != 0
      let window = reference.links.window
      let result =
        switch kind {
        case .central: central.step(window, anyDead: isAnyDead)
        case .dissemination: dissemination.step(window, anyDead: isAnyDead)
        case .tree: tree.step(window, anyDead: isAnyDead)
        case .messages: exchange(reference)
        }
      if result != .waiting { return result }
      guard patience.wait() else { return .waiting }
    }
  }

  private mutating func exchange(_ reference: LinksReference) -> BarrierResult {
    for member in 0..<members where member != rank {
      let node = trial.node(member)
      let episode = reference.links.trial.barrierWords[Int(node)]
      if episode != 0 { messages.receive(from: UInt8(member), episode: episode) }
      if reference.links.lost >> UInt64(node) & 1 != 0 { messages.died(UInt8(member)) }
    }
    while let message = messages.nextRelease() { tell(message, reference) }
    return messages.poll()
  }

  private func tell(_ message: BarrierMessage, _ reference: LinksReference) {
    cpu_cli()
    reference.links.trial.barrierEpisode = message.episode
    reference.links.trial.barrierTarget |= 1 << UInt64(trial.node(UInt32(message.to)))
    cpu_sti()
    raise(reference.links.wake)
  }
}
