import ModelChecker
import NodeSync
import Testing
import Window

enum AnyBarrier: Hashable {
  case central(CentralBarrier)
  case dissemination(DisseminationBarrier)
  case tree(TreeBarrier)

  static func make(_ kind: Int, _ members: Int, _ number: Int) -> AnyBarrier {
    switch kind {
    case 0: .central(CentralBarrier(at: 0, members: UInt32(members)))
    case 1: .dissemination(DisseminationBarrier(at: 0, members: UInt32(members), number: UInt32(number)))
    default: .tree(TreeBarrier(at: 0, members: UInt32(members), number: UInt32(number)))
    }
  }

  mutating func step(_ window: ModelWindow, _ anyDead: Bool = false) -> BarrierResult {
    switch self {
    case .central(var barrier):
      defer { self = .central(barrier) }
      return barrier.step(window, anyDead: anyDead)
    case .dissemination(var barrier):
      defer { self = .dissemination(barrier) }
      return barrier.step(window, anyDead: anyDead)
    case .tree(var barrier):
      defer { self = .tree(barrier) }
      return barrier.step(window, anyDead: anyDead)
    }
  }
}

struct BarrierUser: ModelNode {
  var barrier: AnyBarrier
  var passed = 0
  var goal: Int
  mutating func operate(_ window: ModelWindow) {
    if barrier.step(window) == .passed { passed += 1 }
  }
  var isDone: Bool { passed == goal }
}

@Test(arguments: [(0, 2, 3), (0, 3, 2), (1, 2, 3), (1, 3, 2), (2, 2, 3), (2, 3, 2)])
func nobodyPassesBeforeAllHaveCome(kind: Int, members: Int, episodes: Int) {
  let users = (0..<members).map { BarrierUser(barrier: .make(kind, members, $0), goal: episodes) }
  let result = explore(
    users, words: 128,
    invariant: { users in
      let counts = users.map(\.passed)
      return (counts.max() ?? 0) - (counts.min() ?? 0) > 1 ? "a member is two episodes ahead: \(counts)" : nil
    })
  print("barrier \(kind), \(members) members, \(episodes) episodes: \(result)")
  #expect(result.violation == nil && !result.isCut && result.states > 50)
}

@Test(arguments: [0, 1, 2])
func aDeadMemberMakesTheBarrierFail(kind: Int) {
  let window = ModelWindow.forTest(words: 128)
  var first = AnyBarrier.make(kind, 3, 0)
  var second = AnyBarrier.make(kind, 3, 1)
  let waits = [first.step(window), second.step(window)]
  let noticed = first.step(window, true)
  let told = second.step(window)
  #expect(waits == [.waiting, .waiting] && noticed == .memberDied && told == .memberDied)
}

@Test func aBarrierOfMessagesPassesOnceAndFailsWithADeadMember() {
  var members = (0..<3).map { MessageBarrier(members: 3, number: UInt8($0)) }
  for _ in 0..<5 {
    for index in [2, 0, 1] {
      if let message = members[index].arrive() {
        members[0].receive(from: UInt8(index), episode: message.episode)
        members[0].receive(from: UInt8(index), episode: message.episode)
      }
    }
    while let release = members[0].nextRelease() {
      members[Int(release.to)].receive(from: 0, episode: release.episode)
    }
    for index in 0..<3 {
      let once = members[index].poll()
      let again = members[index].poll()
      #expect(once == .passed && again == .waiting)
    }
  }
  _ = members[0].arrive()
  members[0].died(2)
  let failed = members[0].poll()
  #expect(failed == .memberDied)
}
