/// What a lookup table allows, by system memory: a quick answer for a check of many mappings.

import Base

/// The rights to each 16 MiB of system memory below 4 GiB.
public struct PartitionRights: BitwiseCopyable, Sendable {
  // The union of what the rows that lead there allow; 0 where none does.
  private var allowed: InlineArray<256, UInt8> = .init(repeating: 0)

  /// No rights to anything.
  public init() {}

  /// Adds what a row allows.
  public mutating func add(_ segment: Segment) {
    guard segment.kind != .none, segment.system.rawValue < 1 << 32 else { return }
    allowed[Int(segment.system.rawValue >> 24)] |= segment.access.rawValue
  }

  /// Why a mapping breaks the partition, or `nil` if it keeps to it; the same rules as `MappingChecker`.
  public func violation(of mapping: Mapping) -> MappingViolation? {
    if mapping.access.isSuperset(of: [.write, .execute]) { return .writeAndExecute }
    guard mapping.byteCount > 0 else { return nil }
    let (last, overflow) = mapping.physical.rawValue.addingReportingOverflow(mapping.byteCount - 1)
    if overflow { return .wrapsAround }
    guard last < 1 << 32 else { return .outsideTable }
    for row in (mapping.physical.rawValue >> 24)...(last >> 24) {
      let rights = Access(rawValue: allowed[Int(row)])
      if rights.isEmpty { return .outsideTable }
      if !rights.isSuperset(of: mapping.access) { return .tooMuchAccess }
    }
    return nil
  }
}
