/// The benchmarks there are.

/// A benchmark by its path, and what it measures.
public struct CatalogueEntry: Sendable, Equatable {
  /// The path, as in reports; it does not change.
  public let name: String
  /// What a sample is.
  public let explanation: String
  /// The result of a peer that it is compared with.
  public let peerName: String?
  /// Whether our kernel measures it itself; if not, a program of Linux does, the same one on our kernel and on a peer's.
  public let isOurs: Bool

  init(name: String, explanation: String, peerName: String? = nil, isOurs: Bool = true) {
    self.name = name
    self.explanation = explanation
    self.peerName = peerName
    self.isOurs = isOurs
  }

  /// The part before the first `/`, by which the kernel chooses what to run.
  public var group: String { Catalogue.group(of: name) }

  /// The way to switch that the path names; what does not name one is measured with the software's.
  public var switchMethod: String {
    name.split(separator: "/").contains("hardware") ? "hardware" : "software"
  }
}

/// All benchmarks.
public enum Catalogue {
  /// In the order in which they run.
  public static let entries: [CatalogueEntry] = [
    .init(name: "boot/first-line", explanation: "from the kernel's first instructions to its first log line"),
    .init(name: "boot/start-up", explanation: "the same to the end of start-up, with 128 MiB"),
    .init(
      name: "boot/prompt",
      explanation: "the same to where busybox's shell has shown its prompt and looks for input, with 128 MiB"),
    .init(
      name: "yield/software/same-space",
      explanation: "from one thread's call of yield to its return in another of the same level",
      peerName: "yield/same-space"),
    .init(
      name: "yield/software/other-space", explanation: "the same between threads with different page tables",
      peerName: "yield/other-space"),
    .init(
      name: "yield/hardware/same-space",
      explanation:
        "the same by a jump to a task-state segment (i686; instructions don't count the jump's work)",
      peerName: "yield/same-space"),
    .init(
      name: "yield/hardware/other-space", explanation: "the same with different page tables",
      peerName: "yield/other-space"),
    .init(
      name: "preempt/timer",
      explanation:
        "from the last reading of the counter before the timer's interrupt to the next thread's first",
      peerName: "hourglass"),
    .init(
      name: "wake/interrupt-to-thread",
      explanation: "from the last instruction before the timer's interrupt to a more urgent sleeper's return",
      peerName: "wake/interrupt-to-thread"),
    .init(
      name: "hourglass/software",
      explanation: "two urgent threads read the counter in a loop: the gaps in which the timer switched them",
      peerName: "hourglass"),
    .init(
      name: "hourglass/hardware", explanation: "the same by a jump to a task-state segment (i686)",
      peerName: "hourglass"),
    .init(
      name: "semaphore/round-trip", explanation: "signal and wait against wait and signal, two threads",
      peerName: "semaphore/round-trip"),
    .init(
      name: "queue/round-trip-16", explanation: "a message of 16 bytes to another thread and one back",
      peerName: "pipe/round-trip-16"),
    .init(
      name: "thread/create-run-exit-join", explanation: "the whole life of a thread that does nothing",
      peerName: "thread/create-run-exit-join"),
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
    .init(
      name: "message/send-8", explanation: "8 bytes into the ring of a link, from a register to the stamp"),
    .init(name: "message/send-64", explanation: "64 bytes into the ring of a link"),
    .init(name: "message/receive-8", explanation: "taking 8 bytes that wait in the ring, found by a look"),
    .init(name: "message/receive-64", explanation: "taking 64 bytes that wait in the ring"),
    .init(name: "message/poll-empty", explanation: "a look at a ring in which nothing waits"),
    .init(
      name: "message/doorbell-to-handler",
      explanation: "from ringing the own doorbell to the first instruction of what it calls"),
    .init(
      name: "message/call-reply-0",
      explanation: "a call without payload and its reply, two threads with different page tables",
      peerName: "pipe/round-trip-1"),
    .init(
      name: "message/call-reply-64", explanation: "the same with 64 bytes both ways",
      peerName: "pipe/round-trip-16"),
    .init(
      name: "node/ball-round-trip",
      explanation: "a word in a cache line to another node and back, bare (ticks)",
      peerName: "between/line-round-trip"),
    .init(
      name: "node/poll-round-trip", explanation: "8 bytes through the rings of two nodes that poll (ticks)"),
    .init(
      name: "node/doorbell-round-trip-halted",
      explanation: "a call of 8 bytes by the doorbell to a halted node (ticks)",
      peerName: "between/futex-round-trip"),
    .init(
      name: "node/doorbell-round-trip-busy", explanation: "the same to a node that computes (ticks)",
      peerName: "between/pipe-round-trip-8"),
    .init(name: "node/stream-8", explanation: "a message of 8 bytes of a stream, one way (ticks)"),
    .init(name: "node/stream-64", explanation: "the same of 64 bytes"),
    .init(name: "node/stream-256", explanation: "the same of 256 bytes"),
    .init(name: "node/stream-468", explanation: "the same of 468 bytes, the longest in a ring"),
    .init(name: "node/stream-4096", explanation: "the same of 4 KiB, in a chunk"),
    .init(name: "node/stream-65536", explanation: "the same of 64 KiB, in 16 chunks"),
    .init(name: "nodes/from-1-to-1", explanation: "8 bytes from one node to node 0 (ticks a message)"),
    .init(name: "nodes/from-2-to-1", explanation: "the same from two nodes"),
    .init(name: "nodes/from-3-to-1", explanation: "the same from three nodes"),
    .init(
      name: "nodes/lock-test-and-set",
      explanation: "one acquisition when 2 to 4 nodes want it all the time (ticks): /2, /3, /4"),
    .init(name: "nodes/lock-ticket", explanation: "the same"),
    .init(name: "nodes/lock-queue", explanation: "the same of an MCS lock"),
    .init(name: "nodes/lock-robust", explanation: "the same of a lock that names its holder"),
    .init(name: "nodes/barrier-central", explanation: "one episode with 2 to 4 nodes (ticks): /2, /3, /4"),
    .init(name: "nodes/barrier-dissemination", explanation: "the same"),
    .init(name: "nodes/barrier-tree", explanation: "the same"),
    .init(name: "nodes/barrier-messages", explanation: "the same of a barrier of messages"),
    .init(name: "trace/test-when-off", explanation: "what a place that records costs while the trace is off"),
    .init(name: "trace/record", explanation: "the same with the trace on: one event"),
    .init(
      name: "trace/yield", explanation: "yield/software/same-space with the trace on: each switch is an event"
    ),
    .init(
      name: "jacobi/bare",
      explanation: "400 steps of Jacobi's method on a grid of 128 x 128, in the kernel (i686)"),
    .init(
      name: "guest/null-hypercall",
      explanation: "a guest's call that asks for nothing, from before to after it (guests: i686 only)"),
    .init(name: "guest/inb", explanation: "a guest's `in` from a port, which the host carries out"),
    .init(
      name: "guest/interrupt",
      explanation: "from the call that lets a waiting interrupt come to the guest's handler"),
    .init(
      name: "guest/page-fill", explanation: "a guest's first write to a page that its own tables show already"
    ),
    .init(name: "guest/page-first-write", explanation: "the same to a page that was read before"),
    .init(name: "guest/set-pte", explanation: "a guest's change of an entry, with the call that tells of it"),
    .init(name: "guest/switch-root", explanation: "a guest's change to tables that the host knows"),
    .init(
      name: "guest/reflected-trap",
      explanation: "an undefined instruction in a guest, its handler, and the way back"),
    .init(
      name: "guest/64-ring-calls", explanation: "64 calls that wait in the ring, and the one that starts them"
    ),
    .init(
      name: "guest/flush-everything",
      explanation: "the dearest call but NOTIFY: all is forgotten when shadows are as large as they may be"),
    .init(
      name: "guest/notify-disk", explanation: "as much as one NOTIFY writes to a disk: 1.25 MiB less 1 KiB"),
    .init(name: "guest/notify-terminal", explanation: "as much as one shows: 40 KiB of line ends"),
    .init(name: "guest/notify-balloon", explanation: "as many pages as one gives up or takes back: 510"),
    .init(name: "guest/notify-random", explanation: "as many random bytes as one asks for: 20 KiB"),
    .init(name: "guest/notify-network", explanation: "as many frames as one sends: 64 of 1,514 bytes"),
    .init(name: "guest/jacobi-1", explanation: "jacobi/bare in a guest"),
    .init(name: "guest/jacobi-2", explanation: "the same in two guests at a time: one of them"),
    .init(name: "guest/jacobi-3", explanation: "the other"),
    .init(
      name: "pipe/round-trip-1", explanation: "a byte through a pipe and one back, two threads", isOurs: false
    ),
    .init(
      name: "pipe/processes-round-trip-1", explanation: "the same between two processes", isOurs: false),
    .init(
      name: "port/call-reply-0",
      explanation: "a call without payload and its reply, two programs in address spaces of their own",
      isOurs: false),
    .init(
      name: "port/call-reply-64", explanation: "the same with 64 bytes both ways", isOurs: false),
    .init(
      name: "port/copied-0", explanation: "the same without, messages anywhere in the programs' memory",
      isOurs: false),
    .init(name: "port/copied-64", explanation: "the same with 64 bytes both ways", isOurs: false),
    .init(
      name: "syscall/getpid",
      explanation: "the system call that does the least, by syscall on x86_64 and int 0x80 on i686",
      isOurs: false),
    .init(
      name: "syscall/getpid-int80", explanation: "the same by int 0x80, from a program of 64 bits",
      isOurs: false),
    .init(
      name: "syscall/getpid-sysenter", explanation: "the same on i686 through the page that AT_SYSINFO names",
      isOurs: false),
    .init(
      name: "futex/round-trip", explanation: "wake and wait against wait and wake, two threads", isOurs: false
    ),
    .init(
      name: "clone/create-run-exit-join",
      explanation: "the whole life of a program's thread on a stack that is there", isOurs: false),
    .init(
      name: "pthread/create-join", explanation: "pthread_create and pthread_join of a program with musl",
      isOurs: false),
    .init(name: "file/open-close", explanation: "opening a file of the root and closing it", isOurs: false),
    .init(name: "file/read-16", explanation: "reading 16 bytes of it", isOurs: false),
    .init(name: "file/write-16", explanation: "writing 16 bytes of a file", isOurs: false),
    .init(name: "file/stat", explanation: "asking what a file of the root is", isOurs: false),
    .init(
      name: "execute/fork-exec-exit-wait",
      explanation: "the whole life of a process that runs a small program",
      isOurs: false),
    .init(
      name: "process/fork-exit-wait", explanation: "the whole life of a process that does nothing",
      isOurs: false),
    .init(
      name: "process/fork-exec-wait", explanation: "the same of one that runs a small program", isOurs: false),
    .init(
      name: "process/vfork-exit-wait", explanation: "the same of one that borrows its parent's memory",
      isOurs: false),
    .init(
      name: "memory/first-touch", explanation: "a write to a page of new memory that was never touched",
      isOurs: false),
  ]

