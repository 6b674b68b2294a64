import ModelChecker
import NodeSync
import Testing
import Window

/// A barrier in the window, or one of messages that words of the window carry.
private enum MortalBarrier: Hashable {
  case shared(AnyBarrier)
  case messages(MessageBarrier, number: UInt8, members: UInt8, hasArrived: Bool)

  /// The word that carries the last message from one member to another.
  private static func wire(_ from: UInt8, _ to: UInt8) -> UInt32 { 4 * (UInt32(from) * 4 + UInt32(to)) }

  mutating func step(_ window: ModelWindow, dead: UInt8?) -> BarrierResult {
    switch self {
    case .shared(var barrier):
      defer { self = .shared(barrier) }
      return barrier.step(window, dead != nil)
    case .messages(var barrier, let number, let members, var hasArrived):
      if !hasArrived, let message = barrier.arrive() {
        window.storeRelease(message.episode, at: Self.wire(number, message.to))
      }
      hasArrived = true
      if let dead { barrier.died(dead) }
      // A word is read as often as there are steps: every message comes again and again.
      for other in 0..<members where other != number {
        let episode = window.loadAcquire(Self.wire(other, number))
        if episode != 0 { barrier.receive(from: other, episode: episode) }
      }
      while let release = barrier.nextRelease() {
        window.storeRelease(release.episode, at: Self.wire(number, release.to))
      }
      let result = barrier.poll()
      if result == .passed { hasArrived = false }
      self = .messages(barrier, number: number, members: members, hasArrived: hasArrived)
      return result
    }
  }

  static func make(_ kind: Int, _ members: Int, _ number: Int) -> MortalBarrier {
    if kind < 3 { return .shared(.make(kind, members, number)) }
    return .messages(
      MessageBarrier(members: UInt8(members), number: UInt8(number)), number: UInt8(number),
      members: UInt8(members), hasArrived: false)
  }
}

/// A member that may die before any access; the others learn of it, at any time after that.
private struct MortalMember: ModelNode {
  /// 1 and the number of the member that is known to be dead.
  static let death: UInt32 = 1020
  var barrier: MortalBarrier
  let number: Int
  let goal: Int
  var passed = 0
  var mayCrash: Bool
  let isTold: Bool
  var isDead = false
  var isFenced = false
  var hasFailed = false

  mutating func operate(_ window: ModelWindow) {
    if isDead {
      window.storeRelease(UInt32(number + 1), at: Self.death)
      isFenced = true
      return
    }
    let death = isTold ? window.loadAcquire(Self.death) : 0
    switch barrier.step(window, dead: death == 0 ? nil : UInt8(death - 1)) {
    case .waiting: break
    case .passed: passed += 1
    case .memberDied: hasFailed = true
    }
  }

  var isDone: Bool { isFenced || hasFailed || passed == goal }

  func crashed() -> MortalMember? {
    guard mayCrash, !isDead, passed < goal else { return nil }
    var dead = self
    dead.isDead = true
    return dead
  }
}

private func members(
  _ kind: Int, _ count: Int, _ episodes: Int, dies: Int, areTold: Bool = true
) -> Exploration {
  let members = (0..<count).map {
    MortalMember(
      barrier: .make(kind, count, $0), number: $0, goal: episodes, mayCrash: $0 == dies, isTold: areTold)
  }
  return explore(
    members, words: 256,
    invariant: { members in
      let counts = members.map(\.passed)
      // Who died has come as often as it passed, and perhaps once more.
      if (counts.max() ?? 0) - (counts.min() ?? 0) > 1 { return "passed before all had come: \(counts)" }
      if members.contains(where: \.hasFailed), !members.contains(where: \.isDead) {
        return "failed, and nobody is dead"
      }
      return nil
    },
    ending: { members in
      let isOver = members.allSatisfy { $0.isDead || $0.hasFailed || $0.passed == episodes }
      return isOver ? nil : "a member hangs"
    })
}

@Test(
  arguments: [0, 1, 2, 3],
  [(2, 2, 0), (2, 2, 1), (3, 1, 0), (3, 1, 1), (3, 1, 2), (3, 2, 0), (3, 2, 2)])
func aDeathAtAnyStepMakesABarrierFailAndHangsNobody(
  kind: Int, size: (members: Int, episodes: Int, dies: Int)
) {
  let result = members(kind, size.members, size.episodes, dies: size.dies)
  print(
    "barrier \(kind), \(size.members) members, \(size.episodes) episodes, member \(size.dies) dies: \(result)"
  )
  #expect(result.violation == nil && !result.isCut && result.states > 50)
}

@Test(arguments: [0, 1, 2, 3])
func aDeathThatNobodyIsToldOfIsCaught(kind: Int) {
  let result = members(kind, 3, 1, dies: 2, areTold: false)
  #expect(result.violation == Exploration.hang)
}
