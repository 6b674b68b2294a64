/// The memory of programs on this node: address spaces, their faults, and frames cleared ahead of use.

import AddressSpace
import Arch
import Base
import CMachine
import FrameAllocator
import Log
import Paging
import Regions
import Runtime
import X86

/// The memory of programs.
public enum UserMemory {
  /// Gets ready for programs; called once, after the node has started.
  ///
  /// - Throws: `outOfMemory` if there is no room for the references of all frames.
  @export(interface)
  public static func start(_ hooks: UserMemoryHooks) throws(SpaceError) {
    let node = NodeReference()
    guard let tables = node.node.tables else { throw .outOfMemory }
    let frameCount = UInt32(
      truncatingIfNeeded: (node.node.directMapEnd + UInt64(pageSize - 1)) >> UInt64(pageShift))
    let bytes = Int(frameCount) * MemoryLayout<UInt32>.stride
    let run: FrameRange
    let zero: FrameNumber
    do {
      run = try node.node.frames.allocateRun(
        UInt32((bytes + pageSize - 1) / pageSize), for: .program)
      zero = try node.node.frames.allocate(for: .program)
    } catch { throw .outOfMemory }
    let base = NodeSpaceMemory.address(of: run.start)
    for index in 0..<UInt(run.count) { cpu_clear_page(base + index << UInt(pageShift)) }
    cpu_clear_page(NodeSpaceMemory.address(of: zero))
    let place = KernelHeap.allocate(MemoryLayout<UserMemoryState>.size)
    guard let references = unsafe UnsafeMutablePointer<UInt32>(bitPattern: base),
      let state = unsafe UnsafeMutablePointer<UserMemoryState>(bitPattern: place.rawValue)
    else { throw .outOfMemory }
    let free = node.node.frames.freeCount
    // SAFETY: the heap has just given this memory, and the run was taken for the references; both stay.
    unsafe state.initialize(
      to: UserMemoryState(
        references: references, frameCount: frameCount, zero: zero, reserve: min(256, free / 8),
        limit: UInt(free), kernel: kernelPart(tables), isPlaced: node.node.identity.isPlaced, hooks: hooks))
    // Two, so that nobody ever takes it for his own: nobody counts its users.
    unsafe state.pointee[references: zero] = 2
    node.node.userMemory = place.rawValue
    node.node.idleWork = { UserMemory.clearOneFrame() }
    Processor.block.gate.copyFaultHandler = { UserMemory.copyFault($0) }
  }

  private static func kernelPart(_ tables: PageTable<KernelTableFormat>) -> KernelPart<KernelTableFormat> {
    KernelPart(tables, firstPage: AddressMap.kernelPart, pageCount: AddressMap.kernelPartPageCount)
  }

  /// The kernel's part of every space.
  public static var kernelPart: KernelPart<KernelTableFormat> { UserMemoryReference().state.kernel }

  /// What `cr3` is without a program.
  @inline(__always)
  public static var kernelRoot: UInt {
    let reference = UserMemoryReference()
    return reference.state.kernelRoot
  }

  /// What `cr3` is while a space is in use.
  public static func root(of space: borrowing UserSpace) -> UInt { hardwareRoot(space.tables.root) }

  // MARK: - Spaces

  /// Makes an empty address space.
  @export(interface)
  public static func makeSpace(_ layout: UserLayout) throws(SpaceError) -> UserSpace {
    var memory = NodeSpaceMemory()
    return try UserSpace(kernelPart, layout, in: &memory)
  }

  /// Makes a copy of an address space, which is the one in use.
  @export(interface)
  public static func fork(_ space: inout UserSpace) throws(SpaceError) -> UserSpace {
    var memory = NodeSpaceMemory()
    return try space.fork(kernelPart, in: &memory)
  }

  /// Gives back all that a space has; it must not be in use.
  @export(interface)
  public static func destroy(_ space: inout UserSpace) {
    var memory = NodeSpaceMemory()
    space.destroy(kernelPart, in: &memory)
  }

