import RCCE
import Testing
import Window

private func pattern(_ count: Int, _ seed: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ seed &* 31 &+ $0 >> 5) }
}

@Test(arguments: [1, 31, 32, 33, 1_000])
func aMessageArrivesWholeWhateverItsLength(length: Int) throws {
  let place = UnitWindow()
  var all = actors(2, layout(2))
  all[0].memory.bytes.replaceSubrange(0..<length, with: pattern(length, 1))
  let send = try all[0].requests.send(all[0].unit, to: 1, address: 0, count: UInt32(length))
  let receive = try all[1].requests.receive(all[1].unit, from: 0, address: 100, count: UInt32(length))
  var pushes = 0
  while all[0].requests.pending | all[1].requests.pending != 0, pushes < 1_000 {
    pushes += 1
    for index in 0...1 { all[index].push(place.window) }
  }
  #expect(try all[0].requests.test(send) == .done(1))
  #expect(try all[1].requests.test(receive) == .done(0))
  #expect(Array(all[1].memory.bytes[100..<(100 + length)]) == pattern(length, 1))
  #expect(all[1].memory.bytes[99] == 0 && all[1].memory.bytes[100 + length] == 0)
  #expect(throws: UnitError.request) { _ = try all[0].requests.test(send) }
}

@Test func aWildcardTakesWhatComesAndLeavesWhatIsWanted() throws {
  let place = UnitWindow()
  var all = actors(3, layout(3))
  for index in 1...2 {
    all[index].memory.bytes.replaceSubrange(0..<8, with: pattern(8, index))
    _ = try all[index].requests.send(all[index].unit, to: 0, address: 0, count: 8)
    all[index].push(place.window)
  }
  let fromTwo = try all[0].requests.receive(all[0].unit, from: 2, address: 0, count: 8)
  let fromAny = try all[0].requests.receive(all[0].unit, from: Requests.any, address: 8, count: 8)
  all[0].push(place.window)
  #expect(try all[0].requests.test(fromTwo) == .done(2))
  #expect(try all[0].requests.test(fromAny) == .done(1))
  #expect(Array(all[0].memory.bytes[0..<16]) == pattern(8, 2) + pattern(8, 1))
}

@Test func sendsToSeveralUnitsGoOneAfterTheOther() throws {
  let place = UnitWindow()
  var all = actors(3, layout(3))
  let first = try all[0].requests.send(all[0].unit, to: 1, address: 0, count: 40)
  let second = try all[0].requests.send(all[0].unit, to: 2, address: 0, count: 4)
  _ = try all[2].requests.receive(all[2].unit, from: 0, address: 0, count: 4)
  for _ in 0..<10 { for index in [0, 2] { all[index].push(place.window) } }
  #expect(all[0].requests.pending == 1 << UInt32(first) | 1 << UInt32(second))
  _ = try all[1].requests.receive(all[1].unit, from: 0, address: 0, count: 40)
  for _ in 0..<10 { for index in 0...2 { all[index].push(place.window) } }
  #expect(all[0].requests.testAny(0xFFFF)?.number == first)
  #expect(all[0].requests.testAny(0xFFFF)?.number == second)
  #expect(all[0].requests.testAny(0xFFFF) == nil && all[1].requests.pending == 0)
}

@Test func aMessageOfAnotherLengthIsNoMessage() throws {
  let place = UnitWindow()
  var all = actors(2, layout(2))
  _ = try all[0].requests.send(all[0].unit, to: 1, address: 0, count: 12)
  let receive = try all[1].requests.receive(all[1].unit, from: 0, address: 0, count: 8)
  for index in 0...1 { all[index].push(place.window) }
  #expect(try all[1].requests.test(receive) == .failed(.length))
  // The message is still there for a receive of its own length.
  let again = try all[1].requests.receive(all[1].unit, from: 0, address: 0, count: 12)
  all[1].push(place.window)
  #expect(try all[1].requests.test(again) == .done(0))
}

