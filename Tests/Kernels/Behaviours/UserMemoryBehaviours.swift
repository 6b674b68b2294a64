/// Behaviours of programs' memory, without programs: the kernel copies to and from address spaces that it has made.

import ABI
import AddressSpace
import Arch
import Base
import CMachine
import FrameAllocator
import Log
import Paging
import Regions
import Runtime
import Scheduling
import UserMemory

/// Does what is asked for with programs' memory.
///
/// Returns whether it was asked for.
func runUserMemory() -> Bool {
  if isAskedFor("user-copy") {
    begin()
    testCopies()
  } else if isAskedFor("user-faults") {
    begin()
    testFaults()
  } else if isAskedFor("user-memory-exhausted") {
    begin()
    exhaust()
  } else if isAskedFor("user-read-unannounced") {
    begin()
    touchUnannounced { log(.info, "test", "read \(UInt64(cpu_load32($0)))") }
  } else if isAskedFor("user-execute-unannounced") {
    begin()
    touchUnannounced { address in
      // SAFETY: it is to fault: that is the test.
      let function = unsafe unsafeBitCast(address, to: (@convention(c) () -> Void).self)
      function()
    }
  } else {
    return false
  }
  endRun(.passed, status: 0)
}

#if arch(i386)
  private let layout = UserLayout.i386
  private let lastPage: UInt = 0xBFFF_F000
  private let kernelAddresses: [4 of UInt] = [0xC000_0000, 0xC010_0000, 0xF400_0000, 0xFFFF_F000]
#else
  private let layout = UserLayout.x86_64
  private let lastPage: UInt = 0x3FFF_FFFF_F000
  private let kernelAddresses: [4 of UInt] = [
    0x4000_0010_0000, 0x4080_0000_0000, 0x8000_0000_0000, 0xFFFF_8000_0000_0000,
  ]
#endif

/// Where the test's pages are.
private let base: UInt = 0x40_0000

private func begin() {
  // As system calls run.
  cpu_cli()
  var hooks = UserMemoryHooks()
  // The thread's record has a word that nothing else needs here.
  hooks.currentSpace = { NodeReference().node.threads.scheduler.current.fields.exchange }
  // And so has the node.
  hooks.outOfMemory = { NodeReference().node.callPage += 1 }
  hooks.fill = { frame, file, page, count in
    guard file == 7, page < 3 else { return PageFill.beyondEnd.rawValue }
    let address = NodeSpaceMemory.address(of: FrameNumber(frame))
    cpu_clear_page(address)
    for offset in stride(from: 0, to: UInt(count) & ~3, by: 4) {
      cpu_store32(address + offset, UInt32(truncatingIfNeeded: page) << 16 | UInt32(offset))
    }
    return PageFill.filled.rawValue
  }
  do { try UserMemory.start(hooks) } catch { fail("programs' memory does not start") }
}

/// Makes a space in memory of its own and uses it.
private func makeSpace() -> UnsafeMutablePointer<UserSpace> {
  let place = KernelHeap.allocate(MemoryLayout<UserSpace>.size)
  guard let pointer = unsafe UnsafeMutablePointer<UserSpace>(bitPattern: place.rawValue) else {
    fail("no heap")
  }
  do {
    // SAFETY: the heap has given memory for it.
    unsafe pointer.initialize(to: try UserMemory.makeSpace(layout))
  } catch { fail("no space") }
  unsafe use(pointer)
  return unsafe pointer
}

private func use(_ space: UnsafeMutablePointer<UserSpace>) {
  NodeReference().node.threads.scheduler.current.fields.exchange = UInt(bitPattern: space)
  cpu_write_cr3(unsafe UserMemory.root(of: space.pointee))
}

private func destroy(_ space: UnsafeMutablePointer<UserSpace>) {
  NodeReference().node.threads.scheduler.current.fields.exchange = 0
  cpu_write_cr3(UserMemory.kernelRoot)
  unsafe UserMemory.destroy(&space.pointee)
  KernelHeap.free(VirtualAddress(UInt(bitPattern: space)))
}

private func map(
  _ address: UInt, _ pages: UInt, _ content: RegionContent, in space: UnsafeMutablePointer<UserSpace>
) {
  do {
    _ = unsafe try UserMemory.map(MapRequest(pages << 12, at: address, .fixed, content), in: &space.pointee)
  } catch { fail("could not map at \(VirtualAddress(address))") }
}

