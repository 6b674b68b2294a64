/// One unit of execution: buffers, barrier and locks. `Requests` sends and receives.

import NodeSync
import Window

/// What a call can refuse.
public enum UnitError: UInt8, Error, BitwiseCopyable, Sendable, CaseIterable {
  /// No such unit, or the caller itself where another is needed.
  case unit = 1
  /// Bytes outside the buffer, or more than a message may have.
  case range
  /// The message is not as long as the receiver's room.
  case length
  /// The other unit is dead.
  case dead
  /// All requests are in use.
  case full
  /// No such request.
  case request
  /// The memory that a request names can't be read or written.
  case memory
  /// What the other unit has written makes no sense.
  case malformed
}

/// A unit's own state in one session.
///
/// A session is a number that all units of the group share and that no former session had.
public struct Unit: BitwiseCopyable, Hashable, Sendable {
  /// Where the units meet.
  public let layout: UnitLayout
  /// The unit's number, from 0.
  public let number: UInt8
  /// The session.
  public let session: UInt16
  private var barrier: DisseminationBarrier

  /// Makes a unit, or answers `nil` if there is none of that number.
  public init?(_ number: UInt8, of layout: UnitLayout, session: UInt16) {
    guard UInt32(number) < layout.count, session != 0 else { return nil }
    self.layout = layout
    self.number = number
    self.session = session
    barrier = DisseminationBarrier(
      at: layout.barrier, members: layout.count, number: UInt32(number),
      firstEpisode: UInt32(session) << 16 | 1)
  }

  /// The units of the group.
  public var count: UInt8 { UInt8(layout.count) }

  /// A stamp of this session.
  func stamp(_ sequence: UInt16) -> UInt32 { UInt32(session) << 16 | UInt32(sequence) }

  /// Puts bytes into a unit's buffer (RCCE_put).
  public func put<Window: SharedWindow & ~Copyable>(
    _ bytes: RawSpan, to unit: UInt8, at offset: UInt32, _ window: borrowing Window
  ) throws(UnitError) {
    let place = try place(unit, offset, bytes.byteCount)
    window.write(bytes, from: 0, to: bytes.byteCount, at: place)
  }

  /// Gets bytes out of a unit's buffer (RCCE_get).
  public func get<Window: SharedWindow & ~Copyable>(
    _ bytes: inout MutableRawSpan, from unit: UInt8, at offset: UInt32, _ window: borrowing Window
  ) throws(UnitError) {
    let place = try place(unit, offset, bytes.byteCount)
    window.read(into: &bytes, from: 0, to: bytes.byteCount, at: place)
  }

  private func place(_ unit: UInt8, _ offset: UInt32, _ count: Int) throws(UnitError) -> UInt32 {
    guard UInt32(unit) < layout.count else { throw .unit }
    guard offset & 3 == 0, offset <= layout.half, count >= 0, count <= Int(layout.half - offset) else {
      throw .range
    }
    return layout.shared(unit) + offset
  }

  /// Arrives at the barrier of all units, the first time, and then asks (RCCE_barrier).
  public mutating func stepBarrier<Window: SharedWindow & ~Copyable>(
    _ window: borrowing Window, anyDead: Bool = false
  ) -> BarrierResult {
    barrier.step(window, anyDead: anyDead)
  }

  /// Tries to take a unit's lock (RCCE_acquire_lock).
  ///
  /// The word names session and holder: what a former session held is free, and so is what a dead unit held.
  ///
  /// - Parameter dead: units that can't write any more, one bit each.
  public func tryLock<Window: SharedWindow & ~Copyable>(
    of unit: UInt8, dead: UInt64 = 0, _ window: borrowing Window
  ) throws(UnitError) -> RobustLock.Outcome {
    try lock(unit).tryAcquire(window) { holder, session in
      session == self.session && holder < 64 && dead >> UInt64(holder) & 1 == 0
    }
  }

  /// Gives a lock back (RCCE_release_lock); false if it is not the caller's.
  @discardableResult
  public func unlock<Window: SharedWindow & ~Copyable>(
    of unit: UInt8, _ window: borrowing Window
  ) throws(UnitError) -> Bool {
    try lock(unit).release(window)
  }

  private func lock(_ unit: UInt8) throws(UnitError) -> RobustLock {
    guard UInt32(unit) < layout.count else { throw .unit }
    return RobustLock(at: layout.lock(unit), node: number, generation: session)
  }
}
