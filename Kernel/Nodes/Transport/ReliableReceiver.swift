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
  private var expected: UInt16 = 0
  /// The life of the sender; 0 before the first frame.
  public private(set) var generation: UInt16 = 0
  private let from: UInt8
  private let to: UInt8
  /// The frames that were damaged or not meant for this end.
  public private(set) var faultCount: UInt64 = 0
  /// The frames that came twice or out of turn.
  public private(set) var outOfTurnCount: UInt64 = 0

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
    if header.generation != generation {
      // A new life begins with its first frame; frames of a former one are late.
      let isNewer = generation == 0 || Int16(bitPattern: header.generation &- generation) > 0
      guard isNewer, header.sequence == 0 else {
        outOfTurnCount += 1
        return .nothing
      }
      generation = header.generation
      expected = 0
    }
    guard header.sequence == expected else {
      outOfTurnCount += 1
      reply(over: &transport)
      return .nothing
    }
    expected &+= 1
    reply(over: &transport)
    return .message(header)
  }

  private func reply<Carrier: Transport & ~Copyable>(over transport: inout Carrier) {
    let header = MessageHeader(
      type: 0, flags: .acknowledgement, length: 0, sequence: expected, generation: generation, from: to,
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