@Test func aDeadUnitFailsWhatNeedsIt() throws {
  let place = UnitWindow()
  var all = actors(3, layout(3))
  let send = try all[0].requests.send(all[0].unit, to: 1, address: 0, count: 8)
  all[0].push(place.window)
  #expect(all[0].requests.pending != 0)
  all[0].push(place.window, dead: 0b10)
  #expect(try all[0].requests.test(send) == .failed(.dead))
  let receive = try all[0].requests.receive(all[0].unit, from: 1, address: 0, count: 8)
  let wildcard = try all[0].requests.receive(all[0].unit, from: Requests.any, address: 0, count: 8)
  all[0].push(place.window, dead: 0b10)
  #expect(try all[0].requests.test(receive) == .failed(.dead))
  #expect(try all[0].requests.test(wildcard) == .pending)
  all[0].push(place.window, dead: 0b110)
  #expect(try all[0].requests.test(wildcard) == .failed(.dead))
}

@Test func whatAUnitSentBeforeItDiedIsStillReceived() throws {
  let place = UnitWindow()
  var all = actors(2, layout(2))
  _ = try all[0].requests.send(all[0].unit, to: 1, address: 0, count: 8)
  all[0].push(place.window)
  let receive = try all[1].requests.receive(all[1].unit, from: 0, address: 0, count: 8)
  all[1].push(place.window, dead: 1)
  #expect(try all[1].requests.test(receive) == .done(0))
}

@Test(arguments: [(UInt32(0), UInt32(8)), (33, 40), (.max, 8), (8, .max), (40, 40)])
func nonsenseOfAPeerIsBlamedAndTakenNoFurther(part: UInt32, size: UInt32) throws {
  let place = UnitWindow()
  let layout = layout(2)
  var all = actors(2, layout)
  let receive = try all[1].requests.receive(all[1].unit, from: 0, address: 0, count: 8)
  _ = try all[0].requests.send(all[0].unit, to: 1, address: 0, count: 8)
  all[0].push(place.window)
  // The line of unit 0's flags at unit 1, behind locks and barrier, as the drawing has it.
  let line: UInt32 = 64 * 5 + 128 * 2
  #expect(place.window.load(line) == 0x1_0001 && place.window.load(line + 4) == 8)
  place.window.store(part, at: line + 4)
  place.window.store(size, at: line + 8)
  all[1].push(place.window)
  let state = try all[1].requests.test(receive)
  #expect(state == .failed(.malformed) || state == .failed(.length))
  #expect(all[1].memory.bytes.allSatisfy { $0 == 0 })
}

@Test func aFormerSessionLeavesNothingBehind() throws {
  let place = UnitWindow()
  var old = actors(2, layout(2), session: 1)
  _ = try old[0].requests.send(old[0].unit, to: 1, address: 0, count: 8)
  old[0].push(place.window)
  #expect(try old[0].unit.tryLock(of: 1, place.window) == .acquired)
  #expect(old[0].unit.stepBarrier(place.window) == .waiting)
  var new = actors(2, layout(2), session: 2)
  let receive = try new[1].requests.receive(new[1].unit, from: 0, address: 0, count: 8)
  new[1].push(place.window)
  #expect(try new[1].requests.test(receive) == .pending)
  #expect(try new[1].unit.tryLock(of: 1, place.window) == .ownerDied)
  #expect(new[1].unit.stepBarrier(place.window) == .waiting)
}

@Test func locksExcludeAndADeadHolderIsNoticed() throws {
  let place = UnitWindow()
  let all = actors(2, layout(2))
  #expect(try all[0].unit.tryLock(of: 1, place.window) == .acquired)
  #expect(try all[1].unit.tryLock(of: 1, place.window) == .busy)
  #expect(try all[1].unit.tryLock(of: 1, dead: 1, place.window) == .ownerDied)
  #expect(try all[0].unit.unlock(of: 1, place.window) == false)
  #expect(try all[1].unit.unlock(of: 1, place.window))
  #expect(throws: UnitError.unit) { _ = try all[0].unit.tryLock(of: 2, place.window) }
}

