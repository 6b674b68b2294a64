import SchedulingFixture
import SeededRandomness
import Testing

@testable import Scheduling

/// Drives the scheduler and the model through the same random operations.
private final class Duel {
  let bench: Bench
  var model: Model
  var random: SeededGenerator
  var now: UInt64 = 1
  let taskCount: Int
  let plain: Int
  let mutexes: Int
  var performed: [String: Int] = [:]
  let levels: Int

  init(seed: UInt64, tasks: Int, plain: Int, mutexes: Int, slice: Int, levels: Int) {
    taskCount = tasks
    self.plain = plain
    self.mutexes = mutexes
    self.levels = levels
    bench = Bench(
      threads: tasks,
      queues: Array(repeating: .semaphore, count: plain) + Array(repeating: .mutex, count: mutexes),
      ticksPerSlice: UInt32(slice))
    model = Model(tasks: tasks, queues: plain + mutexes, slice: slice)
    random = SeededGenerator(seed: seed)
  }

  func deadline() -> UInt64 {
    switch random.below(10) {
    case 0: 0
    case 1...4: .max
    // Odd low parts keep deadlines apart, so that the order of waking is one.
    default: (now + UInt64(random.below(40))) << 20 | UInt64(random.next() >> 44)
    }
  }
  func anyTask() -> Int { 1 + random.below(taskCount) }
  func anyQueue() -> Int { random.below(plain) }
  func anyMutex() -> Int { plain + random.below(mutexes) }
  func anyLevel() -> Int { random.below(levels) * 32 / levels }

  func reschedule() {
    _ = bench.scheduler.reschedule()
    if model.current != model.next {
      model.current = model.next
      model.tasks[model.current].switches += 1
    }
  }