  /// Names for several groups.
  public static let suites: [(name: String, groups: [String])] = [
    ("context-switch", ["yield", "preempt", "wake"]),
    ("primitives", ["thread", "mutex", "semaphore", "queue", "sleep", "pick"]),
    ("messages", ["message", "port", "node", "nodes"]),
    (
      "syscalls",
      [
        "syscall", "pipe", "futex", "port", "clone", "pthread", "process", "execute", "memory", "file",
      ]
    ),
  ]

  /// The entry with this path.
  public static func entry(_ name: String) -> CatalogueEntry? { entries.first { $0.name == name } }

  /// The part of a path before the first `/`.
  public static func group(of name: String) -> String { String(name.prefix { $0 != "/" }) }

  /// The entries of a suite, or those whose path is `name` or begins with it and a `/`.
  public static func entries(matching name: String) -> [CatalogueEntry] {
    if let suite = suites.first(where: { $0.name == name }) {
      return entries.filter { suite.groups.contains($0.group) }
    }
    return entries.filter { $0.name == name || $0.name.hasPrefix(name + "/") }
  }

  /// The entries that any of the names matches, each once and in order; all for no names.
  public static func selection(_ names: [String]) -> [CatalogueEntry] {
    let wanted = names.flatMap(entries(matching:))
    return entries.filter { names.isEmpty || wanted.contains($0) }
  }

