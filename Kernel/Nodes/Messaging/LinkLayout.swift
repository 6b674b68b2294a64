/// Where the parts of the links lie in the shared window.
///
/// For each ordered pair of nodes, sender then receiver:
///
///        0 ┌────────────────────────────────────────────┐ written by the sender alone
///          │ generation                                 │
///       64 ├────────────────────────────────────────────┤ written by the receiver alone
///          │ wanted │ credit ×3 │ returned              │   wanted: the generation it asks for
///      128 ├────────────────────────────────────────────┤   credit: generation << 16 | position read
///          │ mailbox: 1 slot                            │   returned: one bit per chunk, flipped on return
///      192 ├────────────────────────────────────────────┤ written by the sender alone
///          │ high ring: slots of 64 bytes               │
///          ├────────────────────────────────────────────┤
///          │ normal ring                                │
///          ├────────────────────────────────────────────┤
///          │ chunks, at most 32                         │
///          └────────────────────────────────────────────┘
///
/// Before the links lie the pending words of the doorbell: one line per node, a bit for each node that rang.

import Window

/// The sizes that all nodes of a machine agree on, and the offsets that follow.
///
/// - Invariant: the offsets of every part for every pair lie inside `byteCount`, counted from `start`.
public struct LinkLayout: BitwiseCopyable, Sendable {
  /// The most nodes: the pending word has 64 bits.
  @inlinable public static var maximumNodes: Int { 64 }

  /// The first byte in the window, a multiple of 64.
  public let start: UInt32
  /// The nodes, 1 to 64.
  public let nodeCount: UInt32
  /// Slots in the high ring and in the normal ring, powers of two from 2 to 4096.
  public let highSlots: UInt32
  /// Slots in the normal ring.
  public let normalSlots: UInt32
  /// Chunks of a pair, 0 to 32, and the bytes in each, a multiple of 64.
  public let chunkCount: UInt32
  /// Bytes in a chunk.
  public let chunkBytes: UInt32
  /// All bytes from `start`.
  public let byteCount: UInt32
  @usableFromInline let pairBytes: UInt32

  /// Makes a layout, or answers `nil` if a size is out of range or the whole does not fit the window.
  public init?(
    start: UInt32 = 0, nodeCount: UInt32, highSlots: UInt32 = 32, normalSlots: UInt32 = 64,
    chunkCount: UInt32 = 16,
    chunkBytes: UInt32 = 4096, in windowBytes: UInt32
  ) {
    func isRing(_ count: UInt32) -> Bool { count >= 2 && count <= 4096 && count & (count - 1) == 0 }
    guard start & 63 == 0, nodeCount >= 1, nodeCount <= Self.maximumNodes, isRing(highSlots),
      isRing(normalSlots),
      chunkCount <= 32, chunkBytes & 63 == 0, chunkBytes > 0, chunkBytes <= 65536
    else { return nil }
    let pair = UInt64(192) + 64 * UInt64(highSlots + normalSlots) + UInt64(chunkCount) * UInt64(chunkBytes)
    let total = UInt64(nodeCount) * 64 + UInt64(nodeCount) * UInt64(nodeCount) * pair
    guard UInt64(start) + total <= UInt64(windowBytes) else { return nil }
    self.start = start
    self.nodeCount = nodeCount
    self.highSlots = highSlots
    self.normalSlots = normalSlots
    self.chunkCount = chunkCount
    self.chunkBytes = chunkBytes
    byteCount = UInt32(total)
    pairBytes = UInt32(pair)
  }

  /// The offset of the area from one node to another.
  @inlinable
  public func pair(from: UInt8, to: UInt8) -> UInt32 {
    precondition(UInt32(from) < nodeCount && UInt32(to) < nodeCount, "a link needs two nodes of the machine")
    return start + nodeCount * 64 + (UInt32(from) * nodeCount + UInt32(to)) * pairBytes
  }

  /// The offset of a node's pending word, 64 bits as two words.
  @inlinable
  public func pending(of node: UInt8) -> UInt32 {
    precondition(UInt32(node) < nodeCount, "a doorbell needs a node of the machine")
    return start + UInt32(node) * 64
  }

  /// Slots of a channel.
  @inlinable
  public func slots(_ priority: Priority) -> UInt32 {
    switch priority {
    case .mailbox: 1
    case .high: highSlots
    case .normal: normalSlots
    }
  }

  /// The offset of a channel's first slot from its pair's area.
  @inlinable
  public func ring(_ priority: Priority) -> UInt32 {
    switch priority {
    case .mailbox: 128
    case .high: 192
    case .normal: 192 + 64 * highSlots
    }
  }

  /// The offset of the chunks from their pair's area.
  @inlinable public var chunks: UInt32 { 192 + 64 * (highSlots + normalSlots) }

  /// The bits of the chunks that exist.
  @inlinable public var chunkMask: UInt32 { chunkCount == 32 ? .max : (1 << chunkCount) - 1 }

  /// The most bytes of payload that lie in the slots of a channel: eight slots at most, all of them at most.
  @inlinable
  public func inlineLength(_ priority: Priority) -> UInt32 {
    let count = min(8, slots(priority))
    return 48 + (count - 1) * 60
  }

  @usableFromInline static var generation: UInt32 { 0 }
  @usableFromInline static var wanted: UInt32 { 64 }
  @usableFromInline static var credit: UInt32 { 68 }
  @usableFromInline static var returned: UInt32 { 80 }
}
