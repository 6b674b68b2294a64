import Synchronization

/// A window that is mapped into this kernel's address space, or that lives in an array of a host test.
///
/// - Invariant: `base` is aligned to 64 bytes and `byteCount` bytes from it stay mapped, read and write, for as
///   long as the value is used. A word is touched by atomic instructions alone.
@safe
public struct MappedWindow: SharedWindow, @unchecked Sendable {
  @usableFromInline let base: UnsafeMutableRawPointer
  /// The bytes in the window.
  public let byteCount: UInt32

  /// Makes a window of mapped memory.
  ///
  /// - Safety: `byteCount` bytes from `base`, which is a multiple of 64, must stay readable and writable and must
  ///   be reached by nobody but through windows.
  @unsafe @inlinable
  public init(base: UnsafeMutableRawPointer, byteCount: UInt32) {
    unsafe self.base = base
    self.byteCount = byteCount
  }

  @inlinable @inline(__always)
  func word(_ offset: UInt32) -> UnsafeMutablePointer<Atomic<UInt32>> {
    assert(offset & 3 == 0 && UInt64(offset) + 4 <= UInt64(byteCount), "a window was reached outside itself")
    // SAFETY: the structures placed in the window were checked to lie inside it, and the caller's offset lies in
    // one of them; Atomic<UInt32> has the layout of a UInt32.
    return unsafe (base + Int(bitPattern: UInt(offset))).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  /// Reads a word in no particular order.
  @inlinable @inline(__always)
  public func load(_ offset: UInt32) -> UInt32 {
    // SAFETY: see word(_:).
    unsafe word(offset).pointee.load(ordering: .relaxed)
  }
  /// Reads a word before what follows.
  @inlinable @inline(__always)
  public func loadAcquire(_ offset: UInt32) -> UInt32 {
    // SAFETY: see word(_:).
    unsafe word(offset).pointee.load(ordering: .acquiring)
  }
  /// Writes a word in no particular order.
  @inlinable @inline(__always)
  public func store(_ value: UInt32, at offset: UInt32) {
    // SAFETY: see word(_:).
    unsafe word(offset).pointee.store(value, ordering: .relaxed)
  }
  /// Writes a word after what came before.
  @inlinable @inline(__always)
  public func storeRelease(_ value: UInt32, at offset: UInt32) {
    // SAFETY: see word(_:).
    unsafe word(offset).pointee.store(value, ordering: .releasing)
  }
  /// Swaps a word.
  @inlinable @inline(__always)
  public func exchange(_ value: UInt32, at offset: UInt32) -> UInt32 {
    // SAFETY: see word(_:).
    unsafe word(offset).pointee.exchange(value, ordering: .acquiringAndReleasing)
  }
  /// Swaps a word that holds what is expected.
  @inlinable @inline(__always)
  public func compareExchange(_ expected: UInt32, with value: UInt32, at offset: UInt32) -> Bool {
    // SAFETY: see word(_:).
    unsafe word(offset).pointee.compareExchange(
      expected: expected, desired: value, ordering: .acquiringAndReleasing
    ).exchanged
  }
  /// Adds to a word.
  @inlinable @inline(__always)
  public func fetchAdd(_ value: UInt32, at offset: UInt32) -> UInt32 {
    // SAFETY: see word(_:).
    unsafe word(offset).pointee.wrappingAdd(value, ordering: .acquiringAndReleasing).oldValue
  }
  /// Sets bits in a word.
  @inlinable @inline(__always)
  public func fetchOr(_ value: UInt32, at offset: UInt32) -> UInt32 {
    // SAFETY: see word(_:).
    unsafe word(offset).pointee.bitwiseOr(value, ordering: .acquiringAndReleasing).oldValue
  }
}

// Words of one slot: their address is computed once, which a sum of 32 bits for each of them would forbid.
extension MappedWindow {
  /// Reads the three words behind one.
  @inlinable @inline(__always)
  public func loadAfter(_ offset: UInt32) -> (UInt32, UInt32, UInt32) {
    // SAFETY: see word(_:); a slot has 16 words.
    let place = unsafe word(offset)
    return unsafe (
      place[1].load(ordering: .relaxed), place[2].load(ordering: .relaxed), place[3].load(ordering: .relaxed)
    )
  }
  /// Writes the three words behind one.
  @inlinable @inline(__always)
  public func storeAfter(_ offset: UInt32, _ first: UInt32, _ second: UInt32, _ third: UInt32) {
    // SAFETY: see word(_:); a slot has 16 words.
    let place = unsafe word(offset)
    unsafe place[1].store(first, ordering: .relaxed)
    unsafe place[2].store(second, ordering: .relaxed)
    unsafe place[3].store(third, ordering: .relaxed)
  }
  /// Reads two words, as payload: a peer that breaks the protocol may tear them.
  @inlinable @inline(__always)
  public func loadPair(_ offset: UInt32) -> UInt64 {
    // SAFETY: see word(_:); both words lie in the slot.
    unsafe (base + Int(bitPattern: UInt(offset))).loadUnaligned(as: UInt64.self)
  }
  /// Writes two words, as payload.
  @inlinable @inline(__always)
  public func storePair(_ value: UInt64, at offset: UInt32) {
    // SAFETY: see word(_:); both words lie in the slot.
    unsafe (base + Int(bitPattern: UInt(offset))).storeBytes(of: value, as: UInt64.self)
  }
}

// Payload is copied in words, four at a turn: a message of 64 bytes must cost tens of instructions, and memcpy
// without SSE is a loop over bytes. Another node may be writing what is read, if it breaks the protocol; every
// byte is read once and what the copy says is checked afterwards, so a torn copy is just a wrong claim.
extension MappedWindow {
  /// Copies bytes into the window.
  @inlinable @inline(__always)
  public func write(_ source: RawSpan, from start: Int, to end: Int, at offset: UInt32) {
    precondition(start >= 0 && start <= end && end <= source.byteCount, "a payload was read past its end")
    assert(UInt64(offset) + UInt64(end &- start) <= UInt64(byteCount))
    unsafe source.withUnsafeBytes { bytes in
      // SAFETY: the source was checked above; the target lies in a structure that was checked when it was placed.
      guard let from = bytes.baseAddress else { return }
      unsafe copyWords(from + start, base + Int(bitPattern: UInt(offset)), end &- start)
    }
  }

