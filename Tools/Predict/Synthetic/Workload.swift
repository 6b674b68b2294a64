import SpeedupModel

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One thread's work.
struct Workload {
  private let trials: Int
  private let phases: Int
  private let sink: CInt
  private let zeros: CInt
  private var generator = SeededGenerator(seed: 1)
  private var hits = 0
  /// What each call took so far.
  private(set) var records: [CallRecord]

  init(trials: Int, gain: Double, phases: Int, writes: Int) {
    self.trials = Int(Double(trials) / gain)
    self.phases = phases
    sink = open("/dev/null", O_WRONLY | O_CLOEXEC)
    zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC)
    // Skewed like bzip2's profile in the paper's figure 6: one frequent call, several rare ones.
    records = [
      ("write", writes), ("read", 300), ("lseek", 240), ("getppid", 200), ("getuid", 160), ("getgid", 120),
      ("geteuid", 100), ("getegid", 80), ("umask", 60), ("dup", 40), ("close", 40), ("sched_yield", 20),
    ].map { CallRecord($0.0, count: $0.1, seconds: 0) }
  }

  /// Seconds of `clock`.
  static func now(_ clock: clockid_t = CLOCK_MONOTONIC) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  mutating func run() {
    for phase in 0..<phases {
      compute(share(of: trials, in: phase))
      call(phase)
    }
  }

  /// The part of `total` that phase number `phase` does, so that all phases together do exactly `total`.
  private func share(of total: Int, in phase: Int) -> Int {
    total * (phase + 1) / phases - total * phase / phases
  }

  private mutating func compute(_ points: Int) {
    var inside = 0
    for _ in 0..<points {
      let x = generator.unit()
      let y = generator.unit()
      if x * x + y * y < 1 { inside += 1 }
    }
    hits += inside
  }

  private mutating func call(_ phase: Int) {
    var byte: UInt8 = 0
    var duplicates: [CInt] = []
    for index in records.indices {
      let count = share(of: records[index].count, in: phase)
      // None of these calls waits, so processor time is their time, whatever else the machine does.
      let start = Self.now(CLOCK_THREAD_CPUTIME_ID)
      switch records[index].name {
      case "write": for _ in 0..<count { _ = write(sink, &byte, 1) }
      case "read": for _ in 0..<count { _ = read(zeros, &byte, 1) }
      case "lseek": for _ in 0..<count { _ = lseek(sink, 0, SEEK_SET) }
      case "getppid": for _ in 0..<count { _ = getppid() }
      case "getuid": for _ in 0..<count { _ = getuid() }
      case "getgid": for _ in 0..<count { _ = getgid() }
      case "geteuid": for _ in 0..<count { _ = geteuid() }
      case "getegid": for _ in 0..<count { _ = getegid() }
      case "umask": for _ in 0..<count { _ = umask(0o022) }
      case "dup": for _ in 0..<count { duplicates.append(dup(sink)) }
      case "close": for duplicate in duplicates { _ = close(duplicate) }
      default: for _ in 0..<count { _ = sched_yield() }
      }
      records[index].seconds += Self.now(CLOCK_THREAD_CPUTIME_ID) - start
    }
  }

  /// Runs one workload on each of `count` threads and waits for all.
  static func runTogether(_ count: Int, _ make: () -> Workload) {
    final class Box {
      var workload: Workload
      init(_ workload: Workload) { self.workload = workload }
    }
    let threads = (0..<count).map { _ in
      var thread = pthread_t()
      let error = pthread_create(
        &thread, nil,
        { argument in
          if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().workload.run() }
          return nil
        }, Unmanaged.passRetained(Box(make())).toOpaque())
      precondition(error == 0, "no thread")
      return thread
    }
    for thread in threads { pthread_join(thread, nil) }
  }
}
