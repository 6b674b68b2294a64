import ModelChecker
import NodeSync
import RCCE
import Testing
import Window

/// One word of memory, so that a state is small.
private struct WordMemory: UnitMemory, Hashable {
  var words: [UInt32]

  mutating func read<Window: SharedWindow & ~Copyable>(
    _ address: UInt, count: Int, to offset: UInt32, _ window: borrowing Window
  ) -> Bool {
    for index in 0..<(count / 4) {
      window.store(words[Int(address) / 4 + index], at: offset + UInt32(4 * index))
    }
    return true
  }
  mutating func write<Window: SharedWindow & ~Copyable>(
    _ address: UInt, count: Int, from offset: UInt32, _ window: borrowing Window
  ) -> Bool {
    for index in 0..<(count / 4) { words[Int(address) / 4 + index] = window.load(offset + UInt32(4 * index)) }
    return true
  }
}

/// A unit that sends or receives one message of two parts; it may die before any access.
private struct UnitNode: ModelNode {
  var unit: Unit
  var requests = Requests()
  var memory: WordMemory
  var mayCrash = false
  var isDead = false
  /// Whether the node may be told that unit 0 is dead: it can tell by itself in the model.
  var knowsDeath = false
  var outcome: RequestState = .pending
  let number: Int

  mutating func operate(_ window: ModelWindow) {
    requests.push(unit, &memory, dead: knowsDeath ? 1 : 0, window)
    if let state = try? requests.test(number), state != .pending { outcome = state }
  }
  var isDone: Bool { isDead || outcome != .pending }
  func crashed() -> UnitNode? {
    guard mayCrash, !isDead else { return nil }
    var dead = self
    dead.isDead = true
    return dead
  }
}

private func sending(crash: Bool) throws -> (nodes: [UnitNode], words: Int) {
  let layout = layout(2, bufferBytes: 8)
  guard let first = Unit(0, of: layout, session: 1), let second = Unit(1, of: layout, session: 1) else {
    fatalError("two units have numbers 0 and 1")
  }
  var send = Requests()
  let sendNumber = try send.send(first, to: 1, address: 0, count: 8)
  var receive = Requests()
  let receiveNumber = try receive.receive(second, from: Requests.any, address: 0, count: 8)
  return (
    [
      UnitNode(
        unit: first, requests: send, memory: WordMemory(words: [0xAAAA_0001, 0xBBBB_0002]), mayCrash: crash,
        number: sendNumber),
      UnitNode(
        unit: second, requests: receive, memory: WordMemory(words: [0, 0]), knowsDeath: crash,
        number: receiveNumber),
    ], Int(layout.byteCount / 4)
  )
}

private func isWhole(_ nodes: [UnitNode]) -> String? {
  let receiver = nodes[1]
  if receiver.outcome == .done(0), receiver.memory.words != [0xAAAA_0001, 0xBBBB_0002] {
    return "a torn message: \(receiver.memory.words)"
  }
  if case .failed(let error) = receiver.outcome, error != .dead {
    return "a correct peer was blamed: \(error)"
  }
  return nil
}

@Test func aMessageOfTwoPartsArrivesInEveryOrder() throws {
  let (nodes, words) = try sending(crash: false)
  let result = explore(nodes, words: words, invariant: isWhole) { nodes in
    nodes[0].outcome == .done(1) && nodes[1].outcome == .done(0) ? nil : "not all was delivered"
  }
  print("units, one message of two parts: \(result)")
  #expect(result.violation == nil && !result.isCut && result.states > 40)
}

@Test func theDeathOfASenderAtAnyStepFailsTheReceiveOrComesTooLate() throws {
  let (nodes, words) = try sending(crash: true)
  let result = explore(nodes, words: words, invariant: isWhole) { nodes in
    nodes[1].outcome == .pending ? "the receiver hangs" : nil
  }
  print("units, the sender dies at any step: \(result)")
  #expect(result.violation == nil && !result.isCut && result.states > 40)
}

@Test func aMessageWithoutReleaseIsCaught() throws {
  let (nodes, words) = try sending(crash: false)
  let result = explore(nodes, words: words, mutation: .noRelease, invariant: isWhole)
  #expect(result.violation != nil)
}
