/// Whom a frame was given to.

/// A kind of owner of frames, for statistics and for naming a wrong free.
public struct FrameOwner: BitwiseCopyable, Hashable, Sendable {
  /// The kind's number, 0 to 63.
  public let rawValue: UInt8

  /// Makes a kind of its number; one above 63 traps.
  @inlinable
  public init(_ rawValue: UInt8) {
    precondition(rawValue < 64, "there are 64 kinds of owners of frames")
    self.rawValue = rawValue
  }

  @inlinable @inline(__always)
  init(unchecked rawValue: UInt8) { self.rawValue = rawValue }

  /// Anything without a kind of its own.
  @inlinable public static var other: FrameOwner { FrameOwner(unchecked: 0) }
  /// Page tables.
  @inlinable public static var pageTable: FrameOwner { FrameOwner(unchecked: 1) }
  /// The kernel's heap.
  @inlinable public static var heap: FrameOwner { FrameOwner(unchecked: 2) }
  /// Stacks of the kernel's threads.
  @inlinable public static var stack: FrameOwner { FrameOwner(unchecked: 3) }
  /// Pages of programs.
  @inlinable public static var program: FrameOwner { FrameOwner(unchecked: 4) }
  /// Files of the ramdisk.
  @inlinable public static var file: FrameOwner { FrameOwner(unchecked: 5) }
  /// Memory of guests.
  @inlinable public static var guest: FrameOwner { FrameOwner(unchecked: 6) }
  /// Memory shared with other nodes.
  @inlinable public static var shared: FrameOwner { FrameOwner(unchecked: 7) }
}
