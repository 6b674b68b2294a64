/// A file that the boot loader placed in memory beside the kernel.

import Base

/// A module: where its bytes lie and what the loader's configuration calls it.
///
/// - Invariant: `start <= end`; modules of one `BootInformation` do not overlap.
public struct BootModule: BitwiseCopyable, Hashable, Sendable {
  /// The first byte.
  public let start: PhysicalAddress
  /// One past the last byte; equal to `start` for an empty file.
  public let end: PhysicalAddress
  /// The text behind the module's name in the loader's configuration; QEMU puts the file's name first.
  public let text: BootText

  /// The size in bytes.
  @inlinable
  public var byteCount: UInt64 { end.rawValue - start.rawValue }
}
