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

  /// Copies the bytes of `source` from `start` up to `end` into the window at `offset`, a multiple of 4.
  func write(_ source: RawSpan, from start: Int, to end: Int, at offset: UInt32)
  /// Copies bytes of the window from `offset` over those of `target` from `start` up to `end`, each read once.
  func read(into target: inout MutableRawSpan, from start: Int, to end: Int, at offset: UInt32)
}

/// The bytes in a cache line of every processor that the kernel runs on.
public let cacheLine: UInt32 = 64