  /// Maps pages; returns the first address.
  @export(interface)
  public static func map(_ request: MapRequest, in space: inout UserSpace) throws(SpaceError) -> UInt {
    var memory = NodeSpaceMemory()
    return try space.map(request, in: &memory)
  }

  /// Removes whatever is mapped in a range.
  @export(interface)
  public static func unmap(_ address: UInt, _ byteCount: UInt, in space: inout UserSpace) throws(SpaceError) {
    var memory = NodeSpaceMemory()
    try space.unmap(address, byteCount, in: &memory)
  }

  /// Gives the pages of a range another access.
  @export(interface)
  public static func protect(
    _ address: UInt, _ byteCount: UInt, _ access: Access, in space: inout UserSpace
  ) throws(SpaceError) {
    var memory = NodeSpaceMemory()
    try space.protect(address, byteCount, access, in: &memory)
  }

  /// Forgets the contents of private pages.
  @export(interface)
  public static func discard(_ address: UInt, _ byteCount: UInt, in space: inout UserSpace) throws(SpaceError)
  {
    var memory = NodeSpaceMemory()
    try space.discard(address, byteCount, in: &memory)
  }

  /// Gives a mapping another size or place: see `AddressSpace.remap`.
  @export(interface)
  public static func remap(
    _ address: UInt, _ oldSize: UInt, to newSize: UInt, at target: UInt?, mayMove: Bool,
    in space: inout UserSpace
  ) throws(SpaceError) -> UInt {
    var memory = NodeSpaceMemory()
    return try space.remap(address, oldSize, to: newSize, at: target, mayMove: mayMove, in: &memory)
  }

  /// Moves the end of the heap; returns where it is then.
  @export(interface)
  public static func setBreak(_ address: UInt, in space: inout UserSpace) -> UInt {
    var memory = NodeSpaceMemory()
    return space.setBreak(address, in: &memory)
  }

  /// Maps the first stack.
  @export(interface)
  public static func mapStack(in space: inout UserSpace) throws(SpaceError) {
    var memory = NodeSpaceMemory()
    try space.mapStack(in: &memory)
  }

  /// Maps a frame of the kernel for the program to read and execute; returns its address.
  @export(interface)
  public static func mapKernelPage(
    _ frame: FrameNumber, in space: inout UserSpace
  ) throws(SpaceError) -> UInt {
    var memory = NodeSpaceMemory()
    return try space.mapKernelPage(frame, in: &memory)
  }

  /// A frame with one reference and whatever was in it, for those who give frames to programs.
  @export(interface)
  public static func takeFrame() -> FrameNumber? {
    var memory = NodeSpaceMemory()
    return memory.takeFrame()
  }

  /// One more reference to a frame that programs have.
  @export(interface)
  public static func retain(_ frame: FrameNumber) {
    var memory = NodeSpaceMemory()
    memory.retain(frame)
  }

  /// One reference fewer.
  @export(interface)
  public static func release(_ frame: FrameNumber) {
    var memory = NodeSpaceMemory()
    memory.release(frame)
  }

  /// Where the kernel sees the byte at an address of any space, after it was made ready; `nil` if the program could
  /// not touch it so.
  ///
  /// Good up to the end of the page, and until the space is changed.
  @export(interface)
  public static func view(of address: UInt, for access: Access, in space: inout UserSpace) -> UInt? {
    var memory = NodeSpaceMemory()
    var files = NodeFiles()
    guard let frame = space.frame(at: address, for: access, in: &memory, from: &files) else { return nil }
    return NodeSpaceMemory.address(of: frame) + address & UInt(pageSize - 1)
  }

  /// The frame at an address that several spaces may have; `nil` if it is not in shared memory.
  @export(interface)
  public static func sharedFrame(at address: UInt, in space: inout UserSpace) -> FrameNumber? {
    var memory = NodeSpaceMemory()
    var files = NodeFiles()
    return space.sharedFrame(at: address, in: &memory, from: &files)
  }

  /// Takes the pages of a file from `page` on out of a space that shares them: the file is shorter now.
  @export(interface)
  public static func forget(file: UInt64, from page: UInt64, in space: inout UserSpace) {
    var memory = NodeSpaceMemory()
    space.forget(file: file, from: page, in: &memory)
  }

