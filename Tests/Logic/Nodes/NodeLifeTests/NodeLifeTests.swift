import NodeLife
import Testing

/// Everything that can happen to a watcher of lives 1 and 2, exhaustively.
@Test func everyOrderOfEventsKeepsTheRules() {
  struct State: Hashable {
    var life: NodeLife
    var recovered: [Int]
    var fences: [Int]
  }
  var events: [LifeEvent] = []
  for generation: UInt16 in 1...3 {
    events += [
      .started(generation: generation), .hello(generation: generation, format: 7),
      .hello(generation: generation, format: 8), .agreed(generation: generation),
      .tick(generation: generation, heartbeat: 0), .tick(generation: generation, heartbeat: 1),
      .tick(generation: generation, heartbeat: 2), .fenced(generation: generation),
      .stopped(generation: generation),
    ]
  }
  let start = State(
    life: NodeLife(format: 7, patience: .init(suspectTicks: 2, deadTicks: 4)), recovered: [0, 0, 0, 0],
    fences: [0, 0, 0, 0])
  var seen: Set<State> = [start]
  var open = [start]
  var transitions = 0
  while let state = open.popLast() {
    for event in events {
      var next = state
      let actions = next.life.handle(event)
      transitions += 1
      let generation = Int(next.life.generation)
      #expect(next.life.generation >= state.life.generation, "lives only go forward")
      if actions.contains(.fence) { next.fences[generation] += 1 }
      if actions.contains(.recover) {
        next.recovered[generation] += 1
        #expect(next.life.state == .fenced && state.life.state == .dead)
      }
      if next.life.generation != state.life.generation {
        #expect(state.life.state == .absent || state.life.state == .fenced, "two lives at once")
      }
      if next.life.state == .online, state.life.state != .online {
        #expect(state.life.state == .hello || state.life.state == .suspect)
      }
      #expect(next.recovered.allSatisfy { $0 <= 1 } && next.fences.allSatisfy { $0 <= 1 })
      if seen.insert(next).inserted { open.append(next) }
    }
  }
  print("life cycle: \(seen.count) states, \(transitions) transitions")
  #expect(seen.count > 100)
}

@Test func theDeathOfNodeZeroIsSurvived() {
  #expect(fencer(online: 0b1111) == 0)
  #expect(fencer(online: 0b1110) == 1)
  var life = NodeLife(format: 7, patience: .init(suspectTicks: 2, deadTicks: 3))
  _ = life.handle(.started(generation: 1))
  _ = life.handle(.hello(generation: 1, format: 7))
  let online = life.handle(.agreed(generation: 1))
  let quiet = (0..<3).map { _ in life.handle(.tick(generation: 1, heartbeat: 0)) }
  #expect(online == .announceOnline && quiet == [[], .announceSuspect, [.abandonCalls, .fence]])
}
