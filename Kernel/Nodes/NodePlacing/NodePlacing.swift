/// How a node is started by another one: its image is placed, what start-up code reads is written, and its processor is
/// released.
///
/// This module protects the memory of nodes that run: it alone writes into memory of another node, and only of one whose
/// processor is held.
///
/// While a node places, it lends itself a row of its lookup table that leads to memory of a node that does not run; the row
/// is taken back before the node is released, so no two nodes that run ever map the same private memory.

import Arch
import Base
import CMachine
import Log
import NodeTable
import Paging
import Partition
import Runtime
import Scheduling

/// A node that does not run, on its way to running.
package enum NodePlacing {
  /// Whether the machine started from reset: then the cores' registers and the first page of a core's code are not in this
  /// node's memory, but below everybody's and in the ROM.
  package static var isFromReset: Bool { NodeReference().node.identity.images.bytes == 0 }

  /// Places an image, the node's own or another's, in the memory of a node that does not run.
  ///
  /// - Returns: whether all of it was there and fits.
  @export(interface)
  package static func place(
    _ image: UInt8, of images: NodeImage<LoaderMemory>, inMemoryOf node: UInt8, generation: UInt16
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

  /// Releases a node's processor into what was placed; it must be held in reset.
  ///
  /// - Returns: whether the node's start-up code has got as far as its lookup table.
  @discardableResult
  @export(interface)
  package static func release(_ node: UInt8) -> Bool {
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

  /// Writes the core's registers and the page that its processor begins in, both in this node's low memory.
  private static func writeRegisters(
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
  private static func borrowRegisters(of node: UInt8) -> UInt? {
    let place = CoreRegisters.address(ofCore: Int(node))
    if !isFromReset { return DirectMap.virtualAddress(of: PhysicalAddress(place))?.rawValue }
    return LentRow.map(0) ? LentRow.window.rawValue + UInt(place) : nil
  }

  private static func returnRegisters() { if isFromReset { LentRow.unmap() } }
}
