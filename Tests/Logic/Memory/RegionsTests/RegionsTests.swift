import Base
import SeededRandomness
import Testing

@testable import Regions

/// Records that can run out, and a count of how many regions hold each file.
final class TestStore: RegionStore {
  var left: Int
  private(set) var inUse: Set<UInt> = []
  private(set) var holders: [UInt64: Int] = [:]

  init(records: Int = .max) { left = records }

  func takeRecord() -> RegionReference? {
    guard left > 0 else { return nil }
    left -= 1
    let memory = UnsafeMutablePointer<Region>.allocate(capacity: 1)
    let record = RegionReference(at: memory)
    inUse.insert(record.address)
    return record
  }

  func giveRecord(_ record: RegionReference) {
    precondition(inUse.remove(record.address) != nil, "a record was given back twice")
    left += 1
    UnsafeMutablePointer<Region>(bitPattern: record.address)?.deallocate()
  }

  func hold(file: UInt64, isShared: Bool) { holders[file, default: 0] += 1 }

  func letGo(file: UInt64, isShared: Bool) {
    let count = holders[file, default: 0] - 1
    precondition(count >= 0, "a file was let go too often")
    holders[file] = count == 0 ? nil : count
  }
}

@Suite struct RegionsTests {
  /// What a page is, by itself: files by their own page.
  struct Page: Equatable {
    var access: Access
    var file: UInt64
    var filePage: UInt64
  }

  /// Random operations beside a dictionary of pages, with records running out.
  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func theMapAgreesWithADictionary(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var store = TestStore(records: seed % 2 == 0 ? 16 : .max)
    var regions = Regions()
    if seed == 8 { regions.limit = 20 }
    var model: [UInt: Page] = [:]
    var refusals = 0
    let span: UInt = 400
    for step in 0..<1_200 {
      let comment = Comment(rawValue: "seed \(seed), step \(step)")
      let start = UInt.random(in: 0..<span, using: &random)
      let count = UInt.random(in: 1...(Bool.random(using: &random) ? 5 : 60), using: &random)
      let end = start + count
      let access: Access = [.readOnly, .readWrite, []][Int.random(in: 0..<3, using: &random)]
      do throws(RegionError) {
        switch Int.random(in: 0..<5, using: &random) {
        case 0, 1:
          let file = UInt64.random(in: 0..<3, using: &random)
          // Often a continuation of what may lie beside it.
          let filePage = Bool.random(using: &random) ? UInt64(start) : 7
          let content =
            file == 0 ? RegionContent(access) : RegionContent(access, file: file, page: filePage)
          let isFree = (start..<end).allSatisfy { model[$0] == nil }
          #expect(regions.isFree(start, end) == isFree, comment)
          do throws(RegionError) {
            try regions.insert(start, end, content, in: &store)
            #expect(isFree, comment)
          } catch {
            #expect(isFree == (error == .outOfRecords), comment)
            throw error
          }
          for page in start..<end {
            model[page] = Page(
              access: access, file: file, filePage: file == 0 ? 0 : filePage + UInt64(page - start))
          }
        case 2:
          try regions.remove(start, end, in: &store)
          for page in start..<end { model[page] = nil }
        case 3:
          let isWhole = (start..<end).allSatisfy { model[$0] != nil }
          #expect(regions.covers(start, end) == isWhole, comment)
          do throws(RegionError) {
            try regions.protect(start, end, access, in: &store)
          } catch {
            #expect(isWhole == (error == .outOfRecords), comment)
            throw error
          }
          for page in start..<end { model[page]?.access = access }
        default:
          let gap = regions.highestGap(count, from: 10, to: span)
          let expected = (10...(span - min(count, span - 10))).reversed().first { first in
            first + count <= span && (first..<(first + count)).allSatisfy { model[$0] == nil }
          }
          #expect(gap == expected, comment)
        }
      } catch { refusals += error == .outOfRecords ? 1 : 0 }
      let isConsistent = regions.isConsistent()
      #expect(isConsistent, comment)
      if step % 8 == 0 { Self.compare(&regions, model, span + 60, comment) }
      let files = Set(model.values.map(\.file)).subtracting([0])
      #expect(Set(store.holders.keys) == files, comment)
      #expect(store.inUse.count == regions.count, comment)
    }
    #expect(seed % 2 == 1 || refusals > 0, "seed \(seed) never ran out of records")
    var copy = Regions()
    do throws(RegionError) {
      store.left = .max / 2
      try copy.copy(of: regions, in: &store)
      Self.compare(&copy, model, span + 60, "copy, seed \(seed)")
    } catch { Issue.record("no copy: \(error)") }
    while regions.first != nil { regions.removeFirst(in: &store) }
    while copy.first != nil { copy.removeFirst(in: &store) }
    #expect(store.inUse.isEmpty && store.holders.isEmpty && regions.pageCount == 0)
  }

