#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How service and thinking times vary around their means.
public enum TimeDistribution: String, Sendable, CaseIterable {
  /// As mean value analysis assumes.
  case exponential
  /// No variation: calls that all take the same time.
  case constant
}

/// Simulates threads that compute and delegates that serve, event by event: the second opinion on
/// `ClosedNetwork`.
///
/// One station; the queue is first come, first served.
public struct EventSimulation: Sendable {
  /// Mean seconds of computation between calls.
  public var thinkSeconds: Double
  /// Mean seconds a delegate is busy with a call.
  public var serviceSeconds: Double
  /// Threads that compute.
  public var delegators: Int
  /// Threads that serve.
  public var delegates: Int
  /// How times vary.
  public var distribution = TimeDistribution.exponential
  /// Where the random numbers begin.
  public var seed: UInt64 = 1

  /// What a simulation saw after its warm-up.
  public struct Outcome: Sendable, Equatable {
    /// Calls per second over all threads.
    public var throughput: Double
    /// Mean seconds from call to answer.
    public var residence: Double
    /// Share of the time in which a delegate is busy, averaged over delegates.
    public var utilisation: Double
    /// Half the width of the 95 % confidence interval of `throughput`, from 20 batches.
    public var throughputError: Double
  }

  /// A simulation; times not negative, at least one thread on each side.
  public init(thinkSeconds: Double, serviceSeconds: Double, delegators: Int, delegates: Int) {
    self.thinkSeconds = thinkSeconds
    self.serviceSeconds = serviceSeconds
    self.delegators = delegators
    self.delegates = delegates
  }

  /// Runs until `calls` calls are answered after a warm-up of a tenth of that.
  public func run(calls: Int) -> Outcome {
    var generator = SeededGenerator(seed: seed)
    func sample(_ mean: Double) -> Double {
      switch distribution {
      case .exponential: -mean * log(1 - generator.unit())
      case .constant: mean
      }
    }
    // Every thread is in exactly one place, so the event list holds at most one event for each.
    var events = EventQueue()
    var waiting = Fifo()
    var arrival = Array(repeating: 0.0, count: delegators)
    var busy = 0
    var now = 0.0
    var answered = 0
    let warmUp = calls / 10
    let batch = max(1, calls / 20)
    var start = 0.0
    var residence = 0.0
    var busyTime = 0.0
    var batchStart = 0.0
    var rates: [Double] = []
    for thread in 0..<delegators {
      events.insert(EventQueue.Event(time: sample(thinkSeconds), thread: thread, isAnswer: false))
    }
    while answered < warmUp + calls, let event = events.removeFirst() {
      if answered >= warmUp { busyTime += Double(busy) * (event.time - now) }
      now = event.time
      if event.isAnswer {
        answered += 1
        if answered > warmUp {
          residence += now - arrival[event.thread]
          if (answered - warmUp).isMultiple(of: batch) {
            rates.append(Double(batch) / (now - batchStart))
            batchStart = now
          }
        } else if answered == warmUp {
          start = now
          batchStart = now
        }
        events.insert(
          EventQueue.Event(time: now + sample(thinkSeconds), thread: event.thread, isAnswer: false))
        if let next = waiting.removeFirst() {
          events.insert(EventQueue.Event(time: now + sample(serviceSeconds), thread: next, isAnswer: true))
        } else {
          busy -= 1
        }
      } else {
        arrival[event.thread] = now
        if busy < delegates {
          busy += 1
          events.insert(
            EventQueue.Event(time: now + sample(serviceSeconds), thread: event.thread, isAnswer: true))
        } else {
          waiting.append(event.thread)
        }
      }
    }
    let seconds = now - start
    let mean = Statistics.mean(rates)
    let variance = rates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, rates.count - 1))
    return Outcome(
      throughput: Double(calls) / seconds, residence: residence / Double(calls),
      utilisation: busyTime / seconds / Double(delegates),
      // 2.09 is Student's t for 19 degrees of freedom.
      throughputError: 2.09 * (variance / Double(max(1, rates.count))).squareRoot())
  }
}

/// Threads in the order in which they came.
private struct Fifo {
  private var items: [Int] = []
  private var head = 0

  mutating func append(_ item: Int) { items.append(item) }

  mutating func removeFirst() -> Int? {
    guard head < items.count else { return nil }
    let item = items[head]
    head += 1
    if head > 4096, head * 2 > items.count {
      items.removeFirst(head)
      head = 0
    }
    return item
  }
}

/// Future events, the earliest first: a binary heap.
///
/// Simultaneous events keep the order of thread numbers.
struct EventQueue {
  struct Event {
    var time: Double
    var thread: Int
    var isAnswer: Bool

    func precedes(_ other: Event) -> Bool { time != other.time ? time < other.time : thread < other.thread }
  }

  private var heap: [Event] = []

  mutating func insert(_ event: Event) {
    heap.append(event)
    var child = heap.count - 1
    while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func removeFirst() -> Event? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      var child = parent * 2 + 1
      guard child < heap.count else { return first }
      if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
      guard heap[child].precedes(heap[parent]) else { return first }
      heap.swapAt(child, parent)
      parent = child
    }
  }
}
