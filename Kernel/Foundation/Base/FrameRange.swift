/// Page frames that lie side by side.

/// A run of consecutive page frames.
///
/// - Invariant: `start + count` does not exceed `UInt32.max`, so `end` is always a frame number.
public struct FrameRange: BitwiseCopyable, Hashable, Sendable {
  /// The first frame.
  public let start: FrameNumber
  /// How many frames there are; may be 0.
  public let count: UInt32

  /// Makes a run; one that passes the last frame number is a broken invariant and traps.
  @inlinable
  public init(start: FrameNumber, count: UInt32) {
    precondition(!start.rawValue.addingReportingOverflow(count).overflow, "a run of frames wraps around")
    self.start = start
    self.count = count
  }

  /// A run of no frames.
  @inlinable
  public static var empty: FrameRange { FrameRange(start: FrameNumber(0), count: 0) }

  /// One past the last frame.
  @inlinable
  public var end: FrameNumber { FrameNumber(start.rawValue &+ count) }

  /// Whether `frame` is one of them.
  @inlinable
  public func contains(_ frame: FrameNumber) -> Bool { frame.rawValue &- start.rawValue < count }

  /// Whether a frame is in both runs.
  @inlinable
  public func overlaps(_ other: FrameRange) -> Bool {
    start < other.end && other.start < end && count > 0 && other.count > 0
  }
}