@Test func putAndGetStayInsideTheirBuffer() throws {
  let place = UnitWindow()
  let all = actors(2, layout(2))
  let bytes = pattern(32, 3)
  try all[0].unit.put(bytes.span.bytes, to: 1, at: 0, place.window)
  var target = [UInt8](repeating: 0, count: 8)
  var span = target.mutableSpan
  var raw = span.mutableBytes
  try all[1].unit.get(&raw, from: 1, at: 24, place.window)
  #expect(target == Array(bytes[24...]))
  for (unit, offset) in [(UInt8(2), UInt32(0)), (1, 4), (1, 2), (1, 64), (1, .max - 3)] {
    #expect(throws: UnitError.self) {
      try all[0].unit.put(bytes.span.bytes, to: unit, at: offset, place.window)
    }
  }
}

@Test func randomTrafficOfFourUnitsArrivesInOrder() throws {
  for seed in 1...20 as ClosedRange<UInt64> {
    var random = seed
    func next(_ limit: Int) -> Int {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(random >> 33) % limit
    }
    let place = UnitWindow()
    var all = actors(4, layout(4), bytes: 1 << 16)
    // Every pair exchanges 12 messages of lengths that both know.
    func length(_ from: Int, _ to: Int, _ index: Int) -> Int { 1 + (from * 37 + to * 11 + index * 53) % 150 }
    var sent = Array(repeating: Array(repeating: 0, count: 4), count: 4)
    var posted = sent
    var received = sent
    // As in RCCE, a send that nobody receives blocks those behind it: every unit always has a receive for each other one.
    var waiting: [[Int: (from: Int, index: Int, address: Int)]] = Array(repeating: [:], count: 4)
    var steps = 0
    while received.joined().reduce(0, +) < 4 * 3 * 12, steps < 200_000 {
      steps += 1
      let me = next(4)
      let peer = next(4)
      if peer != me, next(3) == 0, sent[me][peer] < 12,
        all[me].requests.pending.nonzeroBitCount - waiting[me].count < 4
      {
        let size = length(me, peer, sent[me][peer])
        let address = 20_000 + (peer * 12 + sent[me][peer]) * 160
        all[me].memory.bytes.replaceSubrange(
          address..<(address + size), with: pattern(size, me * 100 + peer * 20 + sent[me][peer]))
        if (try? all[me].requests.send(
          all[me].unit, to: UInt8(peer), address: UInt(address), count: UInt32(size)))
          != nil
        {
          sent[me][peer] += 1
        }
      }
      if peer != me, next(3) == 0, posted[me][peer] < min(12, received[me][peer] + 3) {
        let size = length(peer, me, posted[me][peer])
        let address = (peer * 12 + posted[me][peer]) * 160
        if let number = try? all[me].requests.receive(
          all[me].unit, from: UInt8(peer), address: UInt(address), count: UInt32(size))
        {
          waiting[me][number] = (peer, posted[me][peer], address)
          posted[me][peer] += 1
        }
      }
      all[me].push(place.window)
      while let (number, state) = all[me].requests.testAny(0xFFFF) {
        guard let entry = waiting[me].removeValue(forKey: number) else {
          if case .failed = state { Issue.record("seed \(seed): a send failed") }
          continue
        }
        #expect(state == .done(UInt8(entry.from)), "seed \(seed)")
        let size = length(entry.from, me, entry.index)
        #expect(
          Array(all[me].memory.bytes[entry.address..<(entry.address + size)])
            == pattern(size, entry.from * 100 + me * 20 + entry.index), "seed \(seed)")
        received[me][entry.from] += 1
      }
    }
    #expect(received.joined().reduce(0, +) == 144, "seed \(seed): \(received)")
  }
}
