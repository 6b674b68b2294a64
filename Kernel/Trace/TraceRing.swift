/// A processor's ring of the last events: cheap enough to be left on.
///
/// Only the processor itself writes, with interrupts off or for the few instructions that an event takes losing
/// nothing worse than one event to an interrupt handler's. Nobody reads while it is on, but a debugger or a host
/// may look at the raw memory at any time: the decoder sorts out where the newest event ends.

/// Writes events into a ring in memory.
///
/// The ring's address is a multiple of *twice* its size. Stepping past the end then sets just one bit of the
/// address, the one of the size, and clearing that bit in every step leads back to the beginning: no comparison
/// and no base.
///
/// - Invariant: while `isOn`, `next` is the place of an event in the ring.
@safe public struct TraceRing: ~Copyable {
  private var next: UnsafeMutableRawPointer
  // All bits of an address but that of the ring's size.
  private var mask: UInt
  /// Whether events are recorded.
  public private(set) var isOn = false

  /// Makes a ring that is off, without memory.
  public init() {
    // The place is never used: only `start` turns recording on, and gives it a place.
    // SAFETY: 16 is not zero.
    unsafe next = UnsafeMutableRawPointer(bitPattern: 16).unsafelyUnwrapped
    mask = 0
  }

  /// Empties a ring in memory and turns recording on.
  ///
  /// - Parameters:
  ///   - memory: the ring; its address is a multiple of twice the size.
  ///   - size: its bytes, a power of two of at least 16.
  /// - Returns: whether address and size are as they must be; else recording is off.
  /// - Safety: the bytes must be writable as long as recording may be turned on.
  @unsafe public mutating func start(in memory: UnsafeMutableRawPointer, size: UInt) -> Bool {
    isOn = false
    let address = UInt(bitPattern: memory)
    guard size >= UInt(TraceEvent.size), size & (size - 1) == 0, size <= UInt.max >> 1 else { return false }
    guard address & (size * 2 - 1) == 0 else { return false }
    // SAFETY: the caller promised `size` writable bytes.
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: Int(size))
    unsafe next = memory
    mask = ~size
    isOn = true
    return true
  }

  /// Stops recording, and keeps what is there.
  public mutating func stop() { isOn = false }

  /// Goes on recording after `stop`; without a ring, nothing.
  public mutating func resume() { if mask != 0 { isOn = true } }

  /// Records an event if recording is on: one test if it is off.
  ///
  /// - Parameter time: evaluated only if recording is on, so that the counter is not read for nothing.
  @inline(__always)
  public mutating func record(
    _ kind: TraceKind, small: UInt16 = 0, large: UInt32 = 0, at time: @autoclosure () -> UInt64
  ) {
    if isOn { write(kind, small: small, large: large, at: time()) }
  }

  @inline(__always)
  private mutating func write(_ kind: TraceKind, small: UInt16, large: UInt32, at time: UInt64) {
    let place = unsafe next
    // The counter comes in two registers: to join them for one store would cost two instructions more. Kind and
    // small argument, too, are joined by the compiler if both are constants.
    // SAFETY: while recording is on, `next` is the place of an event in the ring, and 16 bytes are writable there.
    unsafe place.storeBytes(of: UInt32(truncatingIfNeeded: time), as: UInt32.self)
    unsafe place.storeBytes(of: UInt32(truncatingIfNeeded: time >> 32), toByteOffset: 4, as: UInt32.self)
    unsafe place.storeBytes(of: kind.rawValue, toByteOffset: 8, as: UInt16.self)
    unsafe place.storeBytes(of: small, toByteOffset: 10, as: UInt16.self)
    unsafe place.storeBytes(of: large, toByteOffset: 12, as: UInt32.self)
    // SAFETY: 16 further is the next event, or the ring's end, which the mask makes its beginning. The address is
    // not zero: the ring was not at zero.
    unsafe next =
      UnsafeMutableRawPointer(
        bitPattern: (UInt(bitPattern: place) &+ UInt(TraceEvent.size)) & mask
      ).unsafelyUnwrapped
  }
}
