/// Where callers wait for replies: late, doubled and forged replies find nobody.

/// What became of a call.
public enum CallResult: UInt8, BitwiseCopyable, Sendable {
  /// The reply is here.
  case replied
  /// The peer's layer above does not know the type.
  case unsupported
  /// The deadline passed.
  case timedOut
  /// The peer died or its link was reset.
  case peerDead
}

/// The stations of one node: an index of five bits under a lap of eleven, so that an answer to an earlier use of a
/// station is recognised.
///
/// - Invariant: a station is busy from `open` until `close`; it is completed at most once in between.
public struct WaitStations: BitwiseCopyable, Sendable {
  /// The number of calls that can wait at once.
  public static var count: Int { 32 }

  private struct Station: BitwiseCopyable {
    var lap: UInt16 = 1
    var isOpen = false
    var peer: UInt8 = 0
    var deadline: UInt64 = 0
    var result: CallResult?
  }
  private var stations: InlineArray<32, Station> = .init(repeating: Station())

  /// Makes stations at which nobody waits.
  public init() {}

  /// Opens a station for a call to `peer`, or answers `nil` if all are busy.
  ///
  /// - Parameter deadlineTicks: when the caller gives up, in the clock that `expire` is told.
  /// - Returns: the number to send with the call; never 0.
  public mutating func open(peer: UInt8, deadlineTicks: UInt64) -> UInt16? {
    for index in 0..<Self.count where !stations[index].isOpen {
      stations[index].isOpen = true
      stations[index].peer = peer
      stations[index].deadline = deadlineTicks
      stations[index].result = nil
      return stations[index].lap << 5 | UInt16(index)
    }
    return nil
  }

  /// Takes a reply; false if nobody waits for it: too late, doubled, or from somebody who was not asked.
  public mutating func complete(_ station: UInt16, from peer: UInt8, isSupported: Bool = true) -> Bool {
    let index = Int(station & 31)
    guard stations[index].isOpen, stations[index].lap == station >> 5, stations[index].peer == peer,
      stations[index].result == nil
    else { return false }
    stations[index].result = isSupported ? .replied : .unsupported
    return true
  }

  /// The result of a call that `open` numbered, or `nil` while it is under way.
  public func result(_ station: UInt16) -> CallResult? {
    let entry = stations[Int(station & 31)]
    return entry.isOpen && entry.lap == station >> 5 ? entry.result : nil
  }

  /// Gives a station back; whatever arrives for it later is dropped.
  public mutating func close(_ station: UInt16) {
    let index = Int(station & 31)
    guard stations[index].isOpen, stations[index].lap == station >> 5 else { return }
    stations[index].isOpen = false
    // Eleven bits, never 0, so that a station's number is never 0.
    stations[index].lap = stations[index].lap == 2047 ? 1 : stations[index].lap + 1
  }

  /// Ends every call whose deadline has passed; answers how many.
  public mutating func expire(nowTicks: UInt64) -> Int {
    end(.timedOut) { $0.deadline <= nowTicks }
  }

  /// Ends every call to a peer that died; answers how many.
  public mutating func abandon(peer: UInt8) -> Int {
    end(.peerDead) { $0.peer == peer }
  }

  private mutating func end(_ result: CallResult, where isOver: (Station) -> Bool) -> Int {
    var count = 0
    for index in 0..<Self.count
    where stations[index].isOpen && stations[index].result == nil && isOver(stations[index]) {
      stations[index].result = result
      count += 1
    }
    return count
  }
}
