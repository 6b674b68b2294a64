/// The kernel's own page tables: every part of the image with exactly its rights, and physical memory as data.

import Arch
import Base
import BootInformation
import CMachine
import FrameAllocator
import Log
import Paging
import Partition
import X86

#if arch(i386)
  /// What the kernel's page tables are made of, on this architecture.
  public typealias KernelTableFormat = PAEFormat
#else
  /// What the kernel's page tables are made of, on this architecture.
  public typealias KernelTableFormat = FourLevelFormat
#endif

/// Page tables in frames of the node's allocator, reached through the direct map.
public struct NodeTableMemory: TableMemory, ~Copyable {
  /// Refers to the node's memory; the node must have its allocator.
  public init() {}

  /// The entry `index` of a table, with the node's own address in it.
  public func load(_ table: FrameNumber, _ index: Int) -> UInt64 {
    let entry = cpu_load64(entryAddress(table, index))
    return entry & 1 == 0 ? entry : NodeReference().node.partition.core(entry)
  }

  /// Writes an entry, with the system address in place of the node's own; the half with the present bit comes last, so that no half-written entry is ever present.
  public mutating func store(_ entry: UInt64, _ table: FrameNumber, _ index: Int) {
    let address = entryAddress(table, index)
    if entry & 1 == 0 {
      cpu_store32(address, UInt32(truncatingIfNeeded: entry))
      cpu_store32(address + 4, UInt32(truncatingIfNeeded: entry >> 32))
    } else {
      let system = NodeReference().node.partition.system(entry)
      cpu_store32(address + 4, UInt32(truncatingIfNeeded: system >> 32))
      cpu_store32(address, UInt32(truncatingIfNeeded: system))
    }
  }

  /// A frame of zeros.
  public mutating func allocateTable() throws(PagingError) -> FrameNumber {
    do {
      let frame = try NodeReference().node.frames.allocate(for: .pageTable)
      Frames.clear(frame)
      return frame
    } catch {
      throw .outOfFrames
    }
  }

  /// Gives a frame back.
  public mutating func freeTable(_ table: FrameNumber) {
    do {
      try NodeReference().node.frames.free(table, of: .pageTable)
    } catch {
      panic("a page table's frame was not in use: frame \(table.rawValue)")
    }
  }

  private func entryAddress(_ table: FrameNumber, _ index: Int) -> UInt {
    Frames.address(of: table).rawValue + UInt(index * 8)
  }
}

/// The value of `cr3` for page tables whose highest one is `frame`.
@inline(__always)
public func hardwareRoot(_ frame: FrameNumber) -> UInt {
  UInt(truncatingIfNeeded: NodeReference().node.partition.system(PhysicalAddress(startOf: frame).rawValue))
}

/// Frames as the kernel reaches them.
public enum Frames {
  /// Where a frame of the allocator appears.
  @inline(__always)
  public static func address(of frame: FrameNumber) -> VirtualAddress {
    guard let address = DirectMap.virtualAddress(of: PhysicalAddress(startOf: frame)) else {
      preconditionFailure("a frame of the allocator lies outside the direct map")
    }
    return address
  }

  /// Fills a frame with zeros.
  public static func clear(_ frame: FrameNumber) {
    guard let pointer = unsafe UnsafeMutableRawPointer(bitPattern: address(of: frame).rawValue) else {
      return
    }
    // SAFETY: the whole frame is mapped in the direct map, and the caller has just been given it.
    unsafe pointer.initializeMemory(as: UInt8.self, repeating: 0, count: pageSize)
  }
}

/// The steps from the page tables of start-up to the kernel's own.
package enum KernelTables {
  /// Builds the tables and begins to use them.
  ///
  /// The identity view of start-up is gone afterwards.
  ///
  /// - Parameter end: the physical address after the last byte that the direct map shows.
  package static func install(directMapEnd end: UInt64) throws(PagingError) -> PageTable<KernelTableFormat> {
    var memory = NodeTableMemory()
    let table = try PageTable(format: format, in: &memory)
    // Every address space of a program has these entries of the root from the beginning.
    try table.prepareTopTables(
      AddressMap.kernelPart, pageCount: AddressMap.kernelPartPageCount, in: &memory)
    var builder = Builder(table: table, memory: memory)
    try builder.mapDirect(upTo: end)
    #if !arch(i386)
      try builder.mapImage()
    #endif
    let root = hardwareRoot(table.root)
    cpu_write_cr3(root)
    Processor.block.usePageTables(at: UInt32(truncatingIfNeeded: root))
    return table
  }

  private static var format: KernelTableFormat {
    #if arch(i386)
      PAEFormat(noExecute: Processor.hasNoExecute)
    #else
      FourLevelFormat(noExecute: Processor.hasNoExecute, gigabytePages: false)
    #endif
  }
}

/// Maps the parts of physical memory and of the image one after the other.
private struct Builder: ~Copyable {
  let table: PageTable<KernelTableFormat>
  var memory: NodeTableMemory

  init(table: PageTable<KernelTableFormat>, memory: consuming NodeTableMemory) {
    self.table = table
    self.memory = memory
  }

  /// Physical memory from its first byte: the image's text and constants read-only, its stacks' guards absent.
  mutating func mapDirect(upTo end: UInt64) throws(PagingError) {
    let offset = AddressMap.directMap.rawValue
    #if arch(i386)
      let textAccess: Access = .readExecute  // the direct map is the only view of the image
    #else
      let textAccess: Access = .readOnly
    #endif
    try map(0, physical(symbol_text_start()), offset, .readWrite)
    try map(physical(symbol_text_start()), physical(symbol_text_end()), offset, textAccess)
    try map(physical(symbol_rodata_start()), physical(symbol_rodata_end()), offset, .readOnly)
    try mapData(upTo: end, offset)
  }

  #if !arch(i386)
    /// The image where it is linked.
    mutating func mapImage() throws(PagingError) {
      let offset = AddressMap.imageOffset
      try map(physical(symbol_text_start()), physical(symbol_text_end()), offset, .readExecute)
      try map(physical(symbol_rodata_start()), physical(symbol_rodata_end()), offset, .readOnly)
      try mapData(upTo: physical(symbol_data_end()), offset)
    }
  #endif

  /// The image's data and what follows it, around the guards of the three stacks.
  private mutating func mapData(upTo end: UInt64, _ offset: UInt) throws(PagingError) {
    var start = physical(symbol_data_start())
    for index in 0..<StackGuards.count {
      let guardPage = physical(StackGuards.page(index))
      try map(start, guardPage, offset, .readWrite)
      start = guardPage + UInt64(pageSize)
    }
    try map(start, end, offset, .readWrite)
  }

  private mutating func map(
    _ start: UInt64, _ end: UInt64, _ offset: UInt, _ access: Access
  ) throws(PagingError) {
    guard start < end else { return }
    try table.map(
      FrameNumber(UInt32(truncatingIfNeeded: start >> UInt64(pageShift))),
      at: VirtualAddress(offset + UInt(truncatingIfNeeded: start)),
      pageCount: Int((end - start) >> UInt64(pageShift)), PageAttributes(access, isGlobal: true), in: &memory)
  }

  private func physical(_ address: UInt) -> UInt64 {
    DirectMap.physicalAddress(ofImageAddress: address).rawValue
  }
}
