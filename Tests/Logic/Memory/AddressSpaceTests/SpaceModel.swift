import AddressSpace
import Base
import Paging
import Regions
import SeededRandomness
import Testing

/// Random operations on several spaces beside dictionaries of pages, with frames and records running out.
struct SpaceModel<Format: PageTableFormat> {
  /// A page as its program sees it.
  ///
  /// Shared ones are boxes that several spaces have in common.
  struct Page {
    final class Box { var byte: UInt8 = 0 }
    var access: Access
    var box: Box
    var isShared: Bool
    /// What a touch says instead of having contents.
    var bus = false
    /// Whether it can never become writable.
    var isForReading = false
  }

  final class Entry {
    var space: AddressSpace<Format>
    var pages: [UInt: Page] = [:]
    init(_ space: consuming AddressSpace<Format>) { self.space = space }
  }

  let seed: UInt64
  var random: SeededGenerator
  var machine: SimulatedMachine<Format>
  var files: TestFiles<Format>
  let kernel: KernelPart<Format>
  let layout: UserLayout
  /// Where everything happens: windows that cross boundaries of tables.
  let windows: [UInt]
  var entries: [Entry] = []
  var current = 0
  let isScarce: Bool
  var failures = 0

  static var windowPages: UInt { 96 }

  init(
    _ format: Format, _ layout: UserLayout, kernelPage: UInt, kernelPages: Int, windows: [UInt],
    seed: UInt64, isScarce: Bool
  ) throws {
    (self.seed, self.layout, self.windows, self.isScarce) = (seed, layout, windows, isScarce)
    random = SeededGenerator(seed: seed)
    machine = SimulatedMachine(format)
    files = TestFiles(contents: machine.contents)
    let tables = try PageTable(format: format, in: &machine)
    let first = VirtualAddress(kernelPage << 12)
    try tables.prepareTopTables(first, pageCount: kernelPages, in: &machine)
    kernel = KernelPart(tables, firstPage: first, pageCount: kernelPages)
    entries = [Entry(try AddressSpace(kernel, layout, in: &machine))]
    machine.use(entries[0].space.tables.root)
  }

  mutating func run(steps: Int) throws {
    let tablesOfKernel = machine.tables.count - 1
    for step in 0..<steps {
      machine.framesLeft = isScarce ? Int.random(in: 0..<12, using: &random) : .max
      machine.store.left = isScarce ? Int.random(in: 0..<6, using: &random) : .max
      let name = perform()
      machine.framesLeft = .max
      machine.store.left = .max
      let comment = Comment(rawValue: "seed \(seed), step \(step), \(name), \(Format.self)")
      try check(comment, all: step % 32 == 31)
    }
    machine.root = nil
    for index in entries.indices { entries[index].space.destroy(kernel, in: &machine) }
    for frame in machine.contents.live.values { machine.release(frame) }
    #expect(machine.contents.frames.isEmpty, "seed \(seed): frames were lost")
    #expect(machine.tables.count == tablesOfKernel, "seed \(seed): tables were lost")
    #expect(machine.store.inUse.isEmpty && machine.store.files.isEmpty, "seed \(seed): records were lost")
    #expect(!isScarce || failures > 0, "seed \(seed) never ran out of anything")
  }

  var entry: Entry { entries[current] }

  mutating func perform() -> String {
    let base = windows[Int.random(in: 0..<windows.count, using: &random)]
    let page = base + UInt.random(in: 0..<Self.windowPages, using: &random)
    let room = base + Self.windowPages - page
    let count = min(room, UInt.random(in: 1...(Bool.random(using: &random) ? 4 : 40), using: &random))
    switch Int.random(in: 0..<18, using: &random) {
    case 0, 1: return mapAt(page, count)
    case 2: return unmap(page, count)
    case 3: return protect(page, count)
    case 4: return fork()
    case 5: return leave()
    case 6: return discard(page, count)
    case 7: return remap(page, count)
    case 8: return switchSpace()
    case 9: return forget()
    case 10: return synchronize(page, count)
    default: return touch(page)
    }
  }

