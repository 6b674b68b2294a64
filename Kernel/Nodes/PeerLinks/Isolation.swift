/// Whether this node's page tables keep to its lookup table, found by a walk of them as the processor does it.

import Arch
import Base
import CMachine
import Log
import Messaging
import NodeTable
import Partition
import Runtime
import Window

extension NodeLinks {
  /// Checks the page tables in use and writes the result into this node's entry.
  mutating func checkIsolation() {
    let reference = NodeReference()
    guard let structure = placedStructure(at: reference.node.identity.structure) else { return }
    var rights = PartitionRights()
    for row in 0..<LookupTable.count { rights.add(structure.row(row)) }
    var checked: UInt32 = 0
    var violations: UInt32 = 0
    let walk = TableWalk(root: UInt64(cpu_read_cr3()), isWide: UInt.bitWidth == 64)
    let isReadable = walk.forEach(load: loadEntry) { mapping in
      checked += 1
      guard rights.violation(of: mapping) != nil else { return }
      violations += 1
      guard violations == 1 else { return }
      log(
        .error, "nodes",
        "\(mapping.virtual) leads to system address \(mapping.physical) against the lookup table")
    }
    if !isReadable { violations += 1 }
    set(.violations, violations)
    set(.checkedMappings, checked)
  }
}

/// The entry at a system address, read through the direct map, if it lies in this node's memory.
private func loadEntry(_ system: UInt64) -> UInt64? {
  guard let core = NodeReference().node.partition.coreAddress(system),
    let place = DirectMap.virtualAddress(of: PhysicalAddress(core))
  else { return nil }
  return UInt64(cpu_load32(place.rawValue)) | UInt64(cpu_load32(place.rawValue + 4)) << 32
}
