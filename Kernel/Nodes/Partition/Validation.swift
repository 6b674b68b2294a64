/// The rules that tables must keep before any node is started, one by one and all together.

import Base

/// A row of one node's table: enough to point at it in a message.
public struct RowPlace: BitwiseCopyable, Hashable, Sendable {
  /// The node whose table it is.
  public var node: UInt8
  /// The row, 0 to 255.
  public var row: UInt8

  /// Makes a place.
  public init(node: UInt8, row: UInt8) {
    self.node = node
    self.row = row
  }
}

/// Why tables were refused; `second` is the same as `first` where one row alone is wrong.
public struct PartitionError: Error, Hashable, Sendable {
  /// What is wrong.
  public enum Reason: UInt8, BitwiseCopyable, Sendable {
    /// A system address is not a multiple of 16 MiB.
    case misaligned
    /// A segment reaches past the end of memory.
    case outsideMemory
    /// Something may be both written and executed by way of one row or of two.
    case writeAndExecute
    /// Two rows of one node lead to the same memory under different kinds or owners.
    case overlap
    /// Two nodes claim the same memory, and one of them calls it private.
    case twoOwners
    /// A node's private rows leave a hole between them.
    case gap
    /// A private row belongs to another node.
    case foreignPrivate
    /// A mapped row allows nothing, or a row without a mapping allows something.
    case permissions
    /// A node has no private memory at core address 0, where every kernel lies.
    case noMemory
    /// A row names an owner that is not a node of this machine.
    case unknownOwner
  }
  /// What is wrong.
  public var reason: Reason
  /// The row that is wrong, or the earlier one of two that disagree.
  public var first: RowPlace
  /// The row it disagrees with.
  public var second: RowPlace

  /// Makes an error.
  public init(_ reason: Reason, _ first: RowPlace, _ second: RowPlace) {
    self.reason = reason
    self.first = first
    self.second = second
  }
}

/// Checks the table of node `node` alone.
///
/// - Parameter memoryEnd: the first system address past the machine's memory; devices may lie above it.
public func validate(
  _ table: LookupTable, node: UInt8, nodeCount: Int, memoryEnd: PhysicalAddress
) throws(PartitionError) {
  var lastPrivate = -1
  for index in 0..<LookupTable.count {
    let segment = table[index]
    let place = RowPlace(node: node, row: UInt8(index))
    func refuse(_ reason: PartitionError.Reason) -> PartitionError { PartitionError(reason, place, place) }
    guard segment.kind != .none else {
      if !segment.access.isEmpty { throw refuse(.permissions) }
      continue
    }
    if segment.access.isEmpty { throw refuse(.permissions) }
    if Int(segment.owner) >= nodeCount { throw refuse(.unknownOwner) }
    if segment.system.rawValue & (segmentSize - 1) != 0 { throw refuse(.misaligned) }
    let (end, overflow) = segment.system.rawValue.addingReportingOverflow(segmentSize)
    if overflow { throw refuse(.outsideMemory) }
    if segment.kind != .device, end > memoryEnd.rawValue { throw refuse(.outsideMemory) }
    // A private segment holds the kernel's code and its data, which page tables tell apart; what others can write
    // must never be executed.
    if segment.kind != .private, segment.access.contains(.execute), segment.access.contains(.write) {
      throw refuse(.writeAndExecute)
    }
    if segment.kind == .private {
      if segment.owner != node { throw refuse(.foreignPrivate) }
      if lastPrivate >= 0, index != lastPrivate + 1, index != LookupTable.count - 1 {
        throw PartitionError(.gap, RowPlace(node: node, row: UInt8(lastPrivate)), place)
      }
      lastPrivate = index
    }
    for earlier in 0..<index where table[earlier].kind != .none && table[earlier].system == segment.system {
      let other = RowPlace(node: node, row: UInt8(earlier))
      if table[earlier].kind != segment.kind || table[earlier].owner != segment.owner {
        throw PartitionError(.overlap, other, place)
      }
      let union = table[earlier].access.union(segment.access)
      if segment.kind != .private, union.contains(.write), union.contains(.execute) {
        throw PartitionError(.writeAndExecute, other, place)
      }
    }
  }
  if table[0].kind != .private {
    throw PartitionError(.noMemory, RowPlace(node: node, row: 0), RowPlace(node: node, row: 0))
  }
}

/// Checks the tables of two nodes against each other: what is private to one must be unreachable for the other.
public func validate(
  _ first: LookupTable, node firstNode: UInt8, against second: LookupTable, node secondNode: UInt8
) throws(PartitionError) {
  for i in 0..<LookupTable.count where first[i].kind != .none {
    for j in 0..<LookupTable.count where second[j].kind != .none && second[j].system == first[i].system {
      let here = RowPlace(node: firstNode, row: UInt8(i))
      let there = RowPlace(node: secondNode, row: UInt8(j))
      if first[i].kind == .private || second[j].kind == .private {
        throw PartitionError(.twoOwners, here, there)
      }
      if first[i].kind != second[j].kind || first[i].owner != second[j].owner {
        throw PartitionError(.overlap, here, there)
      }
    }
  }
}
