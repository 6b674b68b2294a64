/// Why the frame allocator refused.

import Base

/// A refusal that names what was wrong.
public enum FrameAllocatorError: Error, BitwiseCopyable, Hashable, Sendable {
  /// No block of the wanted size is free.
  case outOfFrames
  /// The frame is free already: it was freed twice.
  case doubleFree(FrameNumber)
  /// The frame was never the allocator's to give.
  case foreignFree(FrameNumber)
  /// The request is for no frame, for more than a block can have, or with an alignment that is no power of two.
  case invalidRequest
  /// The range to be added meets frames that the allocator has already.
  case overlappingRange(FrameNumber)
  /// More separate ranges than can be remembered.
  case tooManyRanges

  /// The refusal as a sentence without a full stop.
  public var sentence: StaticString {
    switch self {
    case .outOfFrames: "no free run of physical frames is long enough"
    case .doubleFree: "a physical frame was freed twice"
    case .foreignFree: "a physical frame was freed that was never allocated"
    case .invalidRequest: "the number or the alignment of the frames is impossible"
    case .overlappingRange: "a range of physical frames was added twice"
    case .tooManyRanges: "physical memory has more separate ranges than can be remembered"
    }
  }
}
