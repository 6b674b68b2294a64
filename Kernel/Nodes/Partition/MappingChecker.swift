/// Shows that page tables keep to the partition: nobody maps what is another's own.

import Base

/// One run of a node's page tables, as a walk of them finds it.
public struct Mapping: BitwiseCopyable, Sendable {
  /// The first virtual address.
  public var virtual: VirtualAddress
  /// The first system address behind it.
  public var physical: PhysicalAddress
  /// The bytes in the run.
  public var byteCount: UInt64
  /// What the tables allow.
  public var access: Access

  /// Makes a mapping.
  public init(
    virtual: VirtualAddress, physical: PhysicalAddress, byteCount: UInt64 = UInt64(pageSize), access: Access
  ) {
    self.virtual = virtual
    self.physical = physical
    self.byteCount = byteCount
    self.access = access
  }
}

/// Why a mapping breaks the partition.
public enum MappingViolation: UInt8, BitwiseCopyable, Sendable {
  /// No row of the node's table leads there: another's memory, or nobody's.
  case outsideTable
  /// The tables allow more than any row does.
  case tooMuchAccess
  /// One mapping may be both written and executed.
  case writeAndExecute
  /// The run wraps around the end of the address space.
  case wrapsAround
}

/// Checks the mappings of one node, one after the other, against its table.
///
/// With tables that `validate` passed, memory outside a node's own table includes every other node's private
/// memory, so a node whose mappings all pass here reaches none of it.
public struct MappingChecker: BitwiseCopyable {
  /// The mappings that were looked at.
  public private(set) var checked = 0
  /// The mappings that broke a rule.
  public private(set) var violations = 0
  /// The first one that did.
  public private(set) var first: (mapping: Mapping, violation: MappingViolation)?

  /// Makes a checker that has seen nothing.
  public init() {}

  /// Looks at one mapping.
  public mutating func check(_ mapping: Mapping, against table: LookupTable) {
    checked += 1
    guard let violation = Self.violation(of: mapping, table) else { return }
    violations += 1
    if first == nil { first = (mapping, violation) }
  }

  private static func violation(of mapping: Mapping, _ table: LookupTable) -> MappingViolation? {
    if mapping.access.contains(.write), mapping.access.contains(.execute) { return .writeAndExecute }
    guard mapping.byteCount > 0 else { return nil }
    let (last, overflow) = mapping.physical.rawValue.addingReportingOverflow(mapping.byteCount - 1)
    if overflow { return .wrapsAround }
    var start = mapping.physical.rawValue & ~(segmentSize - 1)
    while true {
      var isMapped = false
      var allowed: Access = []
      for index in 0..<LookupTable.count
      where table[index].kind != .none && table[index].system.rawValue == start {
        isMapped = true
        allowed.formUnion(table[index].access)
      }
      if !isMapped { return .outsideTable }
      if !allowed.isSuperset(of: mapping.access) { return .tooMuchAccess }
      let (next, wraps) = start.addingReportingOverflow(segmentSize)
      if wraps || next > last { return nil }
      start = next
    }
  }
}
