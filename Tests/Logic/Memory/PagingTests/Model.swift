import Base
import Paging
import SeededRandomness
import Testing

/// What a page table should say, as a dictionary from page number to what is there.
///
/// Slow and obvious.
struct Model {
  struct Page: Equatable {
    var frame: UInt32
    var attributes: PageAttributes
  }
  var pages: [UInt: Page] = [:]

  func isFree(_ first: UInt, _ count: Int) -> Bool {
    (0..<UInt(count)).allSatisfy { pages[first + $0] == nil }
  }
  func count(_ first: UInt, _ count: Int) -> Int {
    (0..<UInt(count)).filter { pages[first + $0] != nil }.count
  }
}

/// Pages to work on: the first one's number and how many.
typealias Window = (first: UInt, count: Int)

/// Random operations on one format beside the model; any difference names the seed and the step.
struct ModelRun<Format: PageTableFormat> {
  /// What an operation works on.
  struct Target {
    var first: UInt
    var count: Int
    var frame: UInt32
    var attributes: PageAttributes
    var page: VirtualAddress { VirtualAddress(first << 12) }
  }

  let seed: UInt64
  var random: SeededGenerator
  var memory = TestTables<Format.Entry>()
  var model = Model()
  let tables: PageTable<Format>
  /// Where everything happens: each window crosses a boundary of the format.
  let windows: [Window]
  /// Each operation may allocate fewer tables than this, a number drawn anew each time; `nil` for any.
  let framesBelow: Int?
  /// Pages that were reported as changed in this step.
  var reported: Set<UInt> = []
  /// How often an operation was refused for want of frames.
  var refusals = 0

  init(_ format: Format, windows: [Window], seed: UInt64, framesBelow: Int?) throws {
    (self.seed, self.windows, self.framesBelow) = (seed, windows, framesBelow)
    random = SeededGenerator(seed: seed)
    tables = try PageTable(format: format, in: &memory)
  }

  mutating func run(steps: Int) throws {
    for step in 0..<steps {
      reported = []
      let before = model.pages
      memory.allocationsLeft = framesBelow.map { Int.random(in: 0..<$0, using: &random) } ?? .max
      let name = perform()
      let comment = Comment(rawValue: "seed \(seed), step \(step), \(name), \(Format.self)")
      // Whatever was mapped and is not as it was must have been reported.
      let silent = before.first { $0.value != model.pages[$0.key] && !reported.contains($0.key) }
      try #require(silent == nil, comment)
      if step % 16 == 15 || step == steps - 1 { try compare(comment) }
    }
    try finish()
  }

  mutating func perform() -> String {
    let window = windows[Int.random(in: 0..<windows.count, using: &random)]
    let offset = Int.random(in: 0..<window.count, using: &random)
    // Half of the time aligned, so that large pages are used; half of the time few pages.
    let isAligned = Bool.random(using: &random)
    let first =
      isAligned ? max(window.first, (window.first + UInt(offset)) & ~511) : window.first + UInt(offset)
    let room = window.count - Int(first - window.first)
    let count = Int.random(in: 1...(Bool.random(using: &random) ? min(room, 8) : room), using: &random)
    let accesses: [Access] = [.readOnly, .readWrite, .readExecute, [.read, .write, .execute]]
    var attributes = PageAttributes(
      accesses[Int.random(in: 0..<4, using: &random)], isUser: .random(using: &random),
      isGlobal: .random(using: &random), software: .random(in: 0..<8, using: &random))
    attributes.isDirty = .random(using: &random)
    attributes.isAccessed = .random(using: &random)
    // A frame that is as far from a boundary as the page is, if anything is to be large.
    var frame = UInt32.random(in: 0..<0x8_0000, using: &random)
    if isAligned { frame = frame & ~1023 | UInt32(truncatingIfNeeded: first & 1023) }
    let target = Target(first: first, count: count, frame: frame, attributes: attributes)

    switch Int.random(in: 0..<11, using: &random) {
    case 0: mapOne(target)
    case 1, 2, 3: mapRange(target)
    case 4: unmapOne(target)
    case 5: unmapRange(target)
    case 6: protect(target)
    case 7: mark(target)
    case 8: clearUsage(target)
    case 9: remap(target)
    default: split(target)
    }
    return "last operation at page \(first), count \(count)"
  }

  func compare(_ comment: Comment) throws {
    var found: [UInt: Model.Page] = [:]
    var last: VirtualAddress?
    var isOrdered = true
    tables.forEachMapping(in: memory) { mapping in
      if let last, last >= mapping.page { isOrdered = false }
      last = mapping.page
      for index in 0..<mapping.size.pageCount {
        found[mapping.page.rawValue >> 12 + UInt(index)] = .init(
          frame: mapping.frame.rawValue + UInt32(index), attributes: mapping.attributes)
      }
    }
    try #require(isOrdered, comment)
    let isEqual = found == model.pages
    try #require(isEqual, comment)
    // Asking for single addresses is another way through the code.
    for (page, expected) in model.pages.prefix(64) {
      let answer = tables.translate(VirtualAddress(page << 12 + 0xABC), in: memory)
      try #require(answer?.address.rawValue == UInt64(expected.frame) << 12 + 0xABC, comment)
      try #require(answer?.mapping.attributes == expected.attributes, comment)
    }
    try #require(memory.reachable(from: tables.root, tables.format) == memory.tables.count, comment)
  }

  /// Releases everything: no table may be left.
  mutating func finish() throws {
    memory.allocationsLeft = .max
    for window in windows {
      let page = VirtualAddress(window.first << 12)
      _ = try tables.unmap(page, pageCount: window.count, in: &memory) { _, _ in }
      _ = try tables.reclaimTables(page, pageCount: window.count, keepsTopTables: false, in: &memory) { _ in }
    }
    tables.freeRoot(in: &memory)
    try #require(memory.tables.isEmpty, "seed \(seed)")
  }
}
