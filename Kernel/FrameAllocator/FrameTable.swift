/// What the frame allocator remembers about each frame, in memory that is handed in.

import Base

/// A byte of state and two links for every frame from 0 up.
///
/// The table is a plain piece of memory, because its size is the machine's. Only this file touches it; every access
/// is checked against the number of frames.
///
/// - Invariant: `states` and `links` cover `frameCount` frames and belong to this table alone.
@safe public struct FrameTable: ~Copyable {
  /// The number of frames that the table describes.
  public let frameCount: UInt32

  private let links: UnsafeMutablePointer<UInt64>
  private let states: UnsafeMutablePointer<UInt8>

  /// Bytes of memory that a table for `frameCount` frames needs.
  public static func byteCount(frameCount: UInt32) -> Int {
    // Eight bytes of links and one of state, rounded up so that the states can be cleared by words.
    Int(frameCount) * 8 + (Int(frameCount) + 7) & ~7
  }

  /// Makes a table in which no frame is known.
  ///
  /// - Safety: `memory` must be aligned to 8 bytes, have `byteCount(frameCount:)` bytes, live as long as the table,
  ///   and be used by nothing else.
  @unsafe public init(memory: UnsafeMutableRawPointer, frameCount: UInt32) {
    self.frameCount = frameCount
    let count = Int(frameCount)
    unsafe links = memory.bindMemory(to: UInt64.self, capacity: count)
    // Links are written before they are read; only the states need a beginning.
    unsafe states = (memory + count * 8).initializeMemory(
      as: UInt8.self, repeating: FrameState.notAllocated.rawValue, count: (count + 7) & ~7)
  }

  /// Makes a table of no frames.
  public init() {
    frameCount = 0
    // Never dereferenced: every index is refused. Any address but 0 will do.
    // SAFETY: a table of no frames needs no memory.
    unsafe links = UnsafeMutablePointer(bitPattern: 8).unsafelyUnwrapped
    unsafe states = UnsafeMutablePointer(bitPattern: 8).unsafelyUnwrapped
  }

  /// The state of a frame.
  @inline(__always)
  public func state(of frame: UInt32) -> FrameState {
    precondition(frame < frameCount, "the frame table was read past its end")
    // SAFETY: the index was just checked.
    return FrameState(rawValue: unsafe states[Int(frame)])
  }

  /// Changes the state of a frame.
  @inline(__always)
  mutating func setState(_ state: FrameState, of frame: UInt32) {
    precondition(frame < frameCount, "the frame table was written past its end")
    // SAFETY: the index was just checked.
    unsafe states[Int(frame)] = state.rawValue
  }

  /// The neighbours of a free block in the list of its order.
  @inline(__always)
  func links(of frame: UInt32) -> (next: UInt32, previous: UInt32) {
    precondition(frame < frameCount, "the frame table was read past its end")
    // SAFETY: the index was just checked; the links of a listed block have been written.
    let pair = unsafe links[Int(frame)]
    return (UInt32(truncatingIfNeeded: pair), UInt32(truncatingIfNeeded: pair >> 32))
  }

  /// Changes the neighbours of a free block.
  @inline(__always)
  mutating func setLinks(next: UInt32, previous: UInt32, of frame: UInt32) {
    precondition(frame < frameCount, "the frame table was written past its end")
    // SAFETY: the index was just checked.
    unsafe links[Int(frame)] = UInt64(previous) << 32 | UInt64(next)
  }
}

/// What is known about a frame.
public struct FrameState: RawRepresentable, BitwiseCopyable, Hashable, Sendable {
  /// The state as one byte.
  public let rawValue: UInt8

  /// Makes a state of its byte.
  @inline(__always)
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Inside a free block, or never handed to the allocator.
  public static var notAllocated: FrameState { FrameState(rawValue: 0) }
  /// In use by somebody.
  public static var allocated: FrameState { FrameState(rawValue: 1) }

  /// The first frame of a free block of 2 to the power of `order` frames.
  @inline(__always)
  static func freeBlock(order: UInt32) -> FrameState { FrameState(rawValue: 0x80 | UInt8(truncatingIfNeeded: order)) }
}
