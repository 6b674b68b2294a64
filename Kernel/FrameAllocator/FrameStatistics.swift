/// Numbers about physical memory.

/// How many frames there are and what became of them.
public struct FrameStatistics: BitwiseCopyable, Hashable, Sendable {
  /// Frames that the allocator was given.
  public var total: UInt32 = 0
  /// Frames that are free now.
  public var free: UInt32 = 0
  /// The most frames that were in use at once.
  public var peakUsed: UInt32 = 0
  /// Requests that were granted.
  public var allocations: UInt64 = 0
  /// Requests that were refused for want of frames.
  public var refusals: UInt64 = 0

  /// Frames in use now.
  public var used: UInt32 { total - free }
}
