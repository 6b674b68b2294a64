/// How levels change: set for a thread, or inherited from those that wait for its mutexes.

import Trace

extension Scheduler {
  /// Sets a thread's level.
  ///
  /// What it inherits still holds; ready, it goes behind the others of the new level.
  ///
  /// - Returns: whether another thread than the current one should run now.
  /// - Throws: `.idleThread` or `.reclaimed`.
  public mutating func setLevel(
    of thread: ThreadReference, to level: PriorityLevel
  ) throws(SchedulingError) -> Bool {
    if thread.isIdle { throw .idleThread }
    if thread.fields.stateCode == .reclaimed { throw .reclaimed }
    thread.fields.baseRank = level.rank
    let rank = dueRank(of: thread)
    if rank != thread.fields.rank {
      setRank(of: thread, to: rank, first: false)
      if let owner = thread.fields.waitQueue?.fields.owner { settle(owner) }
    }
    return isSwitchDue()
  }

  /// The rank that a thread should have: the highest of its own and of all that wait for its mutexes.
  private func dueRank(of thread: ThreadReference) -> UInt8 {
    var rank = thread.fields.baseRank
    var held = thread.fields.held
    while let mutex = held {
      if let first = mutex.fields.first { rank = max(rank, first.fields.rank) }
      held = mutex.fields.nextHeld
    }
    return rank
  }

  /// Raises the owner of a mutex to the level of a thread that began to wait for it, and so on along the chain.
  mutating func raise(ownersFrom mutex: WaitQueueReference, for thread: ThreadReference) {
    let rank = thread.fields.rank
    var queue = mutex
    for _ in 0..<Self.maximumChainLength {
      guard let owner = queue.fields.owner, owner.fields.rank < rank else { return }
      setRank(of: owner, to: rank, first: true)
      guard let next = owner.fields.waitQueue else { return }
      queue = next
    }
  }

  /// Gives a thread the level that is due to it, and so on along the chain of owners that it waits for.
  mutating func settle(_ thread: ThreadReference) {
    var link = thread
    for _ in 0..<Self.maximumChainLength {
      let rank = dueRank(of: link)
      if rank == link.fields.rank { return }
      setRank(of: link, to: rank, first: true)
      guard let owner = link.fields.waitQueue?.fields.owner else { return }
      link = owner
    }
  }

  /// Moves a thread to another rank in whatever queue it is in.
  ///
  /// - Parameter isFirst: whether a ready thread goes to the front of its new level, though not before the
  ///   running thread: its turn was not over.
  private mutating func setRank(of thread: ThreadReference, to rank: UInt8, first isFirst: Bool) {
    switch thread.fields.stateCode {
    case .ready:
      ready.remove(thread)
      write(rank, to: thread)
      let leader = ready.head(ofRank: rank)
      let isBehindCurrent = leader == current && leader != thread && leader.fields.rank == rank
      if isFirst && !isBehindCurrent { ready.prepend(thread) } else { ready.append(thread) }
    case .waiting:
      guard let queue = thread.fields.waitQueue else { return write(rank, to: thread) }
      queue.remove(thread)
      write(rank, to: thread)
      queue.insert(thread)
    case .created, .exited, .reclaimed:
      write(rank, to: thread)
    }
  }

  private mutating func write(_ rank: UInt8, to thread: ThreadReference) {
    thread.fields.rank = rank
    thread.fields.mask = PriorityLevel.mask(ofRank: rank)
    trace.record(.level, small: UInt16(thread.level.number), large: thread.fields.identifier)
  }
}
