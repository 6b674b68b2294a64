import Futex
import Testing

@Suite struct FutexTests {
  /// Waiters in memory of their own.
  final class Threads {
    let records: UnsafeMutablePointer<FutexWaiter>
    var table = FutexTable()
    init(_ count: Int) {
      records = .allocate(capacity: count)
      for index in 0..<count { (records + index).initialize(to: FutexWaiter(thread: UInt(index))) }
    }
    deinit { records.deallocate() }
    subscript(_ index: Int) -> FutexWaiterReference { FutexWaiterReference(at: records + index) }
    func wake(_ key: FutexKey, _ count: Int, bits: UInt32 = .max) -> [UInt] {
      var woken: [UInt] = []
      let number = table.wake(key, count: count, bits: bits) { woken.append($0) }
      #expect(number == woken.count)
      return woken
    }
  }

  let a = FutexKey(space: 1, address: 0x1000, isShared: false)
  let b = FutexKey(space: 1, address: 0x2000, isShared: false)

  @Test func firstComeFirstWoken() {
    let threads = Threads(4)
    for index in 0..<4 { threads.table.insert(threads[index], at: index == 1 ? b : a) }
    #expect(threads.wake(a, 2) == [0, 2])
    #expect(threads.wake(a, 5) == [3])
    #expect(threads.wake(b, 5) == [1])
  }

  @Test func bitsSelect() {
    let threads = Threads(3)
    for index in 0..<3 { threads.table.insert(threads[index], at: a, bits: 1 << UInt32(index)) }
    #expect(threads.wake(a, 9, bits: 0b110) == [1, 2])
  }

  @Test func sharedAndPrivateNeverMeet() {
    let threads = Threads(1)
    threads.table.insert(threads[0], at: a)
    #expect(threads.wake(FutexKey(space: 1, address: 0x1000, isShared: true), 1) == [])
  }

  @Test func movedWaitersWakeElsewhere() {
    let threads = Threads(5)
    for index in 0..<5 { threads.table.insert(threads[index], at: a) }
    var woken: [UInt] = []
    let answer = threads.table.requeue(from: a, to: b, wakeCount: 1, moveCount: 2) { woken.append($0) }
    #expect(answer.woken == 1 && answer.moved == 2 && woken == [0])
    #expect(threads.wake(b, 9) == [1, 2])
    #expect(threads.wake(a, 9) == [3, 4])
  }

  /// Linux counts them too: a program can learn how many are asleep.
  @Test func thoseWhoMoveToTheSameWordStayAndCount() {
    let threads = Threads(3)
    for index in 0..<3 { threads.table.insert(threads[index], at: index == 1 ? b : a) }
    let answer = threads.table.requeue(from: a, to: a, wakeCount: 0, moveCount: 9) { _ in }
    #expect(answer.woken == 0 && answer.moved == 2)
    #expect(threads.table.requeue(from: a, to: a, wakeCount: 0, moveCount: 1) { _ in }.moved == 1)
    #expect(threads.wake(a, 9) == [0, 2])
  }

  @Test func oneThatGaveUpIsNotWoken() {
    let threads = Threads(2)
    threads.table.insert(threads[0], at: a)
    threads.table.insert(threads[1], at: a)
    threads.table.remove(threads[0])
    threads.table.remove(threads[0])
    #expect(threads.wake(a, 9) == [1] && !threads[0].isWaiting)
  }

  /// Random waits, wakes and moves against arrays.
  @Test func queuesAgreeWithASlowModel() {
    let seed = UInt64.random(in: 1...UInt64.max)
    print("seed \(seed)")
    var state = seed
    func random(_ bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(bound))
    }
    let threads = Threads(30)
    let keys = (0..<8).map { FutexKey(space: 7, address: UInt($0 % 4) * 4, isShared: $0 >= 4) }
    var model: [FutexKey: [UInt]] = [:]
    for _ in 0..<50_000 {
      let key = keys[random(8)]
      switch random(4) {
      case 0, 1:
        let index = random(30)
        if threads[index].isWaiting {
          threads.table.remove(threads[index])
          for key in keys { model[key]?.removeAll { $0 == UInt(index) } }
        } else {
          threads.table.insert(threads[index], at: key)
          model[key, default: []].append(UInt(index))
        }
      case 2:
        let count = random(4)
        #expect(threads.wake(key, count) == Array(model[key, default: []].prefix(count)))
        model[key] = Array(model[key, default: []].dropFirst(count))
      default:
        let other = keys[random(8)]
        let (wakeCount, moveCount) = (random(2), random(5))
        var woken: [UInt] = []
        _ = threads.table.requeue(from: key, to: other, wakeCount: wakeCount, moveCount: moveCount) {
          woken.append($0)
        }
        #expect(woken == Array(model[key, default: []].prefix(wakeCount)))
        model[key] = Array(model[key, default: []].dropFirst(wakeCount))
        guard key != other else { continue }
        model[other, default: []] += model[key]!.prefix(moveCount)
        model[key] = Array(model[key]!.dropFirst(moveCount))
      }
    }
  }

  @Test func argumentsOfTheCallAreUnderstood() {
    #expect(FutexOperation(argument: 0x80)?.command == .wait)
    #expect(FutexOperation(argument: 0x80)?.isPrivate == true)
    #expect(FutexOperation(argument: 0x189)?.command == .waitForBits)
    #expect(FutexOperation(argument: 0x189)?.usesRealTime == true)
    #expect(FutexOperation(argument: 6) == nil && FutexOperation(argument: 2) == nil)
  }

  /// FUTEX_OP(op, oparg, cmp, cmparg) of linux/futex.h.
  @Test func wordsChangeAsTheCodeSays() {
    func code(_ op: UInt32, _ arg: UInt32, _ cmp: UInt32, _ value: UInt32) -> FutexWordChange {
      FutexWordChange(code: op << 28 | cmp << 24 | (arg & 0xFFF) << 12 | value & 0xFFF)
    }
    #expect(code(0, 5, 0, 0).apply(to: 9) == 5)
    #expect(code(1, 0xFFF, 0, 0).apply(to: 9) == 8)
    #expect(code(2 | 8, 4, 0, 0).apply(to: 1) == 17)
    #expect(code(5, 0, 0, 0).apply(to: 1) == nil)
    #expect(code(0, 0, 4, 0xFFF).matches(0) == true)
    #expect(code(0, 0, 2, 0).matches(UInt32.max) == true)
    #expect(code(0, 0, 9, 0).matches(0) == nil)
  }

  @Test func aDeadOwnersWordSaysSo() {
    #expect(RobustWord.afterEnd(of: 7, 7 | RobustWord.waiters) == RobustWord.waiters | RobustWord.ownerDied)
    #expect(RobustWord.afterEnd(of: 7, 8) == nil)
  }
}