  mutating func mapAt(_ page: UInt, _ count: UInt) -> String {
    let access: Access = [.readOnly, .readWrite, .readWrite, .readExecute, []][
      Int.random(in: 0..<5, using: &random)]
    let kind = Int.random(in: 0..<5, using: &random)
    // Files 7 and 8 are only shared, so what private mappings of the others hold is known.
    let file = UInt64((kind == 4 ? [7, 8, 9] : [5, 6, 9]).randomElement(using: &random) ?? 5)
    let filePage = UInt64.random(in: 0..<8, using: &random)
    var content = RegionContent(access)
    if kind == 0 { content = RegionContent(access, file: file, page: filePage) }
    if kind == 1 { content = RegionContent(access, isShared: true) }
    let isForReading = kind == 4 && !access.contains(.write) && Bool.random(using: &random)
    if kind == 4 {
      content = RegionContent(sharing: file, access, page: filePage, isForReading: isForReading)
    }
    let isFixed = Bool.random(using: &random)
    let isFree = (page..<(page + count)).allSatisfy { entry.pages[$0] == nil }
    do throws(SpaceError) {
      let address = try entry.space.map(
        MapRequest(count << 12, at: page << 12, isFixed ? .fixed : .fixedIfFree, content), in: &machine)
      #expect(address == page << 12 && (isFixed || isFree), "seed \(seed)")
      for index in 0..<count {
        let box = Page.Box()
        var made = Page(access: access, box: box, isShared: kind == 1)
        if kind == 4 {
          made = livePage(file, filePage + UInt64(index), access)
          made.isForReading = isForReading
        }
        if kind == 0 {
          let number = filePage + UInt64(index)
          made.bus = file == 9 || number >= TestFiles<Format>.length
          box.byte = TestFiles<Format>.byte(file, number)
          reload[ObjectIdentifier(box)] = box.byte
          kept.append(box)
        }
        entry.pages[page + index] = made
      }
    } catch {
      if isFixed, !isFree {
        // What was there may have gone or not: the map says which.
        for number in page..<(page + count) where !entry.space.regions.covers(number, number + 1) {
          entry.pages[number] = nil
        }
      }
      note(error, error == .outOfMemory || error == .occupied && !isFree && !isFixed)
    }
    return "map \(page) \(count) \(access) kind \(kind)"
  }

  /// The pages of files that are shared, one for everybody.
  var live: [UInt64: Page.Box] = [:]

  mutating func livePage(_ file: UInt64, _ number: UInt64, _ access: Access) -> Page {
    let box = live[file << 32 | number] ?? Page.Box()
    if live[file << 32 | number] == nil { box.byte = TestFiles<Format>.byte(file, number) }
    live[file << 32 | number] = box
    var page = Page(access: access, box: box, isShared: true)
    page.bus = file == 9 || number >= TestFiles<Format>.length
    return page
  }

  /// What the pages hold does not change, wherever they are taken out.
  mutating func forget() -> String {
    let file = UInt64.random(in: 7...8, using: &random)
    let page = UInt64.random(in: 0..<10, using: &random)
    for index in entries.indices { entries[index].space.forget(file: file, from: page, in: &machine) }
    return "forget \(file) from \(page)"
  }

  mutating func synchronize(_ page: UInt, _ count: UInt) -> String {
    let isWhole = (page..<(page + count)).allSatisfy { entry.pages[$0] != nil }
    do throws(SpaceError) {
      try entry.space.synchronize(page << 12, count << 12, in: &machine)
      #expect(isWhole, "seed \(seed)")
    } catch { note(error, error == .unmapped && !isWhole) }
    return "synchronize \(page) \(count)"
  }

  /// What a private page of a file holds after its contents were forgotten.
  var reload: [ObjectIdentifier: UInt8] = [:]
  var kept: [Page.Box] = []

  mutating func note(_ error: SpaceError, _ isExpected: Bool) {
    if error == .outOfMemory {
      failures += 1
      #expect(isScarce, "seed \(seed): out of memory")
    }
    #expect(isExpected, "seed \(seed): \(error)")
  }