  static func compare(
    _ regions: inout Regions, _ model: [UInt: Page], _ span: UInt, _ comment: Comment
  ) {
    for page in 0..<span {
      let region = regions.find(page)
      let found = region.map {
        let content = $0.fields.content
        return Page(
          access: content.access, file: content.file,
          filePage: content.file == 0 ? 0 : content.filePage + UInt64(page - $0.fields.start))
      }
      guard found != model[page] else { continue }
      Issue.record("page \(page) is \(String(describing: found)): \(comment)")
      return
    }
  }

  @Test func manyRegionsMakeALowTree() throws {
    var store = TestStore()
    var regions = Regions()
    for index in 0..<4_096 as Range<UInt> {
      try regions.insert(index * 2, index * 2 + 1, RegionContent(.readOnly), in: &store)
    }
    #expect(regions.count == 4_096)
    let isConsistent = regions.isConsistent()
    #expect(isConsistent)
    while regions.first != nil { regions.removeFirst(in: &store) }
  }

  @Test func theLimitOfRegionsIsExact() throws {
    var store = TestStore()
    var regions = Regions()
    regions.limit = 3
    for index in 0..<3 as Range<UInt> {
      try regions.insert(index * 2, index * 2 + 1, RegionContent(.readOnly), in: &store)
    }
    do throws(RegionError) {
      try regions.insert(10, 11, RegionContent(.readOnly), in: &store)
      Issue.record("a fourth was accepted")
    } catch { #expect(error == .outOfRecords) }
    while regions.first != nil { regions.removeFirst(in: &store) }
  }

  @Test func aStackGrowsToItsFloorAndKeepsItsGuard() throws {
    var store = TestStore()
    var regions = Regions()
    try regions.insert(2_000, 2_010, RegionContent(stack: .readWrite, floor: 1_000), in: &store)
    let found = regions.find(2_005)
    let stack = try #require(found)
    // What it may grow into, and the guard below, is kept free.
    var gap = regions.highestGap(1, from: 0, to: 2_000)
    #expect(gap == 1_000 - Regions.stackGuard - 1)
    var hasGrown = regions.grow(stack, downTo: 999)
    #expect(!hasGrown)
    hasGrown = regions.grow(stack, downTo: 1_500)
    #expect(hasGrown && stack.fields.start == 1_500 && regions.pageCount == 510)
    try regions.insert(1_000, 1_200, RegionContent(.readWrite), in: &store)
    hasGrown = regions.grow(stack, downTo: 1_200 + Regions.stackGuard - 1)
    #expect(!hasGrown)
    hasGrown = regions.grow(stack, downTo: 1_200 + Regions.stackGuard)
    #expect(hasGrown)
    gap = regions.highestGap(100, from: 0, to: 2_000)
    #expect(gap == 1_000 - Regions.stackGuard - 100)
    while regions.first != nil { regions.removeFirst(in: &store) }
  }

  @Test func recordsComeFromMemoryThatWasAdded() {
    var pool = RegionPool()
    let size = 4096
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    pool.add(memory: memory, byteCount: size)
    let count = pool.count
    #expect(count == size / RegionPool.stride && count > 20)
    var taken: [RegionReference] = []
    while let record = pool.take() { taken.append(record) }
    #expect(Set(taken.map(\.address)).count == count && pool.count == 0)
    for record in taken { pool.give(record) }
    #expect(pool.count == count)
    memory.deallocate()
  }
}
