/// A guest's memory on the machine: frames, seen through the direct map.
///
/// This module protects the machine from guests: a guest reaches the frames that were taken for it and no others. Its own
/// pages are found here (`GuestFrames`), its shadow tables are written here, and the pages that it sees beside them are
/// those of the way between guest and host (`WorldPages`). What the guest may ask for is decided above, in `Hypervisor`
/// and `ShadowPaging`, which reach memory through this.

import Arch
import Base
import CMachine
import FrameAllocator
import GuestInterface
import Paging
import Partition
import Runtime
import ShadowPaging

/// The frames of one guest: RAM from its address 0, then the pages of its devices; and its shadow tables.
package struct MachineGuestMemory: ShadowMemory, ~Copyable {
  /// Bytes of RAM.
  package let ramSize: UInt32
  /// Bytes of RAM and device pages.
  package let size: UInt32

  /// The frames behind the guest's pages.
  package private(set) var frames: GuestFrames
  private let pages: WorldPages
  private let allocations: StartAllocations
  private var tables = NodeTableMemory()
  /// Where frame 0 appears: the kernel finds a frame of the allocator by its number alone.
  private let directMap: UInt
  /// Whether entries hold frames as the allocator counts them: a node that has the machine for itself.
  private let isIdentity: Bool
  /// Frames of shadow tables.
  package private(set) var tableCount: UInt32 = 0

  /// Pages of devices above RAM: the descriptors, and three for each of the queues.
  package static var devicePageCount: UInt32 { 64 }

  /// Takes frames for a guest and fills them with zeros.
  ///
  /// The devices' pages are the last of them: a run of a power of two is the easiest to find.
  ///
  /// - Parameter windowPages: the pages of windows that guests with a lower number have.
  package init(
    megabytes: UInt32, pages: WorldPages, behind windowPages: UInt32, _ allocations: StartAllocations
  ) throws(FrameAllocatorError) {
    guard !allocations.refuses() else { throw .outOfFrames }
    let count = megabytes << 8
    frames = try GuestFrames(count: count, behind: windowPages)
    ramSize = (count - Self.devicePageCount) << UInt32(pageShift)
    size = count << UInt32(pageShift)
    self.pages = pages
    self.allocations = allocations
    directMap = frames.directMap
    isIdentity = NodeReference().node.partition.isIdentity
  }

  /// Gives the frames back.
  package func release() { frames.release() }

  // The address was checked, and what lies behind it is mapped to its end: the sum is one.
  @inline(__always)
  package func load8(_ address: UInt32) -> UInt8 { cpu_load8(frames.start &+ UInt(address)) }
  @inline(__always)
  package func load32(_ address: UInt32) -> UInt32 { cpu_load32(frames.start &+ UInt(address)) }
  @inline(__always)
  package mutating func store8(_ value: UInt8, _ address: UInt32) {
    cpu_store8(frames.start &+ UInt(address), value)
  }
  @inline(__always)
  package mutating func store32(_ value: UInt32, _ address: UInt32) {
    cpu_store32(frames.start &+ UInt(address), value)
  }

  @inline(__always)
  package func frame(ofPage page: UInt32) -> FrameNumber { frames.frame(ofPage: page) }

  package mutating func giveUp(page: UInt32) -> Bool { frames.giveUp(page: page) }
  package mutating func takeBack(page: UInt32) -> TakenPage { frames.takeBack(page: page) }

  @inline(__always)
  package func now() -> UInt64 { cpu_rdtsc() }

  // MARK: - Tables

  @inline(__always)
  package func load(_ table: FrameNumber, _ index: Int) -> UInt64 {
    isIdentity ? cpu_load64(place(table, index)) : tables.load(table, index)
  }
  @inline(__always)
  package mutating func store(_ entry: UInt64, _ table: FrameNumber, _ index: Int) {
    guard isIdentity else { return tables.store(entry, table, index) }
    // No processor walks a guest's shadows while they are changed: the order of the halves does not matter.
    cpu_store32(place(table, index), UInt32(truncatingIfNeeded: entry))
    cpu_store32(place(table, index) + 4, UInt32(truncatingIfNeeded: entry >> 32))
  }
  @inline(__always)
  private func place(_ table: FrameNumber, _ index: Int) -> UInt {
    directMap &+ UInt(table.rawValue) << UInt(pageShift) &+ UInt(truncatingIfNeeded: index) << 3
  }
  package mutating func allocateTable() throws(PagingError) -> FrameNumber {
    // A guest's shadows can be larger than its memory, which shows at many addresses: they have a limit of their own.
    guard tableCount < tableLimit, !allocations.refuses() else { throw .outOfFrames }
    cpu_cli()
    defer { cpu_sti() }
    let table = try tables.allocateTable()
    tableCount += 1
    return table
  }
  package mutating func freeTable(_ table: FrameNumber) {
    cpu_cli()
    defer { cpu_sti() }
    tables.freeTable(table)
    tableCount -= 1
  }

  /// The most frames that a guest's shadow tables may have: those of the part that all shadows share, which stay, and an
  /// eighth of the guest's own; whatever its size no more than can be forgotten by one call within its bound.
  private var tableLimit: UInt32 { min(640 + frames.count / 8, 1_000) }

  package mutating func installSwitcher(in root: FrameNumber) throws(PagingError) {
    let table = PageTable(format: WorldPages.format, root: root)
    for page in 0..<WorldPages.codePageCount {
      try table.map(
        WorldPages.codeFrame(page), at: VirtualAddress(WorldPages.code + UInt(page * pageSize)),
        PageAttributes(.readExecute), in: &self)
    }
    try table.map(
      pages.registersFrame, at: VirtualAddress(pages.registersPage), PageAttributes(.readWrite), in: &self)
    try table.map(pages.stateFrame, at: VirtualAddress(pages.state), PageAttributes(.readOnly), in: &self)
  }
}