  mutating func unmap(_ page: UInt, _ count: UInt) -> String {
    do throws(SpaceError) {
      try entry.space.unmap(page << 12, count << 12, in: &machine)
      for number in page..<(page + count) { entry.pages[number] = nil }
    } catch { note(error, error == .outOfMemory) }
    return "unmap \(page) \(count)"
  }

  mutating func protect(_ page: UInt, _ count: UInt) -> String {
    let access: Access = [.readOnly, .readWrite, .readExecute, []][Int.random(in: 0..<4, using: &random)]
    let isWhole = (page..<(page + count)).allSatisfy { entry.pages[$0] != nil }
    let isRefused =
      access.contains(.write)
      && (page..<(page + count)).contains { entry.pages[$0]?.isForReading == true }
    do throws(SpaceError) {
      try entry.space.protect(page << 12, count << 12, access, in: &machine)
      #expect(isWhole, "seed \(seed)")
      #expect(!isRefused, "seed \(seed)")
      for number in page..<(page + count) { entry.pages[number]?.access = access }
    } catch {
      note(
        error, error == .unmapped && !isWhole || error == .outOfMemory || error == .notWritable && isRefused)
    }
    return "protect \(page) \(count) \(access)"
  }

  mutating func discard(_ page: UInt, _ count: UInt) -> String {
    let isWhole = (page..<(page + count)).allSatisfy { entry.pages[$0] != nil }
    do throws(SpaceError) {
      try entry.space.discard(page << 12, count << 12, in: &machine)
      #expect(isWhole, "seed \(seed)")
      for number in page..<(page + count) {
        guard let old = entry.pages[number], !old.isShared else { continue }
        old.box.byte = reload[ObjectIdentifier(old.box)] ?? 0
      }
    } catch { note(error, error == .unmapped && !isWhole) }
    return "discard \(page) \(count)"
  }

  mutating func remap(_ page: UInt, _ count: UInt) -> String {
    let new = UInt.random(in: 1...50, using: &random)
    // Bounded, so that everything stays in the windows that are compared.
    guard page + max(new, count) <= windowEnd(page) else { return "nothing" }
    let mayMove = Bool.random(using: &random)
    let before = entry.pages
    let target = windows[Int.random(in: 0..<windows.count, using: &random)]
    do throws(SpaceError) {
      let there = try entry.space.remap(
        page << 12, count << 12, to: new << 12, at: mayMove ? target << 12 : nil, mayMove: mayMove,
        in: &machine)
      for number in page..<(page + count) { entry.pages[number] = nil }
      if there >> 12 != page { for number in 0..<new { entry.pages[there >> 12 + number] = nil } }
      let first = before[page]
      for index in 0..<new {
        if index < count {
          entry.pages[there >> 12 + index] = before[page + index]
        } else if let first {
          let made = Page(access: first.access, box: Page.Box(), isShared: first.isShared)
          entry.pages[there >> 12 + index] = made
        }
      }
      // New pages of files are not compared: their contents follow from the region's first page.
      if new > count, let region = entry.space.regions.firstEnding(after: there >> 12),
        region.fields.content.file != 0
      {
        for index in count..<new {
          let content = region.fields.content
          let number = content.filePage + UInt64(there >> 12 + index - region.fields.start)
          if content.isShared {
            var made = livePage(content.file, number, content.access)
            made.isForReading = content.isForReading
            entry.pages[there >> 12 + index] = made
            continue
          }
          let box = Page.Box()
          box.byte = TestFiles<Format>.byte(content.file, number)
          reload[ObjectIdentifier(box)] = box.byte
          kept.append(box)
          var made = Page(access: content.access, box: box, isShared: false)
          made.bus = content.file == 9 || number >= TestFiles<Format>.length
          entry.pages[there >> 12 + index] = made
        }
      }
    } catch {
      if mayMove {
        for number in target..<(target + new) where !entry.space.regions.covers(number, number + 1) {
          entry.pages[number] = nil
        }
      }
      let isCramped = !mayMove && error == .outOfMemory
      if isCramped { return "remap" }
      note(error, error != .occupied && error != .writableText)
    }
    return "remap \(page) \(count) to \(new), target \(mayMove ? target : 0)"
  }

