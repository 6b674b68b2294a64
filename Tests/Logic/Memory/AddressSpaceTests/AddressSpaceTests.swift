import AddressSpace
import Base
import Paging
import Regions
import Testing

let i386 = UserLayout(lowest: 0x1_0000, limit: 0xC000_0000, stackTop: 0xBFFF_F000, programBase: 0x5655_5000)
let pae = PAEFormat(noExecute: true)
let fourLevel = FourLevelFormat(noExecute: true, gigabytePages: false)

@Suite struct AddressSpaceTests {
  static let runs: [(seed: UInt64, isScarce: Bool)] = (1...6).map { (seed: $0, isScarce: $0 % 2 == 0) }

  @Test(arguments: runs) func paeAgreesWithADictionary(seed: UInt64, isScarce: Bool) throws {
    // In one table, across two, across two directories, and at the end below the kernel.
    var model = try SpaceModel(
      pae, i386, kernelPage: 0xC0000, kernelPages: 0x40000,
      windows: [0x100, 0x1FF - 40, 0x40000 - 30, 0xC0000 - 96], seed: seed, isScarce: isScarce)
    try model.run(steps: 400)
  }

  @Test(arguments: runs) func fourLevelsAgreeWithADictionary(seed: UInt64, isScarce: Bool) throws {
    var model = try SpaceModel(
      fourLevel, .x86_64, kernelPage: 0x4_0000_0000, kernelPages: 0x4000_0000,
      windows: [0x100, 0x8000_000 - 50, 0x4_0000_0000 - 96, 0x4_4000_0000, 0x7_FFFF_FFFF - 96],
      seed: seed, isScarce: isScarce)
    try model.run(steps: 400)
  }

  /// A space on a machine, with what is needed to touch it.
  struct Program {
    var machine = SimulatedMachine(pae)
    var files: TestFiles<PAEFormat>
    let kernel: KernelPart<PAEFormat>

    init() throws {
      files = TestFiles(contents: machine.contents)
      let tables = try PageTable(format: pae, in: &machine)
      let first = VirtualAddress(0xC000_0000)
      try tables.prepareTopTables(first, pageCount: 0x40000, in: &machine)
      kernel = KernelPart(tables, firstPage: first, pageCount: 0x40000)
    }
  }

  @Test func theStackGrowsToItsLimitAndNotBeyond() throws {
    var program = try Program()
    var space = try AddressSpace(program.kernel, i386, in: &program.machine)
    program.machine.use(space.tables.root)
    try space.mapStack(in: &program.machine)
    let lowest = i386.stackTop - UserLayout.stackLimit
    var outcome = space.fault(at: i386.stackTop - 4, .write, in: &program.machine, from: &program.files)
    #expect(outcome == .resolved)
    outcome = space.fault(at: lowest, .write, in: &program.machine, from: &program.files)
    #expect(outcome == .resolved && space.regions.pageCount == UserLayout.stackLimit >> 12)
    outcome = space.fault(at: lowest - 4, .write, in: &program.machine, from: &program.files)
    #expect(outcome == .notMapped)
    // What may be anywhere is not put where the stack grows.
    let there = try space.map(MapRequest(4096, RegionContent(.readWrite)), in: &program.machine)
    #expect(there + 4096 <= lowest - Regions.stackGuard << 12)
    space.destroy(program.kernel, in: &program.machine)
    #expect(program.machine.contents.frames.isEmpty)
  }

  @Test func theHeapMovesItsEnd() throws {
    var program = try Program()
    var space = try AddressSpace(program.kernel, i386, in: &program.machine)
    program.machine.use(space.tables.root)
    space.startBreak(at: 0x50_0123)
    var end = space.setBreak(0x50_0FFF, in: &program.machine)
    #expect(end == 0x50_0FFF && space.regions.count == 0)
    end = space.setBreak(0x60_0000, in: &program.machine)
    #expect(end == 0x60_0000 && space.regions.count == 1 && space.regions.pageCount == 0xFF)
    let byte = space.fault(at: 0x55_0000, .write, in: &program.machine, from: &program.files)
    #expect(byte == .resolved && space.residentCount == 1)
    end = space.setBreak(0x50_1001, in: &program.machine)
    #expect(end == 0x50_1001 && space.regions.pageCount == 1 && space.residentCount == 0)
    end = space.setBreak(0x50_0122, in: &program.machine)
    #expect(end == 0x50_1001, "the end was moved below the beginning")
    _ = try space.map(MapRequest(4096, at: 0x51_0000, .fixed, RegionContent(.readOnly)), in: &program.machine)
    end = space.setBreak(0x52_0000, in: &program.machine)
    #expect(end == 0x50_1001, "the end was moved across a mapping")
    space.destroy(program.kernel, in: &program.machine)
  }

