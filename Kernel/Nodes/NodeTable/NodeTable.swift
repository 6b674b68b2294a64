/// What every node tells all others about itself, at the start of the shared window.
///
///     0x0000  magic, version, nodes, bytes of the window, offset of the links
///     0x0100  an entry of 128 bytes for each of 64 nodes, written by that node alone
///     0x2100  free
///     0x4000  the links (Kernel/Nodes/Messaging/LinkLayout.swift)
///
/// Memory that nobody has written is zero, and zero means a node that never ran: nobody has to prepare the table.
/// Tools on the host read the same words from the machine's memory.

import Messaging
import Window

/// Words of a node's entry, by offset.
public enum NodeField: UInt32, BitwiseCopyable, Sendable, CaseIterable {
  /// How far it has come: `NodePhase`.
  case phase = 0
  /// The life it is in.
  case generation = 4
  /// Counts on as long as the node lives.
  case heartbeat = 8
  /// 32 or 64.
  case width = 12
  /// A number that differs if formats differ.
  case format = 16
  /// Memory in KiB, all of it and what is free.
  case memory = 20
  /// Memory that is free, in KiB.
  case freeMemory = 24
  /// Messages sent and received, modulo 2^32.
  case sentMessages = 28
  /// Messages received.
  case receivedMessages = 32
  /// Bytes sent and received, modulo 2^32.
  case sentBytes = 36
  /// Bytes received.
  case receivedBytes = 40
  /// What peers did wrong.
  case faults = 44
  /// Share of the processor that is not idle, in thousandths, over the last second.
  case load = 48
  /// Ticks in a millisecond.
  case rate = 52
  /// Interrupts by which others rang.
  case doorbells = 56
  /// The nodes that this one sees online, a bit each: nodes 0 to 31 here, the others in the next word.
  case onlineLow = 60
  /// The nodes 32 to 63.
  case onlineHigh = 64
  /// Pages of its own tables that were checked, and how many broke the partition.
  case checkedMappings = 68
  /// Mappings that broke the partition.
  case violations = 72
  /// The system address of its kernel's highest page table.
  case pageTables = 76
  /// The last session that this node began with others, kept over its lives.
  case session = 80
  /// Whether the run is to end when this node has died.
  case will = 84
}

/// How far a node has come.
public enum NodePhase: UInt32, BitwiseCopyable, Sendable, CaseIterable {
  /// It has never run.
  case absent
  /// Its kernel runs.
  case starting
  /// It takes and sends messages.
  case up
  /// Every node of the machine is online for it.
  case complete
  /// It has ended by itself.
  case stopped
}

/// Where the parts of the window lie.
public enum NodeTable {
  /// "WIND" as a little-endian number.
  public static var magic: UInt32 { 0x444E_4957 }
  /// The version of this layout.
  public static var version: UInt32 { 1 }
  /// Bytes of an entry.
  public static var entryBytes: UInt32 { 128 }
  /// The offset of the links.
  public static var linkStart: UInt32 { 0x4000 }
  /// A number that two nodes must share to talk to each other: the versions of what both read and write.
  public static var format: UInt32 {
    version << 24 | UInt32(MessageHeader.version) << 16 | linkStart | entryBytes
  }

  /// The offset of a node's entry.
  @inlinable
  public static func entry(_ node: UInt8) -> UInt32 { 0x100 + UInt32(node) * entryBytes }

  /// The links that fit: a machine of many nodes has shorter rings.
  public static func links(nodeCount: UInt8, windowBytes: UInt32) -> LinkLayout? {
    nodeCount <= 8
      ? LinkLayout(start: linkStart, nodeCount: UInt32(nodeCount), in: windowBytes)
      : LinkLayout(
        start: linkStart, nodeCount: UInt32(nodeCount), highSlots: 8, normalSlots: 16, chunkCount: 2,
        in: windowBytes)
  }

  /// Writes the words before the entries; every node writes the same.
  public static func announce<Window: SharedWindow & ~Copyable>(nodeCount: UInt8, _ window: borrowing Window)
  {
    window.store(version, at: 4)
    window.store(UInt32(nodeCount), at: 8)
    window.store(window.byteCount, at: 12)
    window.store(linkStart, at: 16)
    window.storeRelease(magic, at: 0)
  }

  /// A word of a node's entry.
  @inlinable
  public static func word<Window: SharedWindow & ~Copyable>(
    _ field: NodeField, of node: UInt8, _ window: borrowing Window
  ) -> UInt32 {
    window.loadAcquire(entry(node) + field.rawValue)
  }

  /// Writes a word of a node's own entry.
  @inlinable
  public static func set<Window: SharedWindow & ~Copyable>(
    _ field: NodeField, of node: UInt8, to value: UInt32, _ window: borrowing Window
  ) {
    window.storeRelease(value, at: entry(node) + field.rawValue)
  }
}