  func windowEnd(_ page: UInt) -> UInt {
    (windows.first { page >= $0 && page < $0 + Self.windowPages } ?? 0) + Self.windowPages
  }

  mutating func fork() -> String {
    guard entries.count < 4 else { return "nothing" }
    do throws(SpaceError) {
      let child = Entry(try entry.space.fork(kernel, in: &machine))
      for (number, page) in entry.pages {
        var copy = page
        if !page.isShared {
          copy.box = Page.Box()
          copy.box.byte = page.box.byte
          if let byte = reload[ObjectIdentifier(page.box)] {
            reload[ObjectIdentifier(copy.box)] = byte
            kept.append(copy.box)
          }
        }
        child.pages[number] = copy
      }
      entries.append(child)
    } catch { note(error, error == .outOfMemory) }
    return "fork"
  }

  mutating func leave() -> String {
    guard entries.count > 1 else { return "nothing" }
    let gone = entries.remove(at: current)
    current = 0
    machine.use(entry.space.tables.root)
    gone.space.destroy(kernel, in: &machine)
    return "exit"
  }

  mutating func switchSpace() -> String {
    current = Int.random(in: 0..<entries.count, using: &random)
    machine.use(entry.space.tables.root)
    return "switch"
  }

  mutating func touch(_ page: UInt) -> String {
    let access: Access = [.read, .write, .write, .execute][Int.random(in: 0..<4, using: &random)]
    let value = UInt8.random(in: 1...255, using: &random)
    touch(page, access, value)
    return "touch \(page) \(access)"
  }

  /// Touches a page as a program does, with faults and second tries, and compares.
  mutating func touch(_ page: UInt, _ access: Access, _ value: UInt8) {
    let expected = entry.pages[page]
    let comment = Comment(rawValue: "seed \(seed), page \(page), \(access)")
    for _ in 0..<3 {
      if let byte = machine.touch(page << 12, access, writing: value) {
        #expect(expected?.access.contains(access) == true, comment)
        if access == .write { expected?.box.byte = value }
        #expect(byte == expected?.box.byte, comment)
        return
      }
      let outcome = entry.space.fault(at: page << 12, access, in: &machine, from: &files)
      switch outcome {
      case .resolved: continue
      case .notMapped: #expect(expected == nil, comment)
      case .notAllowed: #expect(expected != nil && expected?.access.contains(access) == false, comment)
      case .beyondFile: #expect(expected?.bus == true, comment)
      case .outOfMemory:
        failures += 1
        #expect(isScarce, comment)
      }
      return
    }
    Issue.record("the fault was resolved three times, in vain: \(comment)")
  }

  /// Looks at all pages of the current space, and that nothing is lost or writable and executable.
  mutating func check(_ comment: Comment, all: Bool) throws {
    let isConsistent = entry.space.regions.isConsistent()
    try #require(isConsistent, comment)
    for item in entries {
      try #require(item.space.tables.firstWritableAndExecutable(in: machine) == nil, comment)
    }
    guard all else { return }
    for base in windows {
      for page in base..<(base + Self.windowPages) { touch(page, .read, 0) }
    }
    // As many references as entries of tables.
    var counts: [FrameNumber: Int] = [:]
    var residents: [UInt] = []
    for item in entries {
      var resident: UInt = 0
      var visited = machine
      item.space.tables.forEachEntry(
        from: layout.lowest, through: layout.limit - 1, in: &visited
      ) { _, entry, _, memory in
        let frame = Format.frame(ofBaseEntry: entry)
        if frame != memory.zeroFrame {
          counts[frame, default: 0] += 1
          resident += 1
        }
        return true
      }
      residents.append(resident)
    }
    var found = machine.contents.frames.mapValues(\.references)
    for frame in machine.contents.live.values {
      found[frame, default: 0] -= 1
      if found[frame] == 0 { found[frame] = nil }
    }
    try #require(found == counts, comment)
    let counted = entries.map { $0.space.residentCount }
    try #require(counted == residents, comment)
  }
}
