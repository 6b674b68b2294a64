/// The receiving end of go-back-N; see `ReliableSender`.

import Messaging

/// What became of a frame.
public enum ReceivedFrame: BitwiseCopyable, Sendable {
  /// A message that has come once and in order; its payload begins at byte 16 of the frame.
  case message(MessageHeader)
  /// An acknowledgement, for the sender of the other direction.
  case acknowledgement(MessageHeader)
  /// Nothing to take: damaged, doubled, too early, or of a former life.
  case nothing
}

/// The receiving end.
public struct ReliableReceiver: BitwiseCopyable {
  private var order = ReceiveOrder()
  private let from: UInt8
  private let to: UInt8
  /// The frames that were damaged or not meant for this end.
  public private(set) var faultCount: UInt64 = 0
  /// The frames that came twice or out of turn.
  public private(set) var outOfTurnCount: UInt64 = 0

  /// The life of the sender; 0 before the first frame.
  public var generation: UInt16 { order.generation }

  /// Makes an end that expects the first frame of any life.
  public init(from: UInt8, to: UInt8) {
    self.from = from
    self.to = to
  }

  /// Takes a frame, and answers it where an answer helps.
  public mutating func take<Carrier: Transport & ~Copyable>(
    _ bytes: RawSpan, replyingOver transport: inout Carrier
  ) -> ReceivedFrame {
    let header: MessageHeader
    do throws(MessageFault) {
      header = try Frame.decode(bytes)
    } catch {
      // Nobody can tell whose it was.
      faultCount += 1
      return .nothing
    }
    guard header.from == from, header.to == to else {
      faultCount += 1
      return .nothing
    }
    if header.flags.contains(.acknowledgement) { return .acknowledgement(header) }
    switch order.take(header.sequence, generation: header.generation) {
    case .next:
      reply(over: &transport)
      return .message(header)
    case .outOfTurn:
      outOfTurnCount += 1
      reply(over: &transport)
    case .ofAnotherLife: outOfTurnCount += 1
    }
    return .nothing
  }

  private func reply<Carrier: Transport & ~Copyable>(over transport: inout Carrier) {
    let header = MessageHeader(
      type: 0, flags: .acknowledgement, length: 0, sequence: order.expected, generation: order.generation,
      from: to,
      to: from)
    var bytes = InlineArray<20, UInt8>(repeating: 0)
    var span = bytes.mutableSpan
    // SAFETY: any byte is a number and a number is its bytes.
    var target = unsafe span.mutableBytes
    _ = Frame.encode(header, RawSpan(), into: &target)
    let written = bytes.span
    // SAFETY: as above.
    transport.send(unsafe written.bytes)
  }
}