  /// Lets the next write of each page of a file in a range be noticed: see `AddressSpace.synchronize`.
  @export(interface)
  public static func synchronize(
    _ address: UInt, _ byteCount: UInt, in space: inout UserSpace
  ) throws(SpaceError) {
    var memory = NodeSpaceMemory()
    try space.synchronize(address, byteCount, in: &memory)
  }

  // MARK: - Faults

  /// Sees to a page fault of the program whose space is in use; called with interrupts off.
  ///
  /// - Parameters:
  ///   - frame: the trap frame of vector 14 from ring 3.
  ///   - space: the program's space.
  @inline(never)
  @export(interface)
  public static func fault(_ error: PageFaultError, at address: UInt, in space: inout UserSpace)
    -> FaultOutcome
  {
    // No entry of ours has such a bit: the tables are damaged.
    guard !error.contains(.reservedBit) else {
      panic("reserved bit set in the page table of a program, at \(VirtualAddress(address))")
    }
    guard UserCopy.isAllowed(address, 1) else { return .notMapped }
    var memory = NodeSpaceMemory()
    var files = NodeFiles()
    return space.fault(at: address, access(error), in: &memory, from: &files)
  }

  @inline(__always)
  private static func access(_ error: PageFaultError) -> Access {
    if error.contains(.write) { return .write }
    return error.contains(.execute) ? .execute : .read
  }

  /// A page fault of the kernel: if it was copying, it goes on with the page or with its failure.
  private static func copyFault(_ frameAddress: UInt) -> Bool {
    guard let frame = unsafe UnsafeMutablePointer<TrapFrame>(bitPattern: frameAddress) else { return false }
    // SAFETY: the address is that of the frame of the fault, on the stack below us.
    guard let after = UserCopy.failure(at: unsafe frame.pointee.instructionPointer.rawValue) else {
      return false
    }
    let error = PageFaultError(rawValue: UInt32(truncatingIfNeeded: unsafe frame.pointee.errorCode))
    let reference = UserMemoryReference()
    let address = reference.state.hooks.currentSpace()
    if let space = unsafe UnsafeMutablePointer<UserSpace>(bitPattern: address) {
      // SAFETY: the hook names the space of the thread that runs, which stays as long as the thread.
      let outcome = unsafe fault(error, at: cpu_read_cr2(), in: &space.pointee)
      if outcome == .resolved { return true }
      if outcome == .outOfMemory { reference.state.hooks.outOfMemory() }
    }
    #if arch(i386)
      unsafe frame.pointee.eip = UInt32(after)
    #else
      unsafe frame.pointee.rip = UInt64(after)
    #endif
    return true
  }

  // MARK: - Time that nobody else wants

  /// Clears a frame for the next page that is touched first; called by the idle thread with interrupts off.
  ///
  /// - Returns: whether there was one to clear.
  @export(interface)
  public static func clearOneFrame() -> Bool {
    let reference = UserMemoryReference()
    let count = reference.state.clearedCount
    let node = NodeReference()
    // Half of the room is left for tables that come back.
    guard count < 64, node.node.frames.freeCount > reference.state.reserve &+ 64,
      let frame = try? node.node.frames.allocate(for: .program)
    else { return false }
    cpu_clear_page(NodeSpaceMemory.address(of: frame))
    reference.state.cleared[count] = frame.rawValue
    reference.state.clearedCount = count &+ 1
    return true
  }

  /// Frames that are cleared and in nobody's hands.
  public static var clearedFrameCount: Int { UserMemoryReference().state.clearedCount }

  /// Gives the cleared frames back, so that a count of free frames tells of programs alone.
  @export(interface)
  public static func giveClearedFramesBack() {
    let reference = UserMemoryReference()
    while reference.state.clearedCount > 0 {
      reference.state.clearedCount -= 1
      let frame = FrameNumber(reference.state.cleared[reference.state.clearedCount])
      do { try NodeReference().node.frames.free(frame) } catch {
        preconditionFailure("a cleared frame was not in use")
      }
    }
  }
}
