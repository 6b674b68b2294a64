import ModelChecker
import NodeSync
import Testing
import Window

/// Who is taken for dead.
private enum Belief: Hashable {
  /// Who is held in reset, as the table of nodes says.
  case table
  /// Nobody: deaths go unnoticed.
  case allLive
  /// Everybody.
  case allDead
}

/// A node that takes the lock, changes what it guards in two steps, and frees it; it may die before any access.
///
/// A dead node is fenced, which whoever keeps the life cycle notes later, and starts its next life after that.
private struct MortalUser: ModelNode {
  static let lock: UInt32 = 0
  /// The life of each node, 0 while it is fenced.
  static func life(_ node: UInt8) -> UInt32 { 64 + 4 * UInt32(node) }
  /// Two words that are equal while nobody is inside.
  static let guarded: UInt32 = 128

  let number: UInt8
  var turns: Int
  var crashesLeft: Int
  let mayReturn: Bool
  let belief: Belief
  var generation: UInt16 = 1
  var isInside = false
  var isLeaving = false
  /// Dead, and not yet held in reset by the others.
  var isDead = false
  /// Fenced, and not yet started again.
  var isFenced = false
  /// Whether a life of this node ended with the lock held, and how often this node noticed another's such end.
  var diedHolding = false
  var noticed = 0
  var problem: String?

  var isDone: Bool { turns == 0 || isFenced && !mayReturn }

  mutating func operate(_ window: ModelWindow) {
    if isDead {
      window.storeRelease(0, at: Self.life(number))
      isDead = false
      isFenced = true
    } else if isFenced {
      generation += 1
      window.storeRelease(UInt32(generation), at: Self.life(number))
      isFenced = false
    } else if isLeaving {
      if !handle.release(window) { problem = "a holder's lock was taken from it" }
      isLeaving = false
      turns -= 1
    } else if isInside {
      let first = window.load(Self.guarded)
      if window.load(Self.guarded + 4) != first { problem = "half a change that nobody was told of" }
      window.store(first + 1, at: Self.guarded)
      window.store(first + 1, at: Self.guarded + 4)
      isInside = false
      isLeaving = true
    } else {
      acquire(window)
    }
  }

  private var handle: RobustLock { RobustLock(at: Self.lock, node: number, generation: generation) }

  private mutating func acquire(_ window: ModelWindow) {
    let belief = belief
    let outcome = handle.tryAcquire(window) { node, generation in
      switch belief {
      case .table: window.loadAcquire(Self.life(node)) == UInt32(generation)
      case .allLive: true
      case .allDead: false
      }
    }
    if outcome == .ownerDied {
      noticed += 1
      // The heir mends what may be half changed.
      window.store(window.load(Self.guarded), at: Self.guarded + 4)
    }
    isInside = outcome != .busy
  }

  func crashed() -> MortalUser? {
    guard crashesLeft > 0, !isDead, !isFenced, !isDone else { return nil }
    var dead = self
    dead.crashesLeft -= 1
    dead.isDead = true
    dead.diedHolding = isInside || isLeaving
    (dead.isInside, dead.isLeaving) = (false, false)
    return dead
  }
}

private func users(_ count: Int, turns: Int, mayReturn: Bool, belief: Belief) -> Exploration {
  let users = (0..<UInt8(count)).map {
    MortalUser(
      number: $0, turns: turns, crashesLeft: $0 == 0 ? 1 : 0, mayReturn: mayReturn, belief: belief)
  }
  let lives = Dictionary(
    uniqueKeysWithValues: users.map { (Int(MortalUser.life($0.number) / 4), UInt32(1)) })
  return explore(users, words: 64, initial: lives) { users in
    if let problem = users.compactMap(\.problem).first { return problem }
    if users.count(where: { $0.isInside || $0.isLeaving }) > 1 { return "two nodes are inside" }
    let deaths = users.count(where: \.diedHolding)
    let noticed = users.map(\.noticed).reduce(0, +)
    if noticed > deaths { return "a death was noticed that was none, or twice" }
    if deaths > noticed, users.contains(where: { $0.isInside || $0.isLeaving }) {
      return "the lock was taken from the dead, and nobody told"
    }
    return nil
  }
}

@Test(arguments: [(2, 2, false), (2, 2, true), (3, 1, false), (3, 1, true)])
func aHoldersDeathAtAnyStepIsNoticedOnce(nodes: Int, turns: Int, mayReturn: Bool) {
  let result = users(nodes, turns: turns, mayReturn: mayReturn, belief: .table)
  print("robust, \(nodes) nodes, \(turns) turns, one dies\(mayReturn ? " and returns" : ""): \(result)")
  #expect(result.violation == nil && !result.isCut && result.states > 100)
}

@Test func deathsThatGoUnnoticedAndLivingThatAreTakenForDeadAreCaught() {
  let unnoticed = users(2, turns: 1, mayReturn: false, belief: .allLive)
  #expect(unnoticed.violation == Exploration.hang)
  let slandered = users(2, turns: 1, mayReturn: false, belief: .allDead)
  #expect(slandered.violation != nil && slandered.violation != Exploration.hang)
}
