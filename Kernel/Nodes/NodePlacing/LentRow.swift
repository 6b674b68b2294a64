/// A row of this node's lookup table that leads, for a while, to memory of another.

import Arch
import Base
import CMachine
import Log
import Paging
import Partition
import Runtime

/// Where a lent row appears.
enum LentRow {
  static var row: Int { 0xE0 }
  static var window: VirtualAddress { AddressMap.windows + (96 << 20) }

  static func map(_ system: UInt64) -> Bool {
    let reference = NodeReference()
    guard let tables = reference.node.tables, reference.node.partition.lend(row, to: system) else {
      return false
    }
    var memory = NodeTableMemory()
    do {
      try tables.map(
        FrameNumber(UInt32(row) << 12), at: window, pageCount: Int(segmentSize) / pageSize,
        PageAttributes(.readWrite), in: &memory)
      return true
    } catch {
      reference.node.partition.takeBack(row)
      return false
    }
  }

  static func unmap() {
    let reference = NodeReference()
    guard let tables = reference.node.tables else { return }
    var memory = NodeTableMemory()
    do {
      _ = try tables.unmap(window, pageCount: Int(segmentSize) / pageSize, in: &memory) { _, _ in }
    } catch {
      panic("a lent row was not mapped")
    }
    cpu_write_cr3(cpu_read_cr3())
    reference.node.partition.takeBack(row)
  }
}
