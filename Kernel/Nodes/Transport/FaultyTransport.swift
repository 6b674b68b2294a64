/// A transport that does everything wrong that a wire can do, the same for the same seed.

/// How often each fault happens, of 256 frames.
public struct FaultRates: BitwiseCopyable, Sendable {
  /// The frame is lost.
  public var drop: UInt8
  /// The frame comes twice.
  public var duplicate: UInt8
  /// The frame waits until others have passed.
  public var delay: UInt8
  /// A bit of the frame changes.
  public var corrupt: UInt8

  /// Makes rates; none unless said otherwise.
  public init(drop: UInt8 = 0, duplicate: UInt8 = 0, delay: UInt8 = 0, corrupt: UInt8 = 0) {
    (self.drop, self.duplicate, self.delay, self.corrupt) = (drop, duplicate, delay, corrupt)
  }
}

/// Wraps a transport and spoils what is sent over it.
///
/// A frame that is delayed is held back and sent after a later one, so frames overtake each other; one is held at a time.
@safe public struct FaultyTransport<Base: Transport & ~Copyable>: Transport, ~Copyable {
  /// What is spoilt.
  public var base: Base
  private let rates: FaultRates
  private var state: UInt64
  private let held: UnsafeMutableRawPointer
  private var heldCount = 0
  private var heldFor: UInt64 = 0
  /// The frames that were dropped, doubled, delayed and damaged.
  public private(set) var faults: (dropped: UInt64, doubled: UInt64, delayed: UInt64, damaged: UInt64) = (
    0, 0, 0, 0
  )

  /// Wraps a transport.
  ///
  /// - Parameter scratch: memory for one frame.
  /// - Safety: `base.frameCapacity` bytes at `scratch` must stay this value's own.
  @unsafe public init(
    _ base: consuming Base, rates: FaultRates, seed: UInt64, scratch: UnsafeMutableRawPointer
  ) {
    self.base = base
    self.rates = rates
    state = seed
    unsafe held = scratch
  }

  /// The most bytes of a frame.
  public var frameCapacity: Int { base.frameCapacity }

  // SplitMix64: every seed is good, and the sequence is the same everywhere.
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  private mutating func happens(_ rate: UInt8) -> Bool { UInt8(truncatingIfNeeded: next() >> 17) < rate }

  /// Sends a frame, or does something else with it.
  public mutating func send(_ frame: RawSpan) {
    if happens(rates.drop) {
      faults.dropped += 1
    } else if happens(rates.corrupt), frame.byteCount > 0, heldCount == 0 {
      faults.damaged += 1
      keep(frame)
      let bit = Int(next() % UInt64(frame.byteCount * 8))
      // SAFETY: the bit lies in the copy that was just made.
      unsafe held.storeBytes(
        of: held.load(fromByteOffset: bit / 8, as: UInt8.self) ^ 1 << UInt8(bit % 8), toByteOffset: bit / 8,
        as: UInt8.self)
      release()
    } else if happens(rates.delay), heldCount == 0 {
      faults.delayed += 1
      keep(frame)
      heldFor = 1 + next() % 4
      return
    } else {
      base.send(frame)
      if happens(rates.duplicate) {
        faults.doubled += 1
        base.send(frame)
      }
    }
    guard heldCount > 0 else { return }
    heldFor -= 1
    if heldFor == 0 { release() }
  }

  /// Takes the next frame that has arrived.
  public mutating func receive(into target: inout MutableRawSpan) -> Int { base.receive(into: &target) }

  private mutating func keep(_ frame: RawSpan) {
    precondition(frame.byteCount <= frameCapacity, "a frame is longer than its transport takes")
    heldCount = frame.byteCount
    for index in 0..<frame.byteCount {
      // SAFETY: the frame fits, as was just compared.
      unsafe held.storeBytes(
        of: frame.unsafeLoad(fromByteOffset: index, as: UInt8.self), toByteOffset: index, as: UInt8.self)
    }
  }

  private mutating func release() {
    // SAFETY: so many bytes were copied there.
    let frame = unsafe RawSpan(_unsafeStart: held, byteCount: heldCount)
    base.send(frame)
    heldCount = 0
  }
}