  /// The groups that the program measures on our kernel for a selection.
  public static func programGroups(of selection: [CatalogueEntry]) -> [String] {
    var groups: [String] = []
    for entry in selection where !entry.isOurs && !groups.contains(entry.group) { groups.append(entry.group) }
    return groups
  }

  /// The groups that a peer measures for a selection: their counterparts of ours, and what only they measure.
  public static func peerGroups(of selection: [CatalogueEntry]) -> [String] {
    var groups: [String] = []
    for name in selection.compactMap({ $0.isOurs ? $0.peerName : $0.name })
    where !groups.contains(group(of: name)) { groups.append(group(of: name)) }
    return groups
  }

  /// The names nearest to one that is unknown, for a message.
  public static func suggestions(for name: String) -> [String] {
    let known = suites.map(\.name) + entries.map(\.group) + entries.map(\.name)
    var found: [String] = []
    for candidate in known where !found.contains(candidate) {
      if candidate.contains(name) || name.contains(candidate) || distance(candidate, name) <= 2 {
        found.append(candidate)
      }
    }
    return Array(found.prefix(5))
  }

  /// How many letters must be changed, added or left out.
  private static func distance(_ a: String, _ b: String) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let next = x == y ? diagonal : 1 + min(diagonal, row[j], row[j + 1])
        diagonal = row[j + 1]
        row[j + 1] = next
      }
    }
    return row[b.count]
  }
}
