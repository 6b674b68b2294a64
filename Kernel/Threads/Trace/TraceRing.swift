/// A processor's ring of the last events: cheap enough to be left on.
///
/// Only the processor itself writes, with interrupts off. A host may look at the raw memory at any time, as a debugger
/// does: the decoder sorts out where the newest event ends.

import CTicks

/// Writes events into a ring in memory.
///
/// The ring's address is a multiple of *twice* its size. Stepping past the end then sets just one bit of the
/// address, the one of the size, and clearing that bit in every step leads back to the beginning: no comparison
/// and no base. The other half of the memory has the names of threads, see `TraceBlock`.
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

  /// The bytes of the ring; 0 without one.
  public var size: UInt { mask == 0 ? 0 : ~mask }

  /// Empties a ring in memory and turns recording on.
  ///
  /// - Parameters:
  ///   - memory: the ring and the names behind it; its address is a multiple of twice the size.
  ///   - size: the ring's bytes, one of `TraceBlock.allowedSizes`.
  ///   - processor: whose events they will be.
  ///   - ticksPerSecond: how fast the tick counter runs.
  /// - Returns: whether address and size are as they must be; else recording is off.
  /// - Safety: twice the size must be writable there as long as recording may be turned on.
  @unsafe @export(interface)
  public mutating func start(
    in memory: UnsafeMutableRawPointer, size: UInt, processor: UInt32 = 0,
    ticksPerSecond: UInt64 = 1_000_000_000
  ) -> Bool {
    isOn = false
    guard TraceBlock.allows(size: size), UInt(bitPattern: memory) & (size * 2 - 1) == 0 else { return false }
    // SAFETY: the caller promised that many writable bytes.
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: Int(size) * 2)
    let header = TraceHeader(ringSize: UInt32(size), processor: processor, ticksPerSecond: ticksPerSecond)
    unsafe memory.storeBytes(of: header, toByteOffset: Int(size), as: TraceHeader.self)
    unsafe next = memory
    mask = ~size
    isOn = true
    return true
  }

  /// Stops recording, and keeps what is there.
  public mutating func stop() { isOn = false }

  /// Goes on recording after `stop`; without a ring, nothing.
  public mutating func resume() { if mask != 0 { isOn = true } }

  /// Records an event that happens now, if recording is on: one test if it is off.
  @inline(__always)
  public mutating func record(
    _ kind: TraceKind, small: @autoclosure () -> UInt16 = 0, large: @autoclosure () -> UInt32 = 0
  ) {
    if _slowPath(isOn) {
      // The counter comes in two registers; what else is needed is read afterwards, since some processors have few.
      let ticks = ticks_read()
      let place = unsafe next
      // SAFETY: as in `recordAlways`.
      unsafe place.storeBytes(of: ticks.low, as: UInt32.self)
      unsafe place.storeBytes(of: ticks.high, toByteOffset: 4, as: UInt32.self)
      unsafe complete(place, kind, small: small(), large: large())
    }
  }

  /// Records an event of a known time, if recording is on: one test if it is off.
  @inline(__always)
  public mutating func record(
    _ kind: TraceKind, small: @autoclosure () -> UInt16 = 0, large: @autoclosure () -> UInt32 = 0,
    at time: UInt64
  ) {
    if _slowPath(isOn) { recordAlways(kind, small: small(), large: large(), at: time) }
  }

  /// Records an event of a known time; the caller knows that recording is on.
  @inline(__always)
  public mutating func recordAlways(_ kind: TraceKind, small: UInt16 = 0, large: UInt32 = 0, at time: UInt64)
  {
    assert(isOn)
    // SAFETY: while recording is on, `next` is the place of an event in the ring, and 16 bytes are writable there.
    let place = unsafe next
    unsafe place.storeBytes(of: time, as: UInt64.self)
    unsafe complete(place, kind, small: small, large: large)
  }

  /// Writes what follows the time, and steps on.
  @unsafe @inline(__always)
  private mutating func complete(
    _ place: UnsafeMutableRawPointer, _ kind: TraceKind, small: UInt16, large: UInt32
  ) {
    // Kind and small argument are joined by the compiler if both are constants.
    // SAFETY: as in `recordAlways`.
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

  /// Notes a thread's name, so that whoever reads the trace knows it also after the thread's end.
  ///
  /// It takes the place of the name of an older thread, when there are more than fit.
  ///
  /// - Parameters:
  ///   - name: 16 bytes, the first lowest.
  ///   - thread: the thread's number.
  @export(interface)
  public mutating func note(name: (low: UInt64, high: UInt64), ofThread thread: UInt32) {
    guard isOn else { return }
    let entry = TraceName(thread: thread, low: name.low, high: name.high)
    let offset = TraceBlock.nameOffset(ofThread: thread, ringSize: size)
    // SAFETY: the offset is that of an entry in the half behind the ring, which belongs to the trace.
    unsafe ring.storeBytes(of: entry, toByteOffset: Int(offset), as: TraceName.self)
  }

  /// The event that was recorded `age` events before the newest; `nil` if there is none any more.
  @export(interface)
  public func event(age: Int) -> TraceEvent? {
    let capacity = Int(size) / TraceEvent.size
    guard age >= 0, age < capacity else { return nil }
    let ring = unsafe self.ring
    let newest = unsafe next - ring - TraceEvent.size
    let offset = newest - age * TraceEvent.size
    // SAFETY: the offset is that of an event in the ring: it is above minus the size, to which the size is added.
    let event = unsafe ring.load(
      fromByteOffset: offset < 0 ? offset + Int(size) : offset, as: TraceEvent.self)
    return event.kindCode == 0 ? nil : event
  }

  /// The name of a thread, as two words, the first byte lowest; `nil` if it is not known.
  @export(interface)
  public func name(ofThread thread: UInt32) -> (low: UInt64, high: UInt64)? {
    guard mask != 0 else { return nil }
    let offset = TraceBlock.nameOffset(ofThread: thread, ringSize: size)
    // SAFETY: as in `note`.
    let entry = unsafe ring.load(fromByteOffset: Int(offset), as: TraceName.self)
    return entry.isUsed != 0 && entry.thread == thread ? (entry.low, entry.high) : nil
  }

  /// Where the ring begins.
  ///
  /// - Safety: only with a ring, `mask` not being 0.
  private var ring: UnsafeMutableRawPointer {
    unsafe next - Int(bitPattern: UInt(bitPattern: next) & (size - 1))
  }
}
