/// What the allocator knows about each frame, in memory that it was given.
///
/// Two arrays: a byte of state for every frame, and two links for the frames that head a free block. Only the
/// states are cleared at start; links are written when a block enters a list and never read before.

import Base

/// The state of a frame, one byte.
///
/// ```
///   0000 0000  absent: no memory, or reserved; never handed out
///   0000 0001  free, inside a block whose head is further down
///   0000 0010  free, in the cache of single frames
///   001n nnnn  free, the head of a block of 2^n frames
///   01oo oooo  handed out, to an owner of kind o
/// ```
@usableFromInline
struct FrameState: BitwiseCopyable, Equatable {
  @usableFromInline var rawValue: UInt8

  @inlinable @inline(__always)
  init(rawValue: UInt8) { self.rawValue = rawValue }

  @inlinable static var absent: FrameState { FrameState(rawValue: 0) }
  @inlinable static var freeInside: FrameState { FrameState(rawValue: 1) }
  @inlinable static var cached: FrameState { FrameState(rawValue: 2) }

  @inlinable @inline(__always)
  static func freeHead(_ order: UInt32) -> FrameState {
    FrameState(rawValue: 0x20 | UInt8(truncatingIfNeeded: order))
  }

  @inlinable @inline(__always)
  static func allocated(_ owner: FrameOwner) -> FrameState { FrameState(rawValue: 0x40 | owner.rawValue) }

  @inlinable @inline(__always)
  var isAllocated: Bool { rawValue & 0x40 != 0 }

  @inlinable @inline(__always)
  var isFree: Bool { rawValue & 0x40 == 0 && rawValue != 0 }

  @inlinable
  var owner: FrameOwner { FrameOwner(unchecked: rawValue & 0x3F) }
}

/// The neighbours of a free block in the list of its order, as indices; `FrameTable.none` ends a list.
@usableFromInline
struct FrameLink: BitwiseCopyable {
  @usableFromInline var next: UInt32
  @usableFromInline var previous: UInt32

  @inlinable @inline(__always)
  init(next: UInt32, previous: UInt32) {
    self.next = next
    self.previous = previous
  }
}

/// The two arrays.
///
/// Every access is checked against the number of frames, so that a wrong index stops the kernel instead of
/// damaging memory.
///
/// - Invariant: `states` and `links` point to `count` elements that nobody else uses.
@safe
public struct FrameTable {
  @usableFromInline let states: UnsafeMutablePointer<UInt8>
  @usableFromInline let links: UnsafeMutablePointer<FrameLink>
  /// How many frames the table has room for.
  public let count: UInt32

  @inlinable static var none: UInt32 { .max }

  /// Bytes of memory that a table for `count` frames needs: 9 for each frame, rounded up to 16.
  public static func byteCount(frames count: UInt32) -> Int { (Int(count) * 9 + 15) & ~15 }

  /// Makes a table in memory that is handed over, with every frame absent.
  ///
  /// - Safety: `memory` points to `byteCount(frames: count)` writable bytes, aligned to 8, that stay valid and are
  ///   used by nobody else as long as the table is.
  @unsafe
  public init(memory: UnsafeMutableRawPointer, frames count: UInt32) {
    self.count = count
    // SAFETY: the caller vouches for 9 bytes a frame: 8 for its links, then 1 for its state.
    unsafe links = memory.bindMemory(to: FrameLink.self, capacity: Int(count))
    // SAFETY: as above.
    unsafe states = (memory + 8 * Int(count)).bindMemory(to: UInt8.self, capacity: Int(count))
    fillStates(from: 0, count: count, with: .absent)
  }

  /// Makes a table of no frames.
  public init() {
    count = 0
    // SAFETY: every index is refused, so the pointers are never followed; any address but 0 will do.
    unsafe links = UnsafeMutablePointer(bitPattern: 8).unsafelyUnwrapped
    // SAFETY: as above.
    unsafe states = UnsafeMutablePointer(bitPattern: 8).unsafelyUnwrapped
  }

  @inlinable @inline(__always)
  subscript(state index: UInt32) -> FrameState {
    get {
      precondition(index < count, "a frame's index is outside the frame table")
      // SAFETY: the index was checked.
      return unsafe FrameState(rawValue: states[Int(bitPattern: UInt(index))])
    }
    nonmutating set {
      precondition(index < count, "a frame's index is outside the frame table")
      // SAFETY: the index was checked.
      unsafe states[Int(bitPattern: UInt(index))] = newValue.rawValue
    }
  }

  @inlinable @inline(__always)
  subscript(link index: UInt32) -> FrameLink {
    get {
      precondition(index < count, "a frame's index is outside the frame table")
      // SAFETY: the index was checked.
      return unsafe links[Int(bitPattern: UInt(index))]
    }
    nonmutating set {
      precondition(index < count, "a frame's index is outside the frame table")
      // SAFETY: the index was checked.
      unsafe links[Int(bitPattern: UInt(index))] = newValue
    }
  }

  /// Gives a run of frames one state, several at a store.
  @usableFromInline
  func fillStates(from start: UInt32, count run: UInt32, with state: FrameState) {
    precondition(start <= count && run <= count - start, "a run of frames is outside the frame table")
    // SAFETY: the run was checked. `update(repeating:)` becomes memset, which stores whole words.
    unsafe (states + Int(start)).update(repeating: state.rawValue, count: Int(run))
  }

  /// The first frame of a run that is not absent, or `nil` if all are.
  ///
  /// Looks at a word of states at a time.
  func firstPresent(from start: UInt32, count run: UInt32) -> UInt32? {
    precondition(start <= count && run <= count - start, "a run of frames is outside the frame table")
    let end = start + run
    let wordSize = UInt32(MemoryLayout<UInt>.size)
    var index = start
    while index < end {
      if end - index >= wordSize {
        // SAFETY: a whole word of states lies before the run's end, which was checked.
        let word = unsafe UnsafeRawPointer(states + Int(index)).loadUnaligned(as: UInt.self)
        if word == 0 {
          index += wordSize
          continue
        }
      }
      if self[state: index] != .absent { return index }
      index += 1
    }
    return nil
  }
}