private func protect(_ address: UInt, _ access: Access, in space: UnsafeMutablePointer<UserSpace>) {
  do { unsafe try UserMemory.protect(address, 4096, access, in: &space.pointee) } catch {
    fail("could not protect \(VirtualAddress(address))")
  }
}

private func expect(_ condition: Bool, _ what: StaticString) {
  guard !condition else { return }
  fail("wrong: \(what)")
}

// MARK: - Copies

private func testCopies() {
  let buffer = KernelHeap.allocate(16_384).rawValue
  guard let bytes = unsafe UnsafeMutableRawPointer(bitPattern: buffer) else { return }
  for offset in 0..<16_384 as Range<UInt> {
    cpu_store8(buffer + offset, UInt8(truncatingIfNeeded: offset * 7))
  }
  let space = unsafe makeSpace()
  unsafe map(base, 3, RegionContent(.readWrite), in: space)

  // There and back, across pages, from odd places.
  expect(unsafe UserCopy.copyOut(base + 4091, from: bytes, 5003) == 0, "copy out")
  for offset in 0..<8192 as Range<UInt> { cpu_store8(buffer + offset, 0) }
  expect(unsafe UserCopy.copyIn(bytes, from: base + 4091, 5003) == 0, "copy in")
  for offset in 0..<5003 as Range<UInt> {
    expect(cpu_load8(buffer + offset) == UInt8(truncatingIfNeeded: offset * 7), "what was copied")
  }

  // A fault in the middle: what was copied is known to the word, and what lies behind is untouched.
  let starts: [4 of UInt] = [0, 1, 7, 4096 - 13]
  for index in 0..<4 {
    let start = starts[index]
    let left = unsafe UserCopy.copyOut(base + 8192 + start, from: bytes, 8192)
    let missing = 8192 - (4096 - start)
    expect(left >= missing && left < missing + UInt(MemoryLayout<UInt>.size), "rest of a copy out")
    let unread = unsafe UserCopy.copyIn(bytes, from: base + 8192 + start, 8192)
    expect(unread >= missing && unread < missing + UInt(MemoryLayout<UInt>.size), "rest of a copy in")
    let uncleared = UserCopy.clear(base + 8192 + start, 8192)
    expect(uncleared >= missing && uncleared < missing + UInt(MemoryLayout<UInt>.size), "rest of clearing")
  }
  expect(unsafe UserCopy.copyOut(base - 1, from: bytes, 1) == 1, "absent")
  expect(unsafe UserCopy.copyOut(base, from: bytes, 0) == 0, "nothing")

  // Access is what the map says, not what the kernel could do.
  unsafe map(base + 0x10000, 1, RegionContent(.readOnly), in: space)
  expect(unsafe UserCopy.copyIn(bytes, from: base + 0x10000, 64) == 0, "read of a read-only page")
  expect(unsafe UserCopy.copyOut(base + 0x10000, from: bytes, 64) == 64, "write of a read-only page")
  expect(!UserCopy.store32(base + 0x10000, 1), "word to a read-only page")
  expect(UserCopy.exchange32(base + 0x10000, 5, 6) == nil, "exchange in a read-only page")
  expect(UserCopy.store32(base, 99), "word")
  unsafe protect(base, [], in: space)
  expect(unsafe UserCopy.copyIn(bytes, from: base, 1) == 1, "read of a page without access")
  expect(UserCopy.load32(base) == nil, "word of a page without access")
  unsafe protect(base, .readOnly, in: space)
  expect(UserCopy.load32(base) == 99, "what was there before")
  unsafe protect(base, .readWrite, in: space)

  // The kernel's addresses, and what wraps around.
  for index in 0..<4 {
    let address = kernelAddresses[index]
    expect(unsafe UserCopy.copyIn(bytes, from: address, 4) == 4, "kernel read")
    expect(unsafe UserCopy.copyOut(address, from: bytes, 4) == 4, "kernel write")
    expect(UserCopy.clear(address, 4) == 4, "kernel clear")
    expect(UserCopy.load32(address) == nil && !UserCopy.store32(address, 0), "kernel word")
    expect(UserCopy.exchange32(address, 0, 0) == nil, "kernel exchange")
    expect(unsafe UserCopy.string(bytes, capacity: 10, from: address) == .fault, "kernel string")
  }
  expect(unsafe UserCopy.copyIn(bytes, from: .max - 3, 8) == 8, "wrap-around")
  expect(unsafe UserCopy.copyIn(bytes, from: base, .max) == .max, "wrap-around of a length")
  expect(unsafe UserCopy.copyIn(bytes, from: lastPage, 4097) == 4097, "into the kernel")
  expect(UserCopy.load32(.max) == nil && UserCopy.load64(.max - 3) == nil, "wrap-around of a word")
  expect(unsafe UserCopy.copyIn(bytes, from: 0, 1) == 1 && UserCopy.load32(0) == nil, "address 0")

  // Words.
  expect(UserCopy.store64(base + 8, 0x0123_4567_89AB_CDEF), "long word")
  expect(UserCopy.load64(base + 8) == 0x0123_4567_89AB_CDEF, "long word back")
  expect(UserCopy.load32(base + 8) == 0x89AB_CDEF, "half")
  expect(UserCopy.exchange32(base + 8, 0x89AB_CDEF, 5) == 0x89AB_CDEF, "exchange")
  expect(UserCopy.exchange32(base + 8, 0x89AB_CDEF, 6) == 5 && UserCopy.load32(base + 8) == 5, "no exchange")
  expect(UserCopy.load32(base + 3 * 4096 - 2) == nil, "half a word")

  // Strings.
  unsafe map(lastPage, 1, RegionContent(.readWrite), in: space)
  expect(UserCopy.clear(base + 4096, 4096) == 0 && UserCopy.store32(base + 4094, 0x64636261), "string out")
  expect(unsafe UserCopy.string(bytes, capacity: 100, from: base + 4094) == .length(4), "string across pages")
  expect(cpu_load32(buffer) == 0x64636261 && cpu_load8(buffer + 4) == 0, "what was read")
  expect(unsafe UserCopy.string(bytes, capacity: 4, from: base + 4094) == .tooLong, "string without room")
  expect(unsafe UserCopy.string(bytes, capacity: 5, from: base + 4094) == .length(4), "string with room")
  for offset in stride(from: 0, to: 4096, by: 4) as StrideTo<UInt> {
    expect(UserCopy.store32(base + 8192 + offset, 0x78787878), "string out")
    expect(UserCopy.store32(lastPage + offset, 0x78787878), "string out")
  }
  expect(unsafe UserCopy.string(bytes, capacity: 8192, from: base + 12_000) == .fault, "string without end")
  expect(unsafe UserCopy.string(bytes, capacity: 8192, from: lastPage + 4000) == .fault, "string at the end")
  expect(
    unsafe UserCopy.string(bytes, capacity: 96, from: lastPage + 4000) == .tooLong, "string up to the end")
  unsafe destroy(space)
  expect(unsafe UserCopy.copyIn(bytes, from: base, 1) == 1, "no space")
  log(.info, "test", "every copy did what it could and no more")
}

