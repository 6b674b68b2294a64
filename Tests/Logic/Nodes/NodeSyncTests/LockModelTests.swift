import ModelChecker
import NodeSync
import Testing
import Window

/// The four kinds under one shape.
enum AnyLock: Hashable {
  case testAndSet(TestAndSetLock)
  case ticket(TicketLock)
  case queue(QueueLock)
  case robust(RobustLock)

  mutating func tryAcquire(_ window: ModelWindow) -> Bool {
    switch self {
    case .testAndSet(let old):
      // Back-off is time, not state: without it the waiter that tried once is the one that tried twice.
      let lock = old
      var attempt = lock
      let isHeld = attempt.tryAcquire(window)
      return isHeld
    case .ticket(var lock):
      defer { self = .ticket(lock) }
      return lock.tryAcquire(window)
    case .queue(var lock):
      defer { self = .queue(lock) }
      return lock.tryAcquire(window)
    case .robust(let lock): return lock.tryAcquire(window) { _, _ in true } == .acquired
    }
  }

  mutating func tryRelease(_ window: ModelWindow) -> Bool {
    switch self {
    case .testAndSet(let lock):
      lock.release(window)
      return true
    case .ticket(var lock):
      defer { self = .ticket(lock) }
      lock.release(window)
      return true
    case .queue(var lock):
      defer { self = .queue(lock) }
      return lock.tryRelease(window)
    case .robust(let lock): return lock.release(window)
    }
  }

  static func make(_ kind: Int, _ number: Int) -> AnyLock {
    switch kind {
    case 0: .testAndSet(TestAndSetLock(at: 0))
    case 1: .ticket(TicketLock(at: 0))
    case 2: .queue(QueueLock(at: 0, number: UInt32(number)))
    default: .robust(RobustLock(at: 0, node: UInt8(number), generation: 1))
    }
  }
}

/// Takes the lock, adds one to a word that it guards by a load and a plain store, and frees it; `turns` times.
struct LockUser: ModelNode {
  static let guarded: UInt32 = 1020
  var lock: AnyLock
  var turns: Int
  var isInside = false
  var isLeaving = false
  var seen: [UInt32] = []

  mutating func operate(_ window: ModelWindow) {
    if isLeaving {
      guard lock.tryRelease(window) else { return }
      isLeaving = false
      turns -= 1
    } else if isInside {
      let value = window.load(Self.guarded)
      window.store(value + 1, at: Self.guarded)
      seen.append(value)
      isInside = false
      isLeaving = true
    } else if lock.tryAcquire(window) {
      isInside = true
    }
  }
  var isDone: Bool { turns == 0 }
}

func exclusion(_ users: [LockUser]) -> String? {
  users.count(where: \.isInside) > 1 ? "two nodes are inside" : nil
}

func noUpdateLost(_ users: [LockUser]) -> String? {
  let seen = users.flatMap(\.seen).sorted()
  return seen == (0..<UInt32(seen.count)).map { $0 } ? nil : "an update was lost: \(seen)"
}

@Test(arguments: [(0, 3, 1), (0, 2, 2), (1, 3, 1), (1, 2, 2), (2, 3, 1), (2, 2, 2), (3, 3, 1), (3, 2, 2)])
func oneNodeAtATimeInEveryOrder(kind: Int, nodes: Int, turns: Int) {
  let users = (0..<nodes).map { LockUser(lock: .make(kind, $0), turns: turns) }
  let result = explore(users, words: 256, invariant: exclusion, ending: noUpdateLost)
  print("lock \(kind), \(nodes) nodes, \(turns) turns: \(result)")
  #expect(result.violation == nil && !result.isCut && result.states > 100)
}

@Test(arguments: [
  (0, WindowMutation.noRelease), (1, .noRelease), (2, .noRelease), (0, .tornExchange), (2, .tornExchange),
])
func aLockWithoutItsOrderIsCaught(kind: Int, mutation: WindowMutation) {
  let users = (0..<2).map { LockUser(lock: .make(kind, $0), turns: 2) }
  let result = explore(users, words: 256, mutation: mutation, invariant: exclusion, ending: noUpdateLost)
  #expect(result.violation != nil)
}

@Test func aDeadHolderIsNoticedOnce() {
  let window = ModelWindow.forTest(words: 16)
  let dead = RobustLock(at: 0, node: 0, generation: 1)
  #expect(dead.tryAcquire(window) { _, _ in true } == .acquired)
  let first = RobustLock(at: 0, node: 1, generation: 1)
  let second = RobustLock(at: 0, node: 2, generation: 1)
  #expect(first.tryAcquire(window) { _, _ in true } == .busy)
  #expect(first.tryAcquire(window) { node, _ in node != 0 } == .ownerDied)
  #expect(second.tryAcquire(window) { node, _ in node != 0 } == .busy)
  #expect(!dead.release(window), "who was taken for dead does not free another's lock")
  #expect(first.release(window))
}
