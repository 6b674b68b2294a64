@testable import Scheduling

/// The scheduler as one would explain it: sorted lists, and levels worked out anew after every step.
struct Model {
  struct Task {
    var base = 0
    var level = 0
    var state = ThreadState.reclaimed
    var outcome = WaitOutcome.satisfied
    var queue: Int?
    var deadline: UInt64?
    var held: [Int] = []
    var relock: Int?
    var isDetached = false
    var isKilled = false
    var once = false
    var isMasked = false
    var slice = 0
    var switches = 0
  }
  struct Queue {
    var waiting: [Int] = []
    var owner: Int?
    var isAbandoned = false
  }

  /// Task 0 is the idle thread, at level -1.
  var tasks: [Task]
  /// The queues of the bench, then one of joiners for each task.
  var queues: [Queue]
  let joinBase: Int
  var ready: [Int] = []
  var current = 0
  let slice: Int

  init(tasks count: Int, queues queueCount: Int, slice: Int) {
    tasks = Array(repeating: Task(), count: count + 1)
    tasks[0].level = -1
    tasks[0].state = .ready
    tasks[0].isKilled = true
    tasks[0].slice = slice
    queues = Array(repeating: Queue(), count: queueCount + count + 1)
    joinBase = queueCount
    self.slice = slice
  }

  var next: Int { ready.first ?? 0 }

  // Sorted lists.

  func insert(_ task: Int, last list: inout [Int]) {
    let place = list.firstIndex { tasks[$0].level < tasks[task].level } ?? list.count
    list.insert(task, at: place)
  }
  mutating func readyLast(_ task: Int) {
    tasks[task].state = .ready
    var list = ready
    insert(task, last: &list)
    ready = list
  }
  mutating func readyFirst(_ task: Int) {
    let place = ready.firstIndex { tasks[$0].level <= tasks[task].level } ?? ready.count
    if place < ready.count, ready[place] == current, tasks[current].level == tasks[task].level {
      readyLast(task)
    } else {
      ready.insert(task, at: place)
    }
  }
  mutating func wait(_ task: Int, in queue: Int) {
    tasks[task].queue = queue
    var list = queues[queue].waiting
    insert(task, last: &list)
    queues[queue].waiting = list
  }
  mutating func leave(_ task: Int) {
    if let queue = tasks[task].queue { queues[queue].waiting.removeAll { $0 == task } }
    tasks[task].queue = nil
    tasks[task].deadline = nil
  }

  // Levels.

  func due(_ task: Int) -> Int {
    tasks[task].held.flatMap { queues[$0].waiting }.map { due($0) }.reduce(tasks[task].base) { max($0, $1) }
  }
  mutating func change(_ task: Int, to level: Int, first: Bool) {
    switch tasks[task].state {
    case .ready:
      ready.removeAll { $0 == task }
      tasks[task].level = level
      if first { readyFirst(task) } else { readyLast(task) }
    case .waiting:
      if let queue = tasks[task].queue {
        queues[queue].waiting.removeAll { $0 == task }
        tasks[task].level = level
        wait(task, in: queue)
      } else {
        tasks[task].level = level
      }
    default: tasks[task].level = level
    }
  }
  mutating func settle() {
    for task in 1..<tasks.count where tasks[task].state != .reclaimed && tasks[task].state != .exited {
      let level = due(task)
      if level != tasks[task].level { change(task, to: level, first: true) }
    }
  }

  // Steps.

  mutating func block(on queue: Int?, until deadline: UInt64) -> WaitOutcome {
    let task = current
    if deadline == 0 { return .timedOut }
    if (tasks[task].isKilled || tasks[task].once) && !tasks[task].isMasked {
      tasks[task].once = false
      return .cancelled
    }
    ready.removeAll { $0 == task }
    tasks[task].state = .waiting
    tasks[task].outcome = .blocked
    if let queue { wait(task, in: queue) }
    if deadline != .max { tasks[task].deadline = deadline }
    settle()
    return .blocked
  }
  mutating func end(_ task: Int, _ outcome: WaitOutcome) {
    leave(task)
    tasks[task].outcome = outcome
    guard let mutex = tasks[task].relock else { return finishEnd(task) }
    tasks[task].relock = nil
    guard let owner = queues[mutex].owner else {
      if queues[mutex].isAbandoned && outcome == .satisfied { tasks[task].outcome = .ownerEnded }
      take(mutex, task)
      return finishEnd(task)
    }
    if leads(from: owner, to: task) {
      tasks[task].outcome = .deadlock
      return finishEnd(task)
    }
    wait(task, in: mutex)
    settle()
  }
  private mutating func finishEnd(_ task: Int) {
    readyLast(task)
    settle()
  }
  func leads(from owner: Int, to task: Int) -> Bool {
    var link: Int? = owner
    while let here = link {
      if here == task { return true }
      link = tasks[here].queue.flatMap { queues[$0].owner }
    }
    return false
  }
  mutating func take(_ mutex: Int, _ task: Int) {
    queues[mutex].owner = task
    queues[mutex].isAbandoned = false
    tasks[task].held.append(mutex)
  }
  mutating func pass(_ mutex: Int, from task: Int, ended: Bool) {
    tasks[task].held.removeAll { $0 == mutex }
    queues[mutex].owner = nil
    guard let heir = queues[mutex].waiting.first else {
      queues[mutex].isAbandoned = ended
      return
    }
    leave(heir)
    let before = tasks[heir].outcome
    if before == .blocked || (before == .satisfied && ended) {
      tasks[heir].outcome = ended ? .ownerEnded : .satisfied
    }
    take(mutex, heir)
    readyLast(heir)
  }
  mutating func finish(_ task: Int) {
    tasks[task].state = .exited
    if let joiner = queues[joinBase + task].waiting.first {
      tasks[task].isDetached = true
      end(joiner, .satisfied)
    }
  }
}