  /// One operation on both; what either refuses, the other must refuse for the same reason.
  func step() throws {
    let me = model.current
    let isIdle = me == 0
    let operation = random.below(24)
    switch operation {
    case 0, 1:  // create and start
      let t = anyTask()
      guard model.tasks[t].state == .reclaimed else { return }
      note("create")
      let level = anyLevel()
      let detached = random.chance(20)
      bench.scheduler.create(
        bench.thread(t), name: ThreadName("t"), level: PriorityLevel(truncating: level), isDetached: detached)
      model.tasks[t] = Model.Task(
        base: level, level: level, state: .created, isDetached: detached, slice: model.slice)
      if random.chance(90) {
        try bench.scheduler.start(bench.thread(t))
        model.readyLast(t)
      }
    case 2:
      let t = anyTask()
      if model.tasks[t].state == .reclaimed { return }
      let error = refusal { try bench.scheduler.start(bench.thread(t)) }
      guard model.tasks[t].state == .created else { return agree(error != nil, "start must refuse") }
      note("start")
      agree(error == nil, "start")
      model.readyLast(t)
    case 3, 4:
      guard model.next == me else { return }
      note("yield")
      _ = bench.scheduler.yield()
      turn(me)
      if model.next != me {
        model.current = model.next
        model.tasks[model.current].switches += 1
      }
    case 5:
      note("tick")
      bench.scheduler.tick()
      model.tasks[me].slice -= 1
      if model.tasks[me].slice == 0 {
        model.tasks[me].slice = model.slice
        turn(me)
      }
    case 6:
      guard random.chance(30) else { return }
      let error = refusal { try bench.scheduler.exit(code: UInt(me)) }
      if isIdle { return agree(error == .idleThread, "idle exit") }
      note("exit")
      model.ready.removeAll { $0 == me }
      model.tasks[me].state = .exited
      // Newest first, as the scheduler keeps them.
      for mutex in model.tasks[me].held.reversed() { model.pass(mutex, from: me, ended: true) }
      model.finish(me)
    case 7, 8:  // join
      let t = anyTask()
      if model.tasks[t].state == .reclaimed { return }
      let limit = deadline()
      var outcome: WaitOutcome?
      let error = refusal { outcome = try bench.scheduler.join(bench.thread(t), until: limit) }
      let task = model.tasks[t]
      if isIdle { return agree(error == .idleThread, "idle join") }
      if t == me { return agree(error == .joinsItself, "self join") }
      if task.isDetached { return agree(error == .detached, "detached join") }
      if !model.queues[model.joinBase + t].waiting.isEmpty {
        return agree(error == .alreadyJoined, "two joins")
      }
      note("join")
      if task.state == .exited {
        model.tasks[t].isDetached = true
        return agree(outcome == .satisfied, "join of an ended thread")
      }
      agree(outcome == model.block(on: model.joinBase + t, until: limit), "join")
    case 9:  // detach
      let t = anyTask()
      let task = model.tasks[t]
      if task.state == .reclaimed { return }
      let error = refusal { try bench.scheduler.detach(bench.thread(t)) }
      if task.isDetached { return agree(error == .detached, "detach twice") }
      if !model.queues[model.joinBase + t].waiting.isEmpty { return agree(error == .alreadyJoined, "detach") }
      note("detach")
      agree(error == nil, "detach")
      model.tasks[t].isDetached = true
    case 10:  // kill, seldom: it leaves its mark
      guard random.chance(20) else { return }
      let t = anyTask()
      if model.tasks[t].state == .reclaimed { return }
      note("kill")
      try bench.scheduler.kill(bench.thread(t))
      switch model.tasks[t].state {
      case .created: model.finish(t)
      case .ready, .waiting:
        model.tasks[t].isKilled = true
        cancelIfDue(t)
      default: break
      }
    case 11:
      let t = anyTask()
      if model.tasks[t].state == .reclaimed { return }
      note("cancel")
      try bench.scheduler.cancelWait(of: bench.thread(t))
      model.tasks[t].once = true
      cancelIfDue(t)
    case 12, 13:  // level
      let t = anyTask()
      if model.tasks[t].state == .reclaimed { return }
      note(model.tasks[t].held.isEmpty ? "level" : "level of an owner")
      let level = anyLevel()
      _ = try bench.scheduler.setLevel(of: bench.thread(t), to: PriorityLevel(truncating: level))
      model.tasks[t].base = level
      let due = model.due(t)
      if due != model.tasks[t].level { model.change(t, to: due, first: false) }
      model.settle()
    case 14:  // sleep
      let limit = deadline()
      var outcome: WaitOutcome?
      let error = refusal { outcome = try bench.scheduler.sleep(until: limit) }
      if isIdle { return agree(error == .idleThread, "idle sleep") }
      note("sleep")
      agree(outcome == model.block(on: nil, until: limit), "sleep")
    case 15, 16:  // wait
      let q = anyQueue()
      let limit = deadline()
      note("wait")
      agree(
        bench.scheduler.block(on: bench.queue(q), until: limit) == model.block(on: q, until: limit), "wait")
    case 17, 18:  // wake
      let q = anyQueue()
      note("wake")
      let woken = bench.scheduler.wakeFirst(of: bench.queue(q))
      agree(woken.map(bench.index) == model.queues[q].waiting.first, "the wrong thread was woken")
      if let t = model.queues[q].waiting.first { model.end(t, .satisfied) }
    case 19, 20:  // lock
      let m = anyMutex()
      if isIdle || model.queues[m].owner == me { return }
      let limit = deadline()
      var outcome: WaitOutcome?
      let error = refusal { outcome = try bench.scheduler.acquire(bench.queue(m), until: limit) }
      guard let owner = model.queues[m].owner else {
        note("lock")
        agree(outcome == (model.queues[m].isAbandoned ? .ownerEnded : .satisfied), "lock")
        return model.take(m, me)
      }
      if limit != 0, model.leads(from: owner, to: me) {
        note("deadlock")
        return agree(error == .deadlock, "a circle was not seen")
      }
      note("lock, waiting")
      agree(outcome == model.block(on: m, until: limit), "lock, waiting")
    case 21:  // unlock
      guard let m = model.tasks[me].held.randomElement(using: &random) else { return }
      note("unlock")
      _ = bench.scheduler.release(bench.queue(m))
      model.pass(m, from: me, ended: false)
      model.settle()
    case 22:  // condition
      guard let m = model.tasks[me].held.randomElement(using: &random) else { return }
      note("condition")
      let q = anyQueue()
      let limit = deadline()
      let outcome = bench.scheduler.block(on: bench.queue(q), releasing: bench.queue(m), until: limit)
      let expected = model.block(on: q, until: limit)
      agree(outcome == expected, "condition")
      guard expected == .blocked else { return }
      model.tasks[me].relock = m
      model.pass(m, from: me, ended: false)
      model.settle()
    default:
      if random.chance(10) {
        let isMasked = random.chance(50)
        bench.scheduler.maskCancellation(isMasked)
        if !isIdle { model.tasks[me].isMasked = isMasked }
        return
      }
      note("time")
      now += UInt64(random.below(30))
      let limit = now << 20
      bench.scheduler.expire(at: limit)
      while let t = model.tasks.indices.filter({ (model.tasks[$0].deadline ?? .max) <= limit })
        .min(by: { (model.tasks[$0].deadline ?? 0) < (model.tasks[$1].deadline ?? 0) })
      {
        model.end(t, .timedOut)
        model.settle()
      }
    }
  }

  /// Whether the current thread waits or has ended, so that it can do nothing more.
  var mustSwitch: Bool { model.tasks[model.current].state != .ready }

  func turn(_ task: Int) {
    guard task != 0, model.ready.first(where: { model.tasks[$0].level == model.tasks[task].level }) == task
    else {
      return
    }
    model.ready.removeAll { $0 == task }
    model.readyLast(task)
  }

