/// Writes to another node's memory, row by row.

import Arch
import Base
import CMachine
import Partition
import Runtime

/// Copies words, each once.
func copyWords(from source: UInt, to target: UInt, count: Int) {
  for index in 0..<count { cpu_store32(target + UInt(index * 4), cpu_load32(source + UInt(index * 4))) }
}

/// Writes into the memory of a node that does not run.
struct Placer {
  let structure: PlacedStructure<LoaderMemory>

  /// Copies bytes from this node's memory.
  func copy(_ source: UInt64, to core: UInt32, _ count: Int) -> Bool {
    guard count > 0 else { return true }
    guard let from = DirectMap.virtualAddress(of: PhysicalAddress(source))?.rawValue else { return false }
    return write(core, count) { offset, target, bytes in
      copyWords(from: from + UInt(offset), to: target, count: (bytes + 3) / 4)
    }
  }

  /// Fills with zeros.
  func clear(_ core: UInt32, _ count: Int) -> Bool {
    write(core, count) { _, target, bytes in
      for index in 0..<((bytes + 3) / 4) { cpu_store32(target + UInt(index * 4), 0) }
    }
  }

  /// Takes over from another boot structure what is said of the image: kernel, ramdisk, command line.
  func takeContents(of source: UInt64) -> Bool {
    guard let from = DirectMap.virtualAddress(of: PhysicalAddress(source))?.rawValue else { return false }
    return write(CoreRegisters.structureAddress, BootStructure.byteCount) { _, target, _ in
      for offset in stride(from: UInt(32), to: 48, by: 4) {
        cpu_store32(target + offset, cpu_load32(from + offset))
      }
      for offset in stride(from: UInt(56), to: 1024, by: 4) {
        cpu_store32(target + offset, cpu_load32(from + offset))
      }
    }
  }

  /// Writes the life's number into the boot structure, and the checksum that goes with it.
  func seal(generation: UInt16) -> Bool {
    write(CoreRegisters.structureAddress, BootStructure.byteCount) { _, target, _ in
      let node = cpu_load32(target + 16) & 0xFFFF
      cpu_store32(target + 16, node | UInt32(generation) << 16)
      cpu_store32(target + 12, BootStructure.structureChecksum { cpu_load8(target + UInt($0)) })
    }
  }

  /// Calls `body` with each piece of the node's memory that lies in one row: offset, address, bytes.
  private func write(_ core: UInt32, _ count: Int, _ body: (Int, UInt, Int) -> Void) -> Bool {
    var done = 0
    while done < count {
      let place = core + UInt32(done)
      let inRow = Int(place & 0x00FF_FFFF)
      let bytes = min(count - done, Int(segmentSize) - inRow)
      let row = structure.row(Int(place >> 24))
      guard row.kind == .private, row.owner == structure.node, LentRow.map(row.system.rawValue) else {
        return false
      }
      body(done, LentRow.window.rawValue + UInt(inRow), bytes)
      LentRow.unmap()
      done += bytes
    }
    return true
  }
}
