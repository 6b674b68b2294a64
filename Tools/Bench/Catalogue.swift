/// The benchmarks there are.

/// A benchmark by its path, and what it measures.
public struct CatalogueEntry: Sendable {
  /// The path, as in reports.
  public let name: String
  /// What a sample is.
  public let explanation: String

  /// The part before the first `/`, by which the kernel chooses what to run.
  public var group: String { String(name.prefix { $0 != "/" }) }
}

/// All benchmarks.
public enum Catalogue {
  /// In the order in which they run.
  public static let entries: [CatalogueEntry] = [
    .init(name: "boot/first-line", explanation: "from the kernel's first instructions to its first log line"),
    .init(name: "boot/start-up", explanation: "the same to the end of start-up, with 128 MiB"),
    .init(
      name: "yield/software/same-space",
      explanation: "from one thread's call of yield to its return in another of the same level"),
    .init(
      name: "yield/software/other-space", explanation: "the same between threads with different page tables"),
    .init(
      name: "yield/hardware/same-space",
      explanation:
        "the same by a jump to a task-state segment (i686; instructions don't count the jump's work)"),
    .init(
      name: "yield/hardware/other-space",
      explanation: "the same with different page tables"),
    .init(
      name: "preempt/timer",
      explanation: "hourglass: from the last reading of the counter before the timer's interrupt to the next "
        + "thread's first"),
    .init(
      name: "wake/interrupt-to-thread",
      explanation: "from the last instruction before the timer's interrupt to a more urgent sleeper's return"),
    .init(name: "semaphore/round-trip", explanation: "signal and wait against wait and signal, two threads"),
    .init(name: "queue/round-trip-16", explanation: "a message of 16 bytes to another thread and one back"),
    .init(name: "thread/create-run-exit-join", explanation: "the whole life of a thread that does nothing"),
    .init(name: "mutex/lock-unlock", explanation: "both, of a mutex that nobody else wants"),
    .init(
      name: "mutex/unlock-to-owner",
      explanation:
        "from unlock to the return from lock in a more urgent thread, which the owner inherited from"),
    .init(
      name: "sleep/lateness",
      explanation:
        "from the tick that a sleep should end at to the sleeper's reading of the counter, when idle"),
    .init(name: "pick/2-ready", explanation: "yield with no other thread ready"),
    .init(name: "pick/10-ready", explanation: "yield with 8 more threads ready at lower levels"),
    .init(name: "pick/100-ready", explanation: "yield with 98 more threads ready at lower levels"),
    .init(name: "pick/1000-ready", explanation: "yield with 998 more threads ready at lower levels"),
    .init(
      name: "page/first-touch",
      explanation: "from before to after a program's first write to a page, a cleared frame at hand"),
    .init(
      name: "page/first-touch-uncleared", explanation: "the same when the frame has yet to be cleared"),
    .init(name: "page/copy-on-write", explanation: "a program's write to a page that a copy of it has too"),
    .init(
      name: "page/fork-and-exit-48",
      explanation: "copying an address space with 50 pages and giving the copy back"),
    .init(name: "trace/test-when-off", explanation: "what a place that records costs while the trace is off"),
    .init(name: "trace/record", explanation: "the same with the trace on: one event"),
    .init(
      name: "trace/yield", explanation: "yield/software/same-space with the trace on: each switch is an event"
    ),
  ]

  /// The entries whose path is `name` or begins with it and a `/`.
  public static func entries(matching name: String) -> [CatalogueEntry] {
    entries.filter { $0.name == name || $0.name.hasPrefix(name + "/") }
  }
}