  /// Copies bytes out of the window.
  @inlinable @inline(__always)
  public func read(into target: inout MutableRawSpan, from start: Int, to end: Int, at offset: UInt32) {
    precondition(start >= 0 && start <= end && end <= target.byteCount, "a payload was written past its end")
    assert(UInt64(offset) + UInt64(end &- start) <= UInt64(byteCount))
    unsafe target.withUnsafeMutableBytes { bytes in
      // SAFETY: as in write(_:from:to:at:), the other way around.
      guard let to = bytes.baseAddress else { return }
      unsafe copyWords(base + Int(bitPattern: UInt(offset)), to + start, end &- start)
    }
  }
}

/// Copies `count` bytes, four machine words at a turn, then words, then bytes.
///
/// - Safety: both runs of bytes must be valid and must not overlap. Neither need be aligned: x86 and AArch64 load
///   and store at any address.
@unsafe @inlinable @inline(__always)
func copyWords(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ count: Int) {
  let wordSize = MemoryLayout<UInt>.size
  var done = 0
  while done &+ 4 &* wordSize <= count {
    for step in 0..<4 {
      let place = done &+ step &* wordSize
      // SAFETY: four words from `done` were just found to lie below `count`.
      unsafe (target + place).storeBytes(
        of: (source + place).loadUnaligned(as: UInt.self), as: UInt.self)
    }
    done &+= 4 &* wordSize
  }
  while done &+ wordSize <= count {
    // SAFETY: one word from `done` lies below `count`.
    unsafe (target + done).storeBytes(of: (source + done).loadUnaligned(as: UInt.self), as: UInt.self)
    done &+= wordSize
  }
  while done < count {
    // SAFETY: `done` is below `count`.
    unsafe (target + done).storeBytes(of: (source + done).load(as: UInt8.self), as: UInt8.self)
    done &+= 1
  }
}
