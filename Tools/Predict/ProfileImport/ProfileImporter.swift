import SpeedupModel

/// Makes profiles from what tracers write.
///
/// Streams: memory does not grow with the file, except for our own JSON, which is small.
public enum ProfileImporter {
  /// Reads the file at `path`, `-` for the standard input.
  public static func read(path: String, as format: ProfileFormat, options: ImportOptions = ImportOptions())
    throws(InputError) -> Profile
  {
    try read(LineSource(path: path), as: format, options: options)
  }

  /// Reads a file in memory.
  public static func read(
    bytes: [UInt8], place: String, as format: ProfileFormat, options: ImportOptions = ImportOptions()
  ) throws(InputError) -> Profile {
    try read(LineSource(bytes: bytes, place: place), as: format, options: options)
  }

  private static func read(_ source: LineSource, as format: ProfileFormat, options: ImportOptions)
    throws(InputError) -> Profile
  {
    switch format {
    case .straceTrace: return try readTrace(source, options)
    case .straceSummary, .straceWallSummary:
      var reader = StraceSummaryReader()
      while let line = try source.next() {
        try reader.take(line, number: source.lineNumber, place: source.place)
      }
      try reader.finish(place: source.place, lines: source.lineNumber)
      let isWall = format == .straceWallSummary
      return try assemble(
        reader.tally.records, source, isWall ? "strace -c -w" : "strace -c", options, threads: 1,
        notes: [
          isWall
            ? "times run from entry to return of a call, waiting and the tracer's stops included"
            : "times are taken as processor time in the kernel, as strace -c prints them; of strace -c -w, whose "
              + "table looks the same, they run from entry to return (--format strace-cw)"
        ])
    case .perfSummary:
      var reader = PerfSummaryReader()
      while let line = try source.next() {
        try reader.take(line, number: source.lineNumber, place: source.place)
      }
      try reader.finish(place: source.place, lines: source.lineNumber)
      return try assemble(
        reader.tally.records, source, "perf trace -s", options, threads: reader.threadCount,
        notes: ["times run from entry to return of a call, waiting included"])
    case .time: return try readTime(source, options)
    case .json:
      var bytes: [UInt8] = []
      while let line = try source.next() {
        bytes += line
        bytes.append(10)
        guard bytes.count < 64 << 20 else {
          throw InputError(source.place, found: "more than 64 MiB", allowed: "a profile of ours")
        }
      }
      return try Profile(json: bytes, place: source.place)
    }
  }

  private static func readTrace(_ source: LineSource, _ options: ImportOptions) throws(InputError) -> Profile
  {
    var reader = StraceTraceReader()
    while let line = try source.next() {
      try reader.take(line, number: source.lineNumber, place: source.place)
    }
    try reader.finish(place: source.place, lines: source.lineNumber)
    var notes = ["times run from entry to return of a call, waiting and the tracer's stops included"]
    if reader.unfinished > 0 { notes.append("\(reader.unfinished) calls never returned and are not counted") }
    return try assemble(
      reader.tally.records, source, "strace -T -ttt", options, threads: reader.clocks.count,
      traced: (reader.lastTime - reader.firstTime, reader.clocks.computationSeconds), notes: notes)
  }

  private static func readTime(_ source: LineSource, _ options: ImportOptions) throws(InputError) -> Profile {
    var reader = TimeReader()
    while let line = try source.next() {
      try reader.take(line, number: source.lineNumber, place: source.place)
    }
    try reader.finish(place: source.place, lines: source.lineNumber)
    let (user, system) = (reader.user ?? 0, reader.system ?? 0)
    // One entry stands for all calls: the naive model needs no more, and the refined one must say it has no counts.
    return try Profile(
      program: options.program ?? source.place, source: "time -p", computationSeconds: user,
      userSeconds: user,
      systemSeconds: system, wallSeconds: reader.real,
      calls: [CallRecord("all_calls", count: 0, seconds: system)],
      notes: [
        "no calls are known one by one: only the naive model applies",
        "p is an overestimate: system time includes interrupts and page faults",
      ],
      place: source.place)
  }

  /// Puts a profile together: takes the tracer's overhead off and finds out C.
  ///
  /// `traced` is the length of the traced run, and the time between its threads' calls, where the trace tells them.
  private static func assemble(
    _ records: [CallRecord], _ source: LineSource, _ name: String, _ options: ImportOptions, threads: Int,
    traced: (wallSeconds: Double, computationSeconds: Double)? = nil, notes: [String]
  ) throws(InputError) -> Profile {
    var notes = notes
    var calls = records.filter { $0.count > 0 }
    TracerOverhead.takeOff(options.overheadPerCall, from: &calls)
    if options.overheadPerCall > 0 {
      notes.append("\(options.overheadPerCall * 1e6) µs a call are taken off for the tracer")
    }
    if !options.keepsWaiting, WaitingCalls.discount(&calls) {
      notes.append("several threads or processes: calls that wait for one another take no time")
    }
    let spent = calls.reduce(0) { $0 + $1.seconds }
    var computation = 0.0
    if let user = options.userSeconds {
      computation = user
      notes.append("computation is the user time given")
    } else if let wall = options.wallSeconds, wall >= spent, threads == 1 {
      computation = wall - spent
      notes.append("computation is the run's length less the time in calls")
    } else if let traced {
      computation = traced.computationSeconds
      notes.append(
        "computation is the time between each thread's calls in the traced run: waiting for a processor and the "
          + "tracer's stops are in it")
    } else if options.wallSeconds == nil {
      notes.append("computation is not known and set to 0; give --user or --wall")
    } else {
      notes.append("calls of threads overlap, so the run's length does not tell computation; give --user")
    }
    return try Profile(
      program: options.program ?? source.place, source: name, computationSeconds: computation,
      userSeconds: options.userSeconds, systemSeconds: options.systemSeconds,
      wallSeconds: options.wallSeconds ?? traced?.wallSeconds, threads: max(1, threads), calls: calls,
      notes: notes, place: source.place)
  }
}