// MARK: - Faults

private func testFaults() {
  let node = NodeReference()
  var before: UInt32 = 0
  for round in 0..<4 as Range<UInt32> {
    // The first round takes what stays: a frame for records, a page of the heap.
    UserMemory.giveClearedFramesBack()
    if round == 1 { before = node.node.frames.freeCount }
    let parent = unsafe makeSpace()
    unsafe map(base, 4, RegionContent(.readWrite), in: parent)
    unsafe map(base + 0x10000, 3, RegionContent(.readWrite, file: 7, page: 0, end: 0x2008), in: parent)
    unsafe map(base + 0x20000, 1, RegionContent(.readWrite, isShared: true), in: parent)
    do { unsafe try UserMemory.mapStack(in: &parent.pointee) } catch { fail("no stack") }
    // Zeros, without a frame until it is written.
    expect(UserCopy.load32(base + 4) == 0, "zeros")
    expect(unsafe parent.pointee.residentCount == 1, "pages after a read")
    expect(UserCopy.store32(base + 4, 40 + round) && UserCopy.store32(base + 0x20000, 1), "write")
    expect(unsafe parent.pointee.residentCount == 2, "pages after a write")
    // The file, its end, and after it.
    expect(UserCopy.load32(base + 0x11004) == 0x1_0004, "file")
    expect(
      UserCopy.load32(base + 0x12004) == 0x2_0004 && UserCopy.load32(base + 0x12008) == 0, "end of a file")
    expect(
      UserCopy.store32(base + 0x10000, 9) && UserCopy.load32(base + 0x10004) == 4, "copy of a file's page")
    // The stack grows.
    expect(UserCopy.store32(layout.stackTop - 300_000, 1), "stack")
    expect(!UserCopy.store32(layout.stackTop - UserLayout.stackLimit - 4, 1), "below the stack")
    // Two spaces with the same pages.
    let child = unsafe fork(parent)
    expect(UserCopy.store32(base + 4, 60) && UserCopy.store32(base + 8, 61), "parent writes after a fork")
    expect(UserCopy.store32(base + 0x20000, 2), "parent writes what is shared")
    unsafe use(child)
    expect(UserCopy.load32(base + 4) == 40 + round && UserCopy.load32(base + 8) == 0, "child after a fork")
    expect(UserCopy.load32(base + 0x20000) == 2, "child sees what is shared")
    expect(UserCopy.load32(base + 0x10000) == 9, "child sees the file's copy")
    expect(UserCopy.store32(base + 4, 80) && UserCopy.store32(base + 0x10000, 10), "child writes")
    unsafe destroy(child)
    unsafe use(parent)
    expect(UserCopy.load32(base + 4) == 60 && UserCopy.load32(base + 0x10000) == 9, "parent after the child")
    expect(UserCopy.store32(base + 0x10000, 11), "parent alone")
    unsafe destroy(parent)
  }
  UserMemory.giveClearedFramesBack()
  expect(node.node.frames.freeCount == before, "free frames afterwards")
  log(.info, "test", "every page was what it should be, and every frame came back")
}

