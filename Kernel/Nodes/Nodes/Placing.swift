/// How the first node starts the others: it places their images, writes what start-up code reads, and releases their
/// processors.
///
/// While it places, it lends itself a row of its lookup table that leads to memory of a node that does not run; the row
/// is taken back before the node is released, so no two nodes that run ever map the same private memory.

import Arch
import Base
import CMachine
import Log
import NodeLife
import NodeTable
import Paging
import Partition
import Runtime
import Scheduling

/// Where a lent row appears.
private enum LentRow {
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

extension NodeLinks {
  /// Starts every other node whose image the loader has brought.
  mutating func startOthers() {
    // After a boot from reset they run already, and the images are for those that die.
    guard let images = nodeImages(), !isFromReset else { return }
    for node in 1..<count where Int(node) < images.count { start(node, image: node, generation: 1) }
  }

  /// Whether the machine started from reset: then the cores' registers and the first page of a core's code are not in this
  /// node's memory, but below everybody's and in the ROM.
  private var isFromReset: Bool { NodeReference().node.identity.images.bytes == 0 }

  /// Places an image, the node's own or another's, and releases the node's processor; the node must not run.
  ///
  /// - Returns: whether the node's start-up code has got as far as its lookup table.
  @discardableResult
  mutating func start(_ node: UInt8, image: UInt8, generation: UInt16) -> Bool {
    LocalInterruptController.reset(node)
    guard let images = nodeImages(), place(node, image, of: images, generation: generation) else {
      log(.error, "nodes", "the image of node \(node) can't be placed")
      return false
    }
    unsafe peers[Int(node)].greeted = 0
    act(on: node, unsafe peers[Int(node)].life.handle(.started(generation: generation)))
    let page = isFromReset ? CoreRegisters.secondaryPage : UInt8(CoreRegisters.trampoline >> 12)
    guard let registers = borrowRegisters(of: node) else { return false }
    defer { returnRegisters() }
    let state = registers + UInt(CoreRegisters.stateOffset)
    // Intel SDM volume 3, 8.4.4.1: ten milliseconds after INIT, a start-up interrupt, and another if it was not taken.
    _ = try? Threads.sleep(nanoseconds: 10_000_000)
    for _ in 0..<2 {
      LocalInterruptController.start(node, atPage: page)
      for _ in 0..<100 {
        if cpu_load32(state) == CoreState.mapped.rawValue { return true }
        _ = try? Threads.sleep(nanoseconds: 1_000_000)
      }
    }
    log(.error, "nodes", "the processor of node \(node) did not start")
    return false
  }

  private mutating func place(
    _ node: UInt8, _ image: UInt8, of images: NodeImage<LoaderMemory>, generation: UInt16
  ) -> Bool {
    guard Int(node) < images.count, Int(image) < images.count else { return false }
    let parts = images[Int(image)]
    let address = images.address + UInt64(images[Int(node)].structure)
    let source = images.address + UInt64(parts.structure)
    guard let structure = placedStructure(at: UInt32(address)), structure.node == node,
      let contents = placedStructure(at: UInt32(source))
    else { return false }
    let placer = Placer(structure: structure)
    let kernel = contents.kernel
    let ramdisk = contents.ramdisk
    guard parts.kernel.bytes <= kernel.bytes, parts.ramdisk.bytes == ramdisk.bytes,
      // Another's image may need more memory than the node has.
      UInt64(kernel.address) + UInt64(kernel.bytes) <= structure.memoryBytes,
      UInt64(ramdisk.address) + UInt64(ramdisk.bytes) <= structure.memoryBytes,
      // A former life must leave nothing behind where the new one expects zeros.
      placer.clear(kernel.address, Int(kernel.bytes)),
      placer.copy(images.address + UInt64(parts.kernel.start), to: kernel.address, Int(parts.kernel.bytes)),
      placer.copy(images.address + UInt64(parts.ramdisk.start), to: ramdisk.address, Int(ramdisk.bytes)),
      placer.copy(
        images.address + UInt64(NodeImageLayout.trampoline), to: CoreRegisters.trampoline, pageSize),
      placer.copy(address, to: CoreRegisters.structureAddress, BootStructure.byteCount),
      placer.takeContents(of: source), placer.seal(generation: generation)
    else { return false }
    return writeRegisters(of: node, structure: address, isWide: parts.isWide, images)
  }

  /// Writes the core's registers and the page that its processor begins in, both in this node's low memory.
  private func writeRegisters(
    of node: UInt8, structure: UInt64, isWide: Bool, _ images: NodeImage<LoaderMemory>
  ) -> Bool {
    guard let rows = DirectMap.virtualAddress(of: PhysicalAddress(structure + 1024))?.rawValue,
      let registers = borrowRegisters(of: node)
    else { return false }
    defer { returnRegisters() }
    // A row has the same form in the boot structure and in the registers.
    copyWords(from: rows, to: registers, count: 2048 / 4)
    let rate = UInt32(truncatingIfNeeded: NodeReference().node.clock.ticksPerMillisecond)
    let words = CoreRegisters.words(isWide: isWide, ticksPerMillisecond: rate, state: .released)
    for index in words.indices {
      cpu_store32(registers + UInt(CoreRegisters.words + index * 4), words[index])
    }
    if isFromReset { return true }
    guard
      let page = DirectMap.virtualAddress(of: PhysicalAddress(UInt64(CoreRegisters.trampoline)))?.rawValue,
      let code = DirectMap.virtualAddress(
        of: PhysicalAddress(images.address + UInt64(NodeImageLayout.trampoline)))?.rawValue
    else { return false }
    copyWords(from: code, to: page, count: pageSize / 4)
    return true
  }

  /// Where a core's registers can be read and written, until they are given back.
  private func borrowRegisters(of node: UInt8) -> UInt? {
    let place = CoreRegisters.address(ofCore: Int(node))
    if !isFromReset { return DirectMap.virtualAddress(of: PhysicalAddress(place))?.rawValue }
    return LentRow.map(0) ? LentRow.window.rawValue + UInt(place) : nil
  }

  private func returnRegisters() { if isFromReset { LentRow.unmap() } }
}

/// Copies words, each once.
private func copyWords(from source: UInt, to target: UInt, count: Int) {
  for index in 0..<count { cpu_store32(target + UInt(index * 4), cpu_load32(source + UInt(index * 4))) }
}

/// Writes into the memory of a node that does not run.
private struct Placer {
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
