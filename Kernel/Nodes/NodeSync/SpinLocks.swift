/// Spin locks in the shared window, four ways, each as steps that never wait inside.
///
/// A step answers whether the lock is held now; between steps the caller pauses, halts or schedules, and may give
/// up. So the same source serves a kernel that spins, a test, and a model checker that tries every order.

import Window

/// A test-and-set lock: one word, 0 free, 1 held.
///
/// What the SCC's test-and-set registers were.
public struct TestAndSetLock: BitwiseCopyable, Hashable, Sendable {
  @usableFromInline let word: UInt32
  /// Pauses to make before the next try: 1, 2, 4 … 1024, so that many waiters do not fight over the line.
  public private(set) var backOff: UInt32 = 1

  /// Makes one waiter's view of the lock at a window offset.
  public init(at word: UInt32) { self.word = word }

  /// Tries once; reads before it writes, so that waiters share the line while the lock is held.
  public mutating func tryAcquire<Window: SharedWindow & ~Copyable>(_ window: borrowing Window) -> Bool {
    if window.load(word) == 0, window.exchange(1, at: word) == 0 {
      backOff = 1
      return true
    }
    backOff = min(backOff * 2, 1024)
    return false
  }

  /// Frees the lock, which the caller holds.
  public func release<Window: SharedWindow & ~Copyable>(_ window: borrowing Window) {
    window.storeRelease(0, at: word)
  }
}

/// A ticket lock: two words, next ticket and now serving; first come, first served.
public struct TicketLock: BitwiseCopyable, Hashable, Sendable {
  @usableFromInline let word: UInt32
  private var ticket: UInt32?

  /// Makes one waiter's view of the lock at a window offset.
  public init(at word: UInt32) { self.word = word }

  /// Draws a ticket if the waiter has none, and answers whether it is its turn.
  ///
  /// Who drew one must go on asking.
  public mutating func tryAcquire<Window: SharedWindow & ~Copyable>(_ window: borrowing Window) -> Bool {
    let mine: UInt32
    if let ticket {
      mine = ticket
    } else {
      mine = window.fetchAdd(1, at: word)
      ticket = mine
    }
    return window.loadAcquire(word + 4) == mine
  }

  /// Serves the next ticket; the caller holds the lock.
  public mutating func release<Window: SharedWindow & ~Copyable>(_ window: borrowing Window) {
    guard let ticket else { return }
    window.storeRelease(ticket &+ 1, at: word + 4)
    self.ticket = nil
  }
}

/// An MCS queue lock: each waiter spins on a line of its own (Mellor-Crummey and Scott, 1991).
///
/// The tail word holds the number of the last waiter plus one. A waiter's line has two words: the next waiter's
/// number plus one, and whether this one must still wait.
public struct QueueLock: BitwiseCopyable, Hashable, Sendable {
  private enum State: UInt8 { case idle, linking, waiting, held, leaving }
  @usableFromInline let word: UInt32
  @usableFromInline let me: UInt32
  private var state = State.idle
  private var before: UInt32 = 0

  /// Makes the view of waiter `number`; the lock takes `64 * (1 + waiters)` bytes from `word`.
  public init(at word: UInt32, number: UInt32) {
    self.word = word
    me = number
  }

  private func line(_ tag: UInt32) -> UInt32 { word + 64 * tag }

  /// Joins the queue if the waiter is not in it, and answers whether its turn has come.
  public mutating func tryAcquire<Window: SharedWindow & ~Copyable>(_ window: borrowing Window) -> Bool {
    switch state {
    case .idle:
      window.store(0, at: line(me + 1))
      window.store(1, at: line(me + 1) + 4)
      before = window.exchange(me + 1, at: word)
      if before == 0 {
        state = .held
        return true
      }
      window.storeRelease(me + 1, at: line(before))
      state = .waiting
      return false
    case .waiting, .linking:
      guard window.loadAcquire(line(me + 1) + 4) == 0 else { return false }
      state = .held
      return true
    case .held, .leaving: return true
    }
  }

  /// Hands the lock on; false if the next waiter is still linking itself, and the caller must ask again.
  public mutating func tryRelease<Window: SharedWindow & ~Copyable>(_ window: borrowing Window) -> Bool {
    let next = window.loadAcquire(line(me + 1))
    if next == 0 {
      guard window.compareExchange(me + 1, with: 0, at: word) else {
        state = .leaving
        return false
      }
    } else {
      window.storeRelease(0, at: line(next) + 4)
    }
    state = .idle
    return true
  }
}

/// A lock that names its holder, so that a dead one is noticed.
///
/// The word holds `generation << 8 | node + 1` of the holder. Who finds a dead holder, by the word of whoever keeps
/// the life cycle, takes the lock over in one exchange and learns that what it guards may be half changed. A dead
/// node must be fenced first, so that it never releases what it no longer holds.
public struct RobustLock: BitwiseCopyable, Hashable, Sendable {
  /// How the lock was got.
  public enum Outcome: UInt8, BitwiseCopyable, Sendable {
    /// Someone alive holds it.
    case busy
    /// It was free.
    case acquired
    /// Its holder died.
    case ownerDied
  }
  @usableFromInline let word: UInt32
  @usableFromInline let mine: UInt32

  /// Makes the view of a node in one of its lives.
  public init(at word: UInt32, node: UInt8, generation: UInt16) {
    self.word = word
    mine = UInt32(generation) << 8 | UInt32(node) + 1
  }

  /// Tries once.
  ///
  /// - Parameter isAlive: whether a node still lives the life of that generation.
  public func tryAcquire<Window: SharedWindow & ~Copyable>(
    _ window: borrowing Window, isAlive: (_ node: UInt8, _ generation: UInt16) -> Bool
  ) -> Outcome {
    let holder = window.load(word)
    if holder == 0 { return window.compareExchange(0, with: mine, at: word) ? .acquired : .busy }
    let node = UInt8(truncatingIfNeeded: holder &- 1)
    if isAlive(node, UInt16(truncatingIfNeeded: holder >> 8)) { return .busy }
    return window.compareExchange(holder, with: mine, at: word) ? .ownerDied : .busy
  }

  /// Frees the lock; false if it is no longer the caller's, who was taken for dead.
  public func release<Window: SharedWindow & ~Copyable>(_ window: borrowing Window) -> Bool {
    window.compareExchange(mine, with: 0, at: word)
  }
}