  func cancelIfDue(_ t: Int) {
    let task = model.tasks[t]
    guard task.state == .waiting, task.outcome == .blocked, task.isKilled || task.once, !task.isMasked else {
      return
    }
    model.tasks[t].once = false
    model.end(t, .cancelled)
    model.settle()
  }

  /// Gives ended threads back, which both must see alike.
  func reclaim() throws {
    while let thread = bench.scheduler.takeFinished() {
      let t = bench.index(thread)
      agree(model.tasks[t].state == .exited && model.tasks[t].isDetached, "finished too early")
    }
    for t in 1...taskCount where model.tasks[t].state == .exited {
      let error = refusal { try bench.scheduler.reclaim(bench.thread(t)) }
      if !model.tasks[t].isDetached || t == model.current {
        agree(error == .stillInUse, "reclaimed too early")
      } else {
        agree(error == nil, "not reclaimed")
        model.tasks[t] = Model.Task()
      }
    }
  }

  func compare() {
    agree(bench.index(bench.scheduler.current) == model.current, "current")
    for level in 0..<32 {
      let expected = model.ready.filter { model.tasks[$0].level == level }
      agree(bench.ready(level: level) == expected, "ready at \(level)")
    }
    for queue in 0..<(plain + mutexes) {
      agree(bench.waiting(bench.queue(queue)) == model.queues[queue].waiting, "queue \(queue)")
      agree(
        bench.queue(queue).fields.owner.map(bench.index) == model.queues[queue].owner, "owner of \(queue)")
      agree(Int(bench.queue(queue).fields.count) == model.queues[queue].waiting.count, "count of \(queue)")
    }
    for t in 1...taskCount where model.tasks[t].state != .reclaimed {
      let task = model.tasks[t]
      let thread = bench.thread(t)
      agree(thread.level.number == task.level, "level of \(t)")
      agree(thread.baseLevel.number == task.base, "base level of \(t)")
      agree(thread.state == task.state, "state of \(t)")
      agree(thread.outcome == task.outcome, "outcome of \(t)")
      agree(thread.deadline == task.deadline, "deadline of \(t)")
      agree(Int(thread.fields.heldMutexCount) == task.held.count, "held by \(t)")
      agree(Int(thread.fields.switchCount) == task.switches, "switches of \(t)")
    }
    let deadlines = model.tasks.compactMap(\.deadline)
    agree(bench.scheduler.nextDeadline == deadlines.min() ?? .max, "next deadline")
    agree(Int(bench.scheduler.timedThreadCount) == deadlines.count, "timed threads")
  }

  var failure: String?
  func agree(_ holds: Bool, _ what: String) { if !holds, failure == nil { failure = what } }
  /// The operation that was performed last, for the report of a failure.
  var last = ""
  func note(_ name: String) {
    performed[name, default: 0] += 1
    last = name
  }
  func refusal(_ body: () throws -> Void) -> SchedulingError? {
    do { try body() } catch { return error as? SchedulingError }
    return nil
  }
}

@Test(arguments: Array(0..<40) as [UInt64])
func everyOperationAgreesWithASortedList(seed: UInt64) throws {
  // Few levels make long rings and queues, 32 make every bit count.
  let duel = Duel(
    seed: seed, tasks: [3, 8, 16, 32][Int(seed % 4)], plain: 3, mutexes: [2, 5, 9][Int(seed % 3)],
    slice: 1 + Int(seed % 3), levels: [32, 2, 5, 32, 1][Int(seed % 5)])
  for count in 0..<1_500 {
    try duel.step()
    // An interrupt handler may do several things before the switch.
    if seed % 2 == 0 || duel.mustSwitch || duel.random.chance(70) { duel.reschedule() }
    try duel.reclaim()
    duel.compare()
    if let failure = duel.failure {
      Issue.record("seed \(seed), operation \(count), \(duel.last): \(failure)")
      return
    }
  }
}

@Test func theRandomOperationsReachEveryKindAndEveryLevel() throws {
  var performed: [String: Int] = [:]
  var levels: UInt32 = 0
  for seed in 100..<106 as Range<UInt64> {
    let duel = Duel(seed: seed, tasks: 24, plain: 3, mutexes: 6, slice: 2, levels: 32)
    for _ in 0..<1_500 {
      try duel.step()
      duel.reschedule()
      try duel.reclaim()
      duel.compare()
      if let failure = duel.failure {
        Issue.record("seed \(seed), \(duel.last): \(failure)")
        return
      }
      levels |= duel.bench.scheduler.readyLevels
    }
    performed.merge(duel.performed, uniquingKeysWith: +)
  }
  #expect(levels == .max)
  let kinds = [
    "create", "start", "yield", "tick", "exit", "join", "detach", "kill", "cancel", "level",
    "level of an owner",
    "sleep", "wait", "wake", "lock", "lock, waiting", "deadlock", "unlock", "condition", "time",
  ]
  for kind in kinds { #expect(performed[kind, default: 0] >= 1, "\(kind)") }
}
