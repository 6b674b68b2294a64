/// The seam through which nodes meet in memory that all of them can write.
///
/// A window is a run of bytes addressed by offset. Each word in it is reached by an atomic access with a stated
/// order; payload moves in bulk, and only between a release that announces it and an acquire that sees it. The
/// bare machine answers from mapped memory, a host test from an array, and the model checker from a state in
/// which each of these calls is one step that another node may come between.

/// Memory that several nodes share.
///
/// Offsets are in bytes from the start of the window. A word's offset is a multiple of 4. Whoever calls makes sure,
/// once and when a structure is placed, that all of it lies inside `byteCount`; offsets that a peer wrote are
/// claims and are checked or masked before they come here.
public protocol SharedWindow: ~Copyable {
  /// The bytes in the window.
  var byteCount: UInt32 { get }

  /// Reads a word in no particular order with other accesses.
  func load(_ offset: UInt32) -> UInt32
  /// Reads a word before all accesses that follow.
  func loadAcquire(_ offset: UInt32) -> UInt32
  /// Writes a word in no particular order with other accesses.
  func store(_ value: UInt32, at offset: UInt32)
  /// Writes a word after all accesses that came before.
  func storeRelease(_ value: UInt32, at offset: UInt32)
  /// Writes a word and answers what was there; acquires and releases.
  func exchange(_ value: UInt32, at offset: UInt32) -> UInt32
  /// Writes a word if it holds `expected`, and answers whether it did; acquires and releases.
  func compareExchange(_ expected: UInt32, with value: UInt32, at offset: UInt32) -> Bool
  /// Adds to a word, wrapping around, and answers what was there; acquires and releases.
  func fetchAdd(_ value: UInt32, at offset: UInt32) -> UInt32
  /// Sets bits in a word and answers what was there; acquires and releases.
  func fetchOr(_ value: UInt32, at offset: UInt32) -> UInt32

  /// Reads the three words that follow the one at `offset`, in no particular order.
  func loadAfter(_ offset: UInt32) -> (UInt32, UInt32, UInt32)
  /// Writes the three words that follow the one at `offset`, in no particular order.
  func storeAfter(_ offset: UInt32, _ first: UInt32, _ second: UInt32, _ third: UInt32)
  /// Reads two words as one number, the lower one first, in no particular order.
  func loadPair(_ offset: UInt32) -> UInt64
  /// Writes a number as two words, the lower one first, in no particular order.
  func storePair(_ value: UInt64, at offset: UInt32)

  /// Copies the bytes of `source` from `start` up to `end` into the window at `offset`, a multiple of 4.
  func write(_ source: RawSpan, from start: Int, to end: Int, at offset: UInt32)
  /// Copies bytes of the window from `offset` over those of `target` from `start` up to `end`, each read once.
  func read(into target: inout MutableRawSpan, from start: Int, to end: Int, at offset: UInt32)
}

extension SharedWindow where Self: ~Copyable {
  /// Reads three words one by one.
  public func loadAfter(_ offset: UInt32) -> (UInt32, UInt32, UInt32) {
    (load(offset &+ 4), load(offset &+ 8), load(offset &+ 12))
  }
  /// Writes three words one by one.
  public func storeAfter(_ offset: UInt32, _ first: UInt32, _ second: UInt32, _ third: UInt32) {
    store(first, at: offset &+ 4)
    store(second, at: offset &+ 8)
    store(third, at: offset &+ 12)
  }
  /// Reads two words one by one.
  public func loadPair(_ offset: UInt32) -> UInt64 {
    let low = load(offset)
    return UInt64(load(offset &+ 4)) << 32 | UInt64(low)
  }
  /// Writes two words one by one.
  public func storePair(_ value: UInt64, at offset: UInt32) {
    store(UInt32(truncatingIfNeeded: value), at: offset)
    store(UInt32(truncatingIfNeeded: value >> 32), at: offset &+ 4)
  }
}

/// The bytes in a cache line of every processor that the kernel runs on.
public let cacheLine: UInt32 = 64
