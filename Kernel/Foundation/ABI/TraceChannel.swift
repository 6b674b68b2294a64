/// How a host learns where a kernel keeps its traces.

/// What the kernel writes to the debug port when it begins to record.
///
/// A line for each processor: `@apus-trace PROCESSOR ADDRESS SIZE`, the physical address of the processor's trace and
/// the bytes of its ring in decimal. What lies there is described at `TraceBlock`.
///
/// Example: `@apus-trace 0 2097152 65536`.
public enum TraceChannel {
  /// What the line starts with.
  public static let recordPrefix: StaticString = "@apus-trace "
}