  /// Two spaces that share a file have its own frames: one sees what the other writes, and neither a page that is cut off.
  @Test func sharedPagesOfAFileAreTheFilesOwn() throws {
    var program = try Program()
    var (machine, files) = (program.machine, program.files)
    var first = try AddressSpace(program.kernel, i386, in: &machine)
    let content = RegionContent(sharing: 7, .readWrite, page: 10)
    let there = try first.map(MapRequest(2 << 12, at: 0x40_0000, .fixed, content), in: &machine)
    machine.use(first.tables.root)
    #expect(machine.store.files[7] == 1)
    // Read first: the write after it faults once more, and only then the file is stamped.
    var outcome = first.fault(at: there, .read, in: &machine, from: &files)
    var byte = machine.touch(there, .read)
    #expect(outcome == .resolved && byte == TestFiles<PAEFormat>.byte(7, 10) && machine.contents.writes == 0)
    byte = machine.touch(there, .write, writing: 5)
    #expect(byte == nil)
    outcome = first.fault(at: there, .write, in: &machine, from: &files)
    byte = machine.touch(there, .write, writing: 5)
    #expect(outcome == .resolved && byte == 5 && machine.contents.writes == 1 && first.residentCount == 1)
    var second = try first.fork(program.kernel, in: &machine)
    machine.use(second.tables.root)
    byte = machine.touch(there, .read)
    #expect(byte == 5)
    byte = machine.touch(there, .write, writing: 6)
    machine.use(first.tables.root)
    byte = machine.touch(there, .read)
    #expect(byte == 6 && machine.contents.writes == 1)
    // What was synchronised is stamped anew with the next write.
    try first.synchronize(there, 2 << 12, in: &machine)
    byte = machine.touch(there, .write, writing: 7)
    #expect(byte == nil)
    outcome = first.fault(at: there, .write, in: &machine, from: &files)
    byte = machine.touch(there, .write, writing: 7)
    #expect(outcome == .resolved && byte == 7 && machine.contents.writes == 2)
    // The file loses its last two pages: nobody has them any more.
    files.length = 10
    first.forget(file: 7, from: 10, in: &machine)
    second.forget(file: 7, from: 10, in: &machine)
    byte = machine.touch(there, .read)
    outcome = first.fault(at: there, .read, in: &machine, from: &files)
    #expect(byte == nil && outcome == .beyondFile)
    #expect(first.residentCount == 0 && second.residentCount == 0)
    first.destroy(program.kernel, in: &machine)
    second.destroy(program.kernel, in: &machine)
    #expect(machine.contents.frames.values.map(\.references) == [1], "the file system keeps its frame")
    #expect(machine.store.files.isEmpty)
    (program.machine, program.files) = (machine, files)
  }

