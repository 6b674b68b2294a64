/// The sixteen bytes before every message, the same on every architecture and every transport.
///
///      0        2            4         5      6          7       8        12     13   14        16
///     ┌────────┬────────────┬─────────┬──────┬──────────┬───────┬────────┬──────┬────┬─────────┐
///     │sequence│ generation │ version │ type │ priority │ flags │ length │ from │ to │ station │ payload …
///     └────────┴────────────┴─────────┴──────┴──────────┴───────┴────────┴──────┴────┴─────────┘
///       word 0: the stamp     word 1                              word 2   word 3
///
/// Little-endian. In shared memory the stamp is stored last and announces the rest; a transport that is not
/// memory appends the CRC-32C of header and payload.

/// A message's description of itself: a claim until a link has checked it.
public struct MessageHeader: BitwiseCopyable, Hashable, Sendable {
  /// The version of the format that this source writes and reads.
  @inlinable public static var version: UInt8 { 1 }
  /// Bytes in an encoded header.
  @inlinable public static var byteCount: Int { 16 }
  /// The most bytes of payload: 64 KiB.
  @inlinable public static var maximumLength: UInt32 { 65536 }

  /// The place in its channel's order, modulo 65536.
  public var sequence: UInt16
  /// How often the link was started; never 0.
  public var generation: UInt16
  /// What the message means; the layers above give numbers.
  public var type: UInt8
  /// The channel.
  public var priority: Priority
  /// How the payload lies and whether an answer is expected.
  public var flags: MessageFlags
  /// Bytes of payload.
  public var length: UInt32
  /// The sending node.
  public var from: UInt8
  /// The receiving node.
  public var to: UInt8
  /// The wait station of a call, which its reply repeats; 0 for neither.
  public var station: UInt16

  /// Makes a header; the link that sends it fills in what it alone knows.
  @inlinable
  public init(
    type: UInt8, priority: Priority = .normal, flags: MessageFlags = [], length: UInt32, station: UInt16 = 0,
    sequence: UInt16 = 0, generation: UInt16 = 1, from: UInt8 = 0, to: UInt8 = 0
  ) {
    self.sequence = sequence
    self.generation = generation
    self.type = type
    self.priority = priority
    self.flags = flags
    self.length = length
    self.from = from
    self.to = to
    self.station = station
  }
}

/// The channels of a link, the most urgent one first.
public enum Priority: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  /// One message at a time, in a single cache line.
  case mailbox
  /// Acknowledgements, wake-ups, page requests.
  case high
  /// Everything else, and all long messages.
  case normal
}

/// Bits that say how to take a message.
public struct MessageFlags: OptionSet, BitwiseCopyable, Hashable, Sendable {
  /// The bits.
  public let rawValue: UInt8
  /// Makes a set of its bits.
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
  /// The sender waits at `station` for a reply.
  @inlinable public static var call: MessageFlags { MessageFlags(rawValue: 1) }
  /// The message answers the call of `station`.
  @inlinable public static var reply: MessageFlags { MessageFlags(rawValue: 2) }
  /// The payload lies in chunks; the slot holds their mask.
  @inlinable public static var chunked: MessageFlags { MessageFlags(rawValue: 4) }
  /// The layer above could not take the message's type.
  @inlinable public static var unsupported: MessageFlags { MessageFlags(rawValue: 8) }
  /// A transport's own message: an acknowledgement.
  @inlinable public static var acknowledgement: MessageFlags { MessageFlags(rawValue: 16) }
  /// Every bit with a meaning.
  @inlinable public static var known: MessageFlags { MessageFlags(rawValue: 31) }
}

/// Why a message, or the peer behind it, was not believed.
public enum MessageFault: UInt8, Error, BitwiseCopyable, Sendable, CaseIterable {
  /// A version that this node does not know.
  case version
  /// A priority or a flag without a meaning, or not the one of its channel.
  case malformed
  /// More bytes than a message may have, or than arrived.
  case length
  /// The named sender or receiver is not this link's.
  case forged
  /// The generation is not the link's.
  case stale
  /// The sequence is not the next one.
  case sequence
  /// The checksum of a frame does not match.
  case checksum
  /// Chunks outside the pool, or too few for the length.
  case chunks
  /// The peer claims to have read what was never sent.
  case credit
}

extension MessageHeader {
  /// Words 0 to 3 as they travel.
  @inlinable
  public var words: (UInt32, UInt32, UInt32, UInt32) {
    (
      UInt32(generation) << 16 | UInt32(sequence),
      UInt32(flags.rawValue) << 24 | UInt32(priority.rawValue) << 16 | UInt32(type) << 8
        | UInt32(Self.version),
      length,
      UInt32(station) << 16 | UInt32(to) << 8 | UInt32(from)
    )
  }

  /// Reads four words that a peer wrote; refuses what no correct peer writes.
  @inlinable
  public init(_ words: (UInt32, UInt32, UInt32, UInt32)) throws(MessageFault) {
    guard UInt8(truncatingIfNeeded: words.1) == Self.version else { throw .version }
    guard let priority = Priority(rawValue: UInt8(truncatingIfNeeded: words.1 >> 16)) else {
      throw .malformed
    }
    let flags = MessageFlags(rawValue: UInt8(truncatingIfNeeded: words.1 >> 24))
    guard flags.isSubset(of: .known) else { throw .malformed }
    guard words.2 <= Self.maximumLength else { throw .length }
    guard words.0 >> 16 != 0 else { throw .stale }
    self.init(
      type: UInt8(truncatingIfNeeded: words.1 >> 8), priority: priority, flags: flags, length: words.2,
      station: UInt16(truncatingIfNeeded: words.3 >> 16), sequence: UInt16(truncatingIfNeeded: words.0),
      generation: UInt16(truncatingIfNeeded: words.0 >> 16), from: UInt8(truncatingIfNeeded: words.3),
      to: UInt8(truncatingIfNeeded: words.3 >> 8))
  }
}
