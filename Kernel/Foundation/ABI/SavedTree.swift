/// Where the root file system lies in the machine's memory when a run ends, for `apus run --save`.
///
/// The kernel writes a line on the debug port, before the verdict's. The host finds the image at that address of the
/// machine's memory; whether it is whole is for the checker to say, not for this line.

/// The record of a root that can be saved.
public struct SavedTree: BitwiseCopyable, Hashable, Sendable {
  /// The physical address of the image.
  public var address: UInt64
  /// The image's bytes.
  public var byteCount: UInt64

  /// What the record's line starts with; then come address and size in decimal.
  ///
  /// Example: `@apus-root 16777216 33554432`.
  public static let recordPrefix: StaticString = "@apus-root "

  /// A record.
  public init(address: UInt64, byteCount: UInt64) {
    self.address = address
    self.byteCount = byteCount
  }
}
