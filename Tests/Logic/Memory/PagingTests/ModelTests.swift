import Base
import Paging
import Testing

/// Seeds, each without and with frames running out.
let runs: [(seed: UInt64, framesBelow: Int?)] = (1...4).flatMap { seed in
  [(seed: seed, framesBelow: Int?.none), (seed: seed + 100, framesBelow: 2)]
}

@Suite struct ModelTests {
  let steps = 160

  func check<Format: PageTableFormat>(
    _ format: Format, _ windows: [Window], _ seed: UInt64, _ framesBelow: Int?, steps: Int
  ) throws {
    var run = try ModelRun(format, windows: windows, seed: seed, framesBelow: framesBelow)
    try run.run(steps: steps)
    // Two-level windows have so few tables that some seeds never miss one.
    if framesBelow != nil, Format.levelCount > 2 {
      #expect(run.refusals > 0, "seed \(seed) never ran out of frames")
    }
  }

  @Test(arguments: runs) func twoLevelsAgreeWithTheModel(seed: UInt64, framesBelow: Int?) throws {
    // Across 4 MiB boundaries at the bottom, at 3 GiB and at the very top.
    try check(twoLevel, [(0, 2048), (0xBFC00, 2048), (0xFFB00, 1280)], seed, framesBelow, steps: steps)
  }

  @Test(arguments: runs) func paeAgreesWithTheModel(seed: UInt64, framesBelow: Int?) throws {
    let windows: [Window] = [(0, 1536), (0xBFE00, 1024), (0xFFC00, 1024)]
    try check(pae, windows, seed, framesBelow, steps: steps)
    try check(PAEFormat(noExecute: false), windows, seed, framesBelow, steps: steps)
  }

  @Test(arguments: runs) func fourLevelsAgreeWithTheModel(seed: UInt64, framesBelow: Int?) throws {
    // At the bottom, across 512 GiB, at both sides of the hole, at the top.
    let windows: [Window] = [
      (0, 1536), (1 << 27 - 512, 1024), (1 << 35 - 1024, 1024), (0xF_FFF8_0000_0000, 1024),
      (0xF_FFFF_FFFF_FC00, 1024),
    ]
    try check(fourLevel, windows, seed, framesBelow, steps: steps)
  }

  @Test func gigabytePagesAreSplitAtBothEnds() throws {
    var memory = TestTables<UInt64>()
    let tables = try PageTable(format: fourLevel, in: &memory)
    try tables.map(0, at: 0, pageCount: 0xC_0000, .init(.readWrite), in: &memory)
    var kinds: [PageChange.Kind] = []
    // From the middle of the first to the middle of the third; the second is changed whole.
    let found = try tables.protect(0x2000_1000, pageCount: 0x8_0000, .readOnly, in: &memory) { change, _ in
      kinds.append(change.kind)
    }
    #expect(found == 0x8_0000)
    #expect(kinds.filter { $0 == .split }.count == 4)
    let all = mappings(tables, memory)
    #expect(all.allSatisfy { $0.page.rawValue >> 12 == UInt($0.frame.rawValue) })
    let changed = all.filter { $0.access == .readOnly }
    #expect(changed.first?.page == 0x2000_1000)
    #expect(changed.reduce(0) { $0 + $1.size.pageCount } == 0x8_0000)
    #expect(changed.filter { $0.size == .oneGiB }.map(\.page) == [0x4000_0000])
    #expect(memory.reachable(from: tables.root, fourLevel) == memory.tables.count)
  }
}
