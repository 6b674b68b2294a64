/// The seam to whatever carries frames from one node to another when it is not shared memory.

/// Carries frames; may lose, double, reorder and damage them.
public protocol Transport: ~Copyable {
  /// The most bytes of a frame.
  var frameCapacity: Int { get }
  /// Gives a frame to the transport, which may lose it.
  mutating func send(_ frame: RawSpan)
  /// Takes the next frame that has arrived.
  ///
  /// - Returns: its bytes, or 0 if there is none.
  mutating func receive(into target: inout MutableRawSpan) -> Int
}

/// A queue of frames in memory that was given to it: what one end sends the same end receives.
///
/// - Invariant: `count` frames lie from slot `first` on, each with its length.
@safe public struct Loopback: Transport, ~Copyable {
  private let memory: UnsafeMutableRawPointer
  private let slots: Int
  /// The most bytes of a frame.
  public let frameCapacity: Int
  private var first = 0
  /// The frames that wait.
  public private(set) var count = 0
  /// The frames that found no room.
  public private(set) var lost: UInt64 = 0

  /// Makes an empty queue.
  ///
  /// - Safety: `slots * (frameCapacity + 8)` bytes at `memory`, aligned to 8, must stay the queue's own.
  @unsafe public init(memory: UnsafeMutableRawPointer, slots: Int, frameCapacity: Int) {
    precondition(
      slots > 0 && frameCapacity > 0 && frameCapacity & 7 == 0, "a queue needs slots of whole words")
    unsafe self.memory = memory
    self.slots = slots
    self.frameCapacity = frameCapacity
  }

  private func slot(_ index: Int) -> UnsafeMutableRawPointer {
    // SAFETY: the remainder is below the number of slots that `init` was given memory for.
    unsafe memory + (index % slots) * (frameCapacity + 8)
  }

  /// Appends a frame, or loses it if the queue is full.
  public mutating func send(_ frame: RawSpan) {
    guard count < slots, frame.byteCount <= frameCapacity else {
      lost += 1
      return
    }
    // SAFETY: the slot has room for the length and `frameCapacity` bytes.
    let place = unsafe slot(first + count)
    unsafe place.storeBytes(of: frame.byteCount, as: Int.self)
    for index in 0..<frame.byteCount {
      unsafe place.storeBytes(
        of: frame.unsafeLoad(fromByteOffset: index, as: UInt8.self), toByteOffset: 8 + index, as: UInt8.self)
    }
    count += 1
  }

  /// Removes the oldest frame.
  public mutating func receive(into target: inout MutableRawSpan) -> Int {
    guard count > 0 else { return 0 }
    // SAFETY: the slot holds a frame that `send` has written.
    let place = unsafe slot(first)
    let length = unsafe min(place.load(as: Int.self), target.byteCount)
    for index in 0..<length {
      target.storeBytes(
        of: unsafe place.load(fromByteOffset: 8 + index, as: UInt8.self), toByteOffset: index,
        as: UInt8.self)
    }
    first = (first + 1) % slots
    count -= 1
    return length
  }
}
