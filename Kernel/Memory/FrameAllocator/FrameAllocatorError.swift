/// Why frames were not given out or not taken back.

import Base

/// A refusal of the frame allocator.
public enum FrameAllocatorError: Error, BitwiseCopyable, Hashable, Sendable {
  /// No frame, or no run of that length, is free.
  case outOfFrames
  /// A run of no frames, or an alignment that is not a power of two, was asked for.
  case badRequest
  /// The frame is free already.
  case doubleFree(FrameNumber)
  /// The frame was never the allocator's to give: outside its range, reserved, or no memory.
  case foreignFrame(FrameNumber)
  /// The frame belongs to another kind of owner.
  case wrongOwner(FrameNumber, FrameOwner)

  /// The refusal as a sentence without a full stop; the kernel prints the frame after it.
  public var sentence: StaticString {
    switch self {
    case .outOfFrames: "out of physical memory"
    case .badRequest: "a run of frames with an impossible length or alignment"
    case .doubleFree: "a frame is freed twice"
    case .foreignFrame: "a frame is freed that was never handed out"
    case .wrongOwner: "a frame is freed by another than its owner"
    }
  }

  /// The frame concerned, if there is one.
  public var frame: FrameNumber? {
    switch self {
    case .outOfFrames, .badRequest: nil
    case .doubleFree(let frame), .foreignFrame(let frame), .wrongOwner(let frame, _): frame
    }
  }
}
