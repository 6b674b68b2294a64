/// What lies in the shared window behind the links: the units' place, and a place for trials.
///
///     links    16 KiB on: Kernel/Nodes/Messaging/LinkLayout.swift
///     units    Kernel/Nodes/RCCE/UnitLayout.swift, a unit for each node
///     trials   locks, barriers and a ring that are tried and measured, see `TrialPlace`

import Messaging
import RCCE

/// The parts of a machine's window, the same for every node of it.
public struct WindowPlan: BitwiseCopyable, Sendable {
  /// The links.
  public let links: LinkLayout
  /// The units of execution.
  public let units: UnitLayout
  /// The place for trials.
  public let trials: TrialPlace

  /// Plans the window of a machine, or answers `nil` if it is too small.
  public init?(nodeCount: UInt8, windowBytes: UInt32) {
    guard let links = NodeTable.links(nodeCount: nodeCount, windowBytes: windowBytes),
      let units = UnitLayout(
        start: Self.aligned(links.start + links.byteCount), count: UInt32(nodeCount), in: windowBytes),
      let trials = TrialPlace(
        start: Self.aligned(units.start + units.byteCount), nodeCount: nodeCount, windowBytes: windowBytes)
    else { return nil }
    self.links = links
    self.units = units
    self.trials = trials
  }

  private static func aligned(_ offset: UInt32) -> UInt32 { (offset + 4095) & ~4095 }
}

/// Where locks and barriers are tried, by window offset.
public struct TrialPlace: BitwiseCopyable, Sendable {
  /// The first byte; `zeroBytes` from it are zeros when a trial begins.
  public let start: UInt32
  /// Links between every two of the first eight nodes; in a machine of more nodes without chunks.
  public let rings: LinkLayout

  init?(start: UInt32, nodeCount: UInt8, windowBytes: UInt32) {
    guard
      let rings = LinkLayout(
        start: start + Self.zeroBytes, nodeCount: UInt32(min(nodeCount, 8)), highSlots: 2, normalSlots: 64,
        // Enough for the longest message, where there is room for so many.
        chunkCount: nodeCount <= 8 ? 16 : 0, in: windowBytes)
    else { return nil }
    self.start = start
    self.rings = rings
  }

  /// Bytes for locks, barriers and what they guard.
  public static var zeroBytes: UInt32 { 0x8000 }
  /// A lock of one or two words.
  public func lock(_ kind: UInt32) -> UInt32 { start + 64 * kind }
  /// What a lock guards.
  public var counter: UInt32 { start + 0x200 }
  /// A line of two nodes that throw a word to each other.
  public var ball: UInt32 { start + 0x280 }
  /// A central barrier.
  public var central: UInt32 { start + 0x300 }
  /// A line for each node: how far it has come.
  public func progress(_ member: UInt32) -> UInt32 { start + 0x1000 + 64 * member }
  /// Where one of the first eight ranks says how far it has come with the link to another, in its line.
  public func linking(of member: UInt32, with other: UInt32) -> UInt32 { progress(member) + 16 + 4 * other }
  /// An MCS lock.
  public var queue: UInt32 { start + 0x2000 + 0x1000 }
  /// A tree barrier.
  public var tree: UInt32 { start + 0x5000 }
  /// A dissemination barrier.
  public var dissemination: UInt32 { start + 0x6800 }
}