  @Test func whatCanNotBeIsRefusedAndChangesNothing() throws {
    var program = try Program()
    var space = try AddressSpace(program.kernel, i386, in: &program.machine)
    let data = RegionContent(.readWrite)
    let cases: [(MapRequest, SpaceError)] = [
      (MapRequest(0, data), .invalid),
      (MapRequest(.max, data), .outOfMemory),
      (MapRequest(.max - 4096, data), .outOfMemory),
      (MapRequest(4096, at: 0x2_0001, .fixed, data), .invalid),
      (MapRequest(4096, at: 0, .fixed, data), .outOfMemory),
      (MapRequest(4096, at: 0xC000_0000, .fixed, data), .outOfMemory),
      (MapRequest(8192, at: 0xBFFF_F000, .fixed, data), .outOfMemory),
      (MapRequest(4096, at: .max - 4095, .fixed, data), .outOfMemory),
      (MapRequest(4096, RegionContent([.read, .write, .execute])), .writableText),
      (MapRequest(4096, RegionContent([.write, .execute])), .writableText),
      (MapRequest(UInt(1) << 30, data), .outOfMemory),
    ]
    for (request, expected) in cases {
      do throws(SpaceError) {
        _ = try space.map(request, in: &program.machine)
        Issue.record("\(request) was accepted")
      } catch { #expect(error == expected, "\(request)") }
    }
    space.pageLimit = 4
    do throws(SpaceError) {
      _ = try space.map(MapRequest(5 << 12, data), in: &program.machine)
      Issue.record("more than the limit was accepted")
    } catch { #expect(error == .outOfMemory) }
    #expect(space.regions.count == 0)
    for (address, size) in [(0xC000_0000, 4096), (0x1_0001, 4096), (0x1_0000, 0), (0, 4096)] as [(UInt, UInt)]
    {
      do throws(SpaceError) {
        try space.unmap(address, size, in: &program.machine)
        Issue.record("\(address) was unmapped")
      } catch { #expect(error == .invalid) }
    }
    space.destroy(program.kernel, in: &program.machine)
  }

  /// The kernel's part is nobody's to map, on either side of it there is room.
  @Test func theKernelIsInTheMiddleOfProgramsOfX86_64() {
    let layout = UserLayout.x86_64
    #expect(layout.allows(0x3FFF_FFFF_F000, 0x4000_0000_0000))
    #expect(!layout.allows(0x3FFF_FFFF_F000, 0x4000_0000_1000))
    #expect(!layout.allows(0x4080_0000_0000, 0x4080_0000_1000))
    #expect(!layout.allows(0x43FF_FFFF_F000, 0x4400_0000_1000))
    #expect(!layout.allows(0x3000_0000_0000, 0x5000_0000_0000))
    #expect(layout.allows(0x4400_0000_0000, 0x4400_0000_1000))
    #expect(!layout.allows(0x7FFF_FFFF_E000, 0x8000_0000_0000))
  }

  @Test func partsOfAFileEndInZeros() throws {
    struct Bytes: PageSource {
      var counts: [Int] = []
      mutating func fill(_ frame: FrameNumber, file: UInt64, page: UInt64, byteCount: Int) -> PageFill {
        counts.append(byteCount)
        return .filled
      }
    }
    var program = try Program()
    var space = try AddressSpace(program.kernel, i386, in: &program.machine)
    program.machine.use(space.tables.root)
    var files = Bytes()
    _ = try space.map(
      MapRequest(3 << 12, at: 0x40_0000, .fixed, RegionContent(.readWrite, file: 5, page: 2, end: 0x3010)),
      in: &program.machine)
    var outcome = space.fault(at: 0x40_0000, .read, in: &program.machine, from: &files)
    #expect(outcome == .resolved)
    outcome = space.fault(at: 0x40_1000, .write, in: &program.machine, from: &files)
    #expect(outcome == .resolved && files.counts == [4096, 16])
    outcome = space.fault(at: 0x40_2000, .read, in: &program.machine, from: &files)
    #expect(outcome == .beyondFile)
    space.destroy(program.kernel, in: &program.machine)
  }

  @Test func thePageOfTheKernelStaysItsOwn() throws {
    var program = try Program()
    var space = try AddressSpace(program.kernel, i386, in: &program.machine)
    program.machine.use(space.tables.root)
    let taken = program.machine.takeClearedFrame()
    let frame = try #require(taken)
    let address = try space.mapKernelPage(frame, in: &program.machine)
    var byte = program.machine.touch(address, .execute)
    #expect(byte == 0)
    byte = program.machine.touch(address, .write)
    #expect(byte == nil)
    let outcome = space.fault(at: address, .write, in: &program.machine, from: &program.files)
    #expect(outcome == .notAllowed)
    space.destroy(program.kernel, in: &program.machine)
    #expect(program.machine.contents.frames[frame]?.references == 1)
  }

  @Test func theKernelReachesPagesThroughItsOwnView() throws {
    var program = try Program()
    var space = try AddressSpace(program.kernel, i386, in: &program.machine)
    program.machine.use(space.tables.root)
    _ = try space.map(MapRequest(4096, at: 0x40_0000, .fixed, RegionContent(.readOnly)), in: &program.machine)
    var frame = space.frame(at: 0x40_0123, for: .read, in: &program.machine, from: &program.files)
    #expect(frame == program.machine.zeroFrame)
    frame = space.frame(at: 0x40_0123, for: .write, in: &program.machine, from: &program.files)
    #expect(frame == nil)
    frame = space.frame(at: 0xC000_0000, for: .read, in: &program.machine, from: &program.files)
    #expect(frame == nil)
    try space.protect(0x40_0000, 4096, .readWrite, in: &program.machine)
    frame = space.frame(at: 0x40_0123, for: .write, in: &program.machine, from: &program.files)
    #expect(frame != nil && frame != program.machine.zeroFrame)
    try space.protect(0x40_0000, 4096, [], in: &program.machine)
    frame = space.frame(at: 0x40_0123, for: .read, in: &program.machine, from: &program.files)
    #expect(frame == nil)
    space.destroy(program.kernel, in: &program.machine)
  }
}
