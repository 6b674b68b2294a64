/// Go-back-N: messages arrive once, whole and in order over a transport that guarantees nothing.
///
/// The sender keeps up to a window of frames until they are acknowledged. An acknowledgement names the next sequence
/// that the receiver expects and stands for all before it. When nothing has been acknowledged for a while the sender sends
/// all it keeps again. The receiver takes a frame only if it is the expected one; everything else it answers with its
/// expectation. A life of the link has a generation: a sender that starts anew begins with a frame of a new
/// generation and sequence 0, and the receiver takes that over. Time is counted in the caller's ticks.
///
/// The window is less than half of the sequence's 65,536 numbers, so an old frame is never taken for a new one as long as
/// the transport delays no frame by more than 65,536 - 32 others.

import Messaging

/// The sending end.
@safe public struct ReliableSender: ~Copyable {
  /// The most frames under way.
  public static var window: Int { 32 }

  private let memory: UnsafeMutableRawPointer
  private let frameCapacity: Int
  private var lengths: InlineArray<32, Int> = .init(repeating: 0)
  private var underWay: SendWindow
  private let from: UInt8
  private let to: UInt8
  /// The frames that were sent again.
  public private(set) var resentCount: UInt64 = 0
  /// The acknowledgements that could not be believed.
  public private(set) var faultCount: UInt64 = 0

  /// Makes a sender of a new generation.
  ///
  /// - Parameter patienceTicks: how long to wait for an acknowledgement before everything is sent again.
  /// - Safety: 32 times `frameCapacity` bytes at `memory` must stay this value's own.
  @unsafe public init(
    from: UInt8, to: UInt8, generation: UInt16, patienceTicks: UInt64, memory: UnsafeMutableRawPointer,
    frameCapacity: Int
  ) {
    self.from = from
    self.to = to
    underWay = SendWindow(size: Self.window, generation: generation, patienceTicks: patienceTicks)
    unsafe self.memory = memory
    self.frameCapacity = frameCapacity
  }

  /// The frames under way.
  public var pendingCount: Int { underWay.pendingCount }

  /// Sends a message.
  ///
  /// - Returns: `.again` while the window is full, `.tooLong` for more than a frame holds.
  public mutating func send<Carrier: Transport & ~Copyable>(
    _ payload: RawSpan, type: UInt8, at now: UInt64, over transport: inout Carrier
  ) -> SendResult {
    guard payload.byteCount + Frame.overhead <= frameCapacity else { return .tooLong }
    guard let sequence = underWay.begin(at: now) else { return .again }
    let header = MessageHeader(
      type: type, length: UInt32(payload.byteCount), sequence: sequence, generation: underWay.generation,
      from: from, to: to)
    // SAFETY: the slot is one of the window's, each as long as a frame may be.
    var target = unsafe MutableRawSpan(_unsafeStart: slot(sequence), byteCount: frameCapacity)
    lengths[Int(sequence % 32)] = Frame.encode(header, payload, into: &target)
    transmit(sequence, over: &transport)
    return .sent
  }

  /// Takes an acknowledgement; one of another life, or of what was never sent, is counted and changes nothing.
  public mutating func acknowledge(_ header: MessageHeader, at now: UInt64) {
    guard header.flags.contains(.acknowledgement), header.from == to, header.to == from,
      underWay.acknowledge(header.sequence, generation: header.generation, at: now)
    else {
      faultCount += 1
      return
    }
  }

  /// Sends everything again if nothing was acknowledged for too long; call this on every tick.
  public mutating func tick<Carrier: Transport & ~Copyable>(at now: UInt64, over transport: inout Carrier) {
    guard underWay.isOverdue(at: now) else { return }
    var sequence = underWay.first
    while sequence != underWay.next {
      transmit(sequence, over: &transport)
      resentCount += 1
      sequence &+= 1
    }
  }

  private func slot(_ sequence: UInt16) -> UnsafeMutableRawPointer {
    // SAFETY: the remainder is below the 32 slots that `init` was given memory for.
    unsafe memory + Int(sequence % 32) * frameCapacity
  }

  private func transmit<Carrier: Transport & ~Copyable>(_ sequence: UInt16, over transport: inout Carrier) {
    // SAFETY: the slot holds a frame of that length.
    transport.send(unsafe RawSpan(_unsafeStart: slot(sequence), byteCount: lengths[Int(sequence % 32)]))
  }
}
