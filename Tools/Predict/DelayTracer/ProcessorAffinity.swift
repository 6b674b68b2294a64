import CSeccomp

/// Which processors this thread, and the programs it starts, may use.
public enum ProcessorAffinity {
  /// Processors this thread, and programs it starts, may use.
  public static var count: Int { Int(processor_count()) }

  /// Runs `body` with everything it starts held to one processor, where the system allows that.
  public static func onOneProcessor<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    _ = processor_narrow()
    defer { processor_restore() }
    return try body()
  }
}