private func fork(_ parent: UnsafeMutablePointer<UserSpace>) -> UnsafeMutablePointer<UserSpace> {
  let place = KernelHeap.allocate(MemoryLayout<UserSpace>.size)
  guard let pointer = unsafe UnsafeMutablePointer<UserSpace>(bitPattern: place.rawValue) else {
    fail("no heap")
  }
  do {
    // SAFETY: the heap has given memory for it.
    unsafe pointer.initialize(to: try UserMemory.fork(&parent.pointee))
  } catch { fail("no copy of a space") }
  return unsafe pointer
}

/// More pages are touched than there is memory for: the touch fails, the kernel has what it needs, all comes back.
private func exhaust() {
  let node = NodeReference()
  let space = unsafe makeSpace()
  let total = UInt(node.node.frames.freeCount)
  // A call that asks for more than there can ever be is refused.
  do {
    _ = unsafe try UserMemory.map(
      MapRequest((total + 5000) << 12, RegionContent(.readWrite)), in: &space.pointee)
    fail("more than all memory was mapped")
  } catch { expect(error == .outOfMemory, "the refusal") }
  // Two that are half of it are not, and then memory ends at a touch.
  unsafe map(base, total / 2 + 512, RegionContent(.readWrite), in: space)
  unsafe map(base + (total / 2 + 512) << 12, total / 2 + 512, RegionContent(.readWrite), in: space)
  var touched: UInt = 0
  while touched < total + 1024, UserCopy.store32(base + touched << 12, 1) { touched += 1 }
  expect(touched > total / 2 && touched < total, "how many pages could be touched")
  expect(NodeReference().node.callPage == 1, "the reason is told once")
  expect(node.node.frames.freeCount >= 250, "what is left to the kernel")
  // The kernel goes on, and what was written is there.
  let block = KernelHeap.allocate(65_536)
  KernelHeap.free(block)
  for page in 0..<touched { expect(UserCopy.load32(base + page << 12) == 1, "what was written") }
  do {
    _ = unsafe try UserMemory.fork(&space.pointee)
    fail("a space was copied without frames for its tables")
  } catch { expect(error == .outOfMemory, "the refusal of a fork") }
  unsafe destroy(space)
  UserMemory.giveClearedFramesBack()
  expect(UInt(node.node.frames.freeCount) + 70 > total, "free frames afterwards")
  log(.info, "test", "memory ended at a touch, and came back")
}

/// A page of a program that the kernel touches as if it were its own.
private func touchUnannounced(_ touch: (UInt) -> Void) {
  let inUse = Protections.inUse
  guard inUse == Protections.available, inUse.contains([.noAccess, .noExecution]) else {
    fail("the processor of the test lacks protections")
  }
  let space = unsafe makeSpace()
  unsafe map(base, 1, RegionContent(.readWrite), in: space)
  expect(UserCopy.store32(base, 0xC3C3C3C3), "write")
  unsafe protect(base, .readExecute, in: space)
  log(.info, "test", "touching a page of a program")
  touch(base)
}
