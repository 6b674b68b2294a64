/// The kinds of files profiles are made from.
public enum ProfileFormat: String, Sendable, CaseIterable {
  /// `strace -c`, with or without `-f`: processor time in the kernel for each call.
  case straceSummary = "strace-c"
  /// `strace -c -w`, with or without `-f`: time from entry to return of each call.
  case straceWallSummary = "strace-cw"
  /// `strace -T -ttt`, with or without `-f`: every call with its time.
  case straceTrace = "strace-T"
  /// `perf trace -s`: a table for each thread.
  case perfSummary = "perf-s"
  /// `time -p`: three lines; gives p, but no calls.
  case time = "time-p"
  /// A profile of ours, as `record` and `apus run --profile` write it.
  case json
}

/// What a file cannot say about a run, but the user may know.
public struct ImportOptions: Sendable {
  /// Name for the profile; the file's name without it.
  public var program: String?
  /// Seconds from start to end of the untraced run.
  public var wallSeconds: Double?
  /// Seconds in user mode of the untraced run.
  public var userSeconds: Double?
  /// Seconds in the kernel of the untraced run.
  public var systemSeconds: Double?
  /// Seconds the tracer itself adds to each call, taken off.
  public var overheadPerCall = 0.0
  /// Whether waiting calls keep their time in a program of several threads or processes.
  public var keepsWaiting = false

  /// Nothing known.
  public init() {}
}
