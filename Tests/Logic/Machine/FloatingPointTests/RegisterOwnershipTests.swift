import FloatingPoint
import Testing

/// One processor's registers and the memory of states: what the steps do, and what an open or closed register does.
private struct Machine {
  var ownership: RegisterOwnership
  /// Whether every switch closes the registers behind the scheduler's back, as the processor's own task switch does.
  var closesAtSwitch: Bool
  var registers = 0
  var isOpen = false
  var memory: [StateAddress: Int] = [:]
  var exchanges = 0

  mutating func perform(_ step: RegisterStep) {
    if step.save != 0 { memory[step.save] = registers }
    if step.load != 0 {
      registers = memory[step.load, default: .min]
      exchanges += 1
    }
    isOpen = step.isOpen
  }

  /// A switch; by the short way that switches between programs go, or by the general one.
  mutating func change(from old: StateAddress, to new: StateAddress, shortly: Bool = false) {
    if shortly, ownership.policy == .lazy {
      let opens = ownership.areOpen(for: new)
      if ownership.areOpen(for: old) != opens { isOpen = opens }
    } else if shortly, ownership.exchange(old, for: new) {
      memory[old] = registers
      registers = memory[new, default: .min]
      exchanges += 1
      isOpen = true
    } else {
      perform(ownership.change(from: old, to: new))
    }
    if closesAtSwitch { isOpen = false }
  }

  /// Reads the registers and writes them as a thread does; `nil` if the exception is not ours.
  mutating func exchange(_ state: StateAddress, writing value: Int) -> Int? {
    if !isOpen {
      guard let step = ownership.use(by: state) else { return nil }
      perform(step)
    }
    defer { registers = value }
    return registers
  }
}

@Test(arguments: [RegisterPolicy.lazy, .eager], [false, true])
func everyThreadFindsWhatItLeft(policy: RegisterPolicy, closesAtSwitch: Bool) {
  for seed in 1...200 as ClosedRange<UInt64> {
    var random = Generator(state: seed)
    var machine = Machine(ownership: RegisterOwnership(policy), closesAtSwitch: closesAtSwitch)
    // What each state's thread left; a thread without a state has none. Threads are 1 to 6, those above 4 kernel's.
    var expected: [StateAddress: Int] = [:]
    var states: [Int: StateAddress] = [:]
    var nextState: StateAddress = 1
    var current = 1
    func state(_ thread: Int) -> StateAddress { states[thread] ?? 0 }
    for step in 0..<400 {
      let place: Comment = "seed \(seed), step \(step), \(policy)"
      switch random.next() % 8 {
      case 0...2:
        let next = Int(random.next() % 6) + 1
        machine.change(from: state(current), to: state(next), shortly: random.next() % 2 == 0)
        current = next
      case 3, 4:
        let value = Int(random.next() % 1_000_000)
        let found = machine.exchange(state(current), writing: value)
        #expect(found == expected[state(current)], place)
        if found != nil { expected[state(current)] = value }
      case 5 where current <= 4:
        // A new state: at creation, or at exec.
        if states[current] == nil {
          states[current] = nextState
          nextState += 1
        }
        machine.perform(machine.ownership.forget(state(current), own: state(current)))
        machine.memory[state(current)] = -1
        expected[state(current)] = -1
      case 6:
        // A copy of the running thread's for another one.
        let other = Int(random.next() % 4) + 1
        guard state(current) != 0, other != current else { continue }
        if states[other] == nil {
          states[other] = nextState
          nextState += 1
        }
        machine.perform(machine.ownership.flush(state(current), own: state(current)))
        machine.perform(machine.ownership.forget(state(other), own: state(current)))
        machine.memory[state(other)] = machine.memory[state(current)]
        expected[state(other)] = expected[state(current)]
      case 7 where random.next() % 4 == 0:
        guard state(current) != 0 else { continue }
        machine.perform(machine.ownership.forget(state(current), own: state(current)))
        machine.memory[state(current)] = nil
        expected[state(current)] = nil
        states[current] = nil
      default: break
      }
      #expect(!machine.isOpen || machine.ownership.owner == state(current), place)
    }
  }
}

@Test func aThreadThatComputesAloneIsNeverExchangedLazily() {
  var machine = Machine(ownership: RegisterOwnership(.lazy), closesAtSwitch: false)
  machine.memory = [1: 0, 2: 0]
  for round in 0..<100 {
    machine.change(from: 2, to: 1)
    _ = machine.exchange(1, writing: round)
    machine.change(from: 1, to: 0)
    machine.change(from: 0, to: 2)
  }
  #expect(machine.exchanges == 1)
}

@Test func anEagerSwitchLeavesNothingToTheFirstUse() {
  var machine = Machine(ownership: RegisterOwnership(.eager), closesAtSwitch: false)
  machine.memory = [1: 10, 2: 20]
  machine.change(from: 0, to: 1)
  #expect(machine.isOpen && machine.registers == 10)
  machine.registers = 11
  machine.change(from: 1, to: 2)
  #expect(machine.isOpen && machine.registers == 20)
  #expect(machine.memory[1] == 11)
  machine.change(from: 2, to: 0)
  #expect(!machine.isOpen)
}

@Test func aThreadWithoutAStateIsRefused() {
  for policy in [RegisterPolicy.lazy, .eager] {
    var ownership = RegisterOwnership(policy)
    _ = ownership.change(from: 0, to: 7)
    _ = ownership.use(by: 7)
    #expect(!ownership.change(from: 7, to: 0).isOpen)
    #expect(ownership.use(by: 0) == nil)
  }
}

@Test func theBestFormatIsChosen() {
  func layout(_ hasFXSave: Bool, _ available: UInt64, _ size: UInt32 = 832) -> StateLayout {
    StateLayout(hasFXSave: hasFXSave, available: available) { _ in size }
  }
  #expect(layout(false, 0).format == .none)
  #expect(layout(true, 0).format == .fxsave)
  #expect(layout(true, 0).size == 512)
  #expect(layout(true, 0b111).format == .xsave)
  #expect(layout(true, 0xE7).components == 0b111)
  #expect(layout(true, 0b111).size == 832)
  // x87 and SSE are the least; a size that cannot be is not believed.
  #expect(layout(true, 0b001).format == .fxsave)
  #expect(layout(true, 0b111, 100).format == .fxsave)
  #expect(layout(true, 0b111, .max).format == .fxsave)
}

/// SDM volume 1, tables 10-2 and 13.4.2: a state that raises nothing and has all parts of the old area.
@Test func aNewStateIsThatOfAReset() {
  let layout = StateLayout(hasFXSave: true, available: 0b111) { _ in 832 }
  var bytes: [Int: UInt32] = [:]
  for offset in stride(from: 0, to: layout.size, by: 4) where layout.initialWord(at: offset) != 0 {
    bytes[offset] = layout.initialWord(at: offset)
  }
  #expect(bytes == [0: 0x37F, 24: 0x1F80, 512: 3])
}

/// A small generator whose seed can be printed.
private struct Generator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
}
