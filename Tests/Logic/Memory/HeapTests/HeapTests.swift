import Base
import Foundation
import Testing

@testable import Heap

/// Host pages that appear when asked for, up to a number.
struct HostPages: HeapGrowth {
  var pagesLeft: Int
  mutating func mapPages(at address: VirtualAddress, count: Int) -> Bool {
    guard count <= pagesLeft else { return false }
    pagesLeft -= count
    return mprotect(
      UnsafeMutableRawPointer(bitPattern: address.rawValue), count * pageSize, PROT_READ | PROT_WRITE) == 0
  }
}

/// Runs a body with a heap over a reserved region of the host, in which only what the heap mapped can be touched.
func withHeap(
  pageLimit: Int = 256, pages: Int = 256, _ body: (inout Heap<HostPages>) throws -> Void
) throws {
  let region = mmap(nil, pageLimit * pageSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  defer { munmap(region, pageLimit * pageSize) }
  var heap = Heap(
    at: VirtualAddress(UInt(bitPattern: region)), pageLimit: pageLimit, growth: HostPages(pagesLeft: pages))
  try body(&heap)
}

/// The error of an operation on a heap.
func refusal(of body: () throws -> Void) -> HeapError? {
  do { try body() } catch { return error as? HeapError }
  return nil
}

func poke(_ address: VirtualAddress, _ offset: Int, _ byte: UInt8) {
  UnsafeMutableRawPointer(bitPattern: address.rawValue)?.storeBytes(
    of: byte, toByteOffset: offset, as: UInt8.self)
}

func peek(_ address: VirtualAddress, _ offset: Int) -> UInt8? {
  UnsafeMutableRawPointer(bitPattern: address.rawValue)?.load(fromByteOffset: offset, as: UInt8.self)
}

@Test func freedNeighboursJoinAgain() throws {
  try withHeap { heap in
    let parts = try (0..<3).map { _ in try heap.allocate(1000) }
    let before = try heap.measureLargestFree()
    for part in [parts[0], parts[2], parts[1]] { try heap.free(part) }
    let (inUse, after) = (try heap.checkAll(), try heap.measureLargestFree())
    #expect(inUse == 0 && after > before)
    #expect(after == heap.statistics.mappedBytes - 16 - 16 - 8)
  }
}

@Test(arguments: [1, 2, 8, 16, 32, 64, 256, 1024, 4096])
func addressesAreAlignedAsAsked(alignment: Int) throws {
  try withHeap { heap in
    for size in [0, 1, 15, 100, 5000] {
      let address = try heap.allocate(size, alignment: alignment)
      #expect(address.rawValue % UInt(alignment) == 0)
    }
    let inUse = try heap.checkAll()
    #expect(inUse == 5)
  }
}

@Test(arguments: [0, -1, 3, 24, 8192]) func oddAlignmentsAreRefused(alignment: Int) throws {
  try withHeap { heap in
    let error = refusal { _ = try heap.allocate(8, alignment: alignment) }
    #expect(error == .unsupportedAlignment(alignment))
  }
}

@Test(arguments: [-1, 4 * 4096, Int(UInt32.max), Int.max])
func whatCannotFitIsRefusedWithTheRequest(bytes: Int) throws {
  try withHeap(pageLimit: 4) { heap in
    let error = refusal { _ = try heap.allocate(bytes) }
    #expect(error == .exhausted(bytes: bytes, alignment: 16))
    #expect(heap.statistics.refusalCount == 1)
  }
}

@Test func theLimitIsReachedToTheLastPage() throws {
  try withHeap(pageLimit: 4) { heap in
    let all = try heap.allocate(4 * 4096 - 16 - 16 - 8)
    let error = refusal { _ = try heap.allocate(1) }
    #expect(error == .exhausted(bytes: 1, alignment: 16))
    try heap.free(all)
    _ = try heap.allocate(1)
  }
}

@Test func fewerPagesThanPreferredAreTaken() throws {
  try withHeap(pages: 1) { heap in
    _ = try heap.allocate(100)
    #expect(heap.statistics.mappedBytes == 4096)
    let error = refusal { _ = try heap.allocate(4096) }
    #expect(error == .exhausted(bytes: 4096, alignment: 16))
  }
}

@Test func aSecondFreeIsNamedEvenAfterJoining() throws {
  try withHeap { heap in
    let parts = try (0..<4).map { _ in try heap.allocate(64) }
    for part in parts { try heap.free(part) }
    for part in parts {
      let error = refusal { try heap.free(part) }
      #expect(error == .doubleFree(part))
    }
    #expect(heap.statistics.freeCount == 4)
  }
}

@Test func foreignPointersAreNamed() throws {
  try withHeap { heap in
    let part = try heap.allocate(256)
    let base = part.rawValue - 16
    for stray in [
      0, 16, base, base - 16, part.rawValue + 1, part.rawValue + 16, base + 4 * 4096, .max, .max & ~15,
    ] {
      let error = refusal { try heap.free(VirtualAddress(stray)) }
      #expect(error == .foreignPointer(VirtualAddress(stray)))
    }
    try heap.free(part)
  }
}

@Test(arguments: 0..<70) func everyByteOfAnOverrunIsFound(size: Int) throws {
  try withHeap { heap in
    let part = try heap.allocate(size)
    _ = try heap.allocate(10)
    for offset in [size, size + 7] {
      let kept = try #require(peek(part, offset))
      poke(part, offset, kept ^ 1)
      let (error, found) = (refusal { try heap.free(part) }, refusal { _ = try heap.checkAll() })
      #expect(error == .overrun(part) && found == .overrun(part))
      poke(part, offset, kept)
    }
    try heap.free(part)
  }
}

@Test(arguments: 0..<16) func anOverwrittenHeaderIsFound(byte: Int) throws {
  try withHeap { heap in
    let (first, second) = (try heap.allocate(24), try heap.allocate(24))
    let kept = try #require(peek(second, byte - 16))
    poke(second, byte - 16, kept ^ 0x10)
    let (error, neighbour) = (refusal { try heap.free(second) }, refusal { try heap.free(first) })
    #expect(error == .foreignPointer(second))
    #expect(neighbour == .corrupted(VirtualAddress(second.rawValue - 16)))
  }
}

@Test(arguments: 0..<8) func overwrittenLinksOfAFreeBlockAreFound(byte: Int) throws {
  try withHeap { heap in
    let parts = try (0..<4).map { _ in try heap.allocate(40) }
    try heap.free(parts[0])
    try heap.free(parts[2])
    let kept = try #require(peek(parts[2], byte))
    poke(parts[2], byte, kept ^ 0x20)
    let (taking, joining) = (refusal { _ = try heap.allocate(40) }, refusal { try heap.free(parts[1]) })
    #expect(taking == .corrupted(parts[2]) && joining == .corrupted(parts[2]))
  }
}

@Test func aClassHoldsEverySizeThatItPromises() {
  for size in stride(from: 32, to: 1 << 16, by: 16) {
    let (own, fitting) = (SizeClass(of: size), SizeClass(fitting: size))
    #expect(fitting.index == own.index || fitting.index == own.index + 1)
    if size > 32 { #expect(own.index >= SizeClass(of: size - 16).index) }
    if fitting == own, size > 32 { #expect(SizeClass(of: size - 16) != own) }
  }
}
