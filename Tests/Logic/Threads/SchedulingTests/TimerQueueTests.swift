import SchedulingFixture
import SeededRandomness
import Testing

@testable import Scheduling

@Test(arguments: Array(0..<12) as [UInt64])
func timersLeaveInTheOrderOfASortedArray(seed: UInt64) {
  var random = SeededGenerator(seed: seed)
  let count = 200
  let memory = UnsafeMutablePointer<Thread>.allocate(capacity: count)
  defer { memory.deallocate() }
  let threads = (0..<count).map { ThreadReference(at: memory + $0) }
  for thread in threads { thread.initialize(rank: 1, name: ThreadName(), identifier: 0) }
  var queue = TimerQueue()
  var deadlines: [Int: UInt64] = [:]
  for step in 0..<2_000 {
    let index = random.below(count)
    if deadlines[index] != nil {
      queue.remove(threads[index])
      deadlines[index] = nil
    } else if random.chance(70) {
      // A narrow range makes many equal.
      let deadline = UInt64(random.below(seed % 2 == 0 ? 50 : 1_000_000))
      queue.insert(threads[index], deadline: deadline)
      deadlines[index] = deadline
    } else if let root = queue.root {
      deadlines[threads.firstIndex { $0 == root } ?? -1] = nil
      queue.remove(root)
    }
    let next = queue.nextDeadline
    let size = Int(queue.count)
    guard next == deadlines.values.min() ?? .max, size == deadlines.count else {
      Issue.record("seed \(seed), step \(step)")
      return
    }
  }
  var left: [UInt64] = []
  while let root = queue.root {
    left.append(root.fields.deadline)
    queue.remove(root)
  }
  #expect(left == deadlines.values.sorted())
}
