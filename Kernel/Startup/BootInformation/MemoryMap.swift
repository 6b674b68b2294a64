/// The machine's physical memory, sorted and without contradictions.
///
/// Firmware hands out maps that are unsorted, that overlap and that contradict themselves; the kernel must not
/// believe the friendlier of two claims. Here ranges are kept sorted and disjoint from the first to the last:
/// where claims overlap the stronger kind wins (see `MemoryKind`), neighbours of one kind are merged, and
/// empty ranges vanish. The same rule lets the kernel carve out its own image and the loader's modules by
/// inserting them as stronger kinds; what is still `usable` afterwards may be handed out.
///
/// Insertion is linear in the number of ranges; nothing here is meant for hot paths.

import Base

/// Sorted, disjoint ranges of physical memory, at most `MemoryMap.capacity` of them.
///
/// - Invariant: the first `count` elements ascend, do not overlap, are not empty, and no two that touch are of
///   one kind.
public struct MemoryMap: ~Copyable {
  /// The most ranges that a map can hold: as many as the E820 interface of a BIOS can report.
  public static var capacity: Int { 128 }

  private var storage: [128 of MemoryRange]

  /// How many ranges the map holds.
  public private(set) var count = 0

  /// Makes a map without memory.
  public init() {
    storage = .init(repeating: MemoryRange(start: 0, end: 0, kind: .reserved))
  }

  /// The range at a position, counted from the lowest address; a position past the end traps.
  public subscript(index: Int) -> MemoryRange {
    precondition(index >= 0 && index < count, "no such range in the memory map")
    return storage[index]
  }

  /// Claims a range: it replaces weaker claims and yields to stronger ones.
  ///
  /// - Throws: `tooManyRanges` when the map is full. The map then holds a correct part of the range, but must
  ///   not be used any more: a reserved range may be missing from it.
  @export(interface)
  public mutating func insert(_ range: MemoryRange) throws(BootInformationError) {
    var start = range.start
    var index = 0
    while start < range.end {
      while index < count, storage[index].end <= start { index += 1 }
      guard index < count, storage[index].start < range.end else {
        // Nothing claims the rest.
        try place(MemoryRange(start: start, end: range.end, kind: range.kind), at: index)
        return
      }
      let old = storage[index]
      if start < old.start {
        try place(MemoryRange(start: start, end: old.start, kind: range.kind), at: index)
        start = old.start
        // Placing may have merged; find the old range again from a safe position.
        index = max(0, index - 1)
        continue
      }
      let end = min(old.end, range.end)
      if old.kind < range.kind {
        try overrule(index, from: start, to: end, kind: range.kind)
        index = max(0, index - 1)
      }
      start = end
    }
  }

  /// The lowest address at which `bytes` of usable memory lie together, aligned to `alignment` (a power of two),
  /// not below `floor` and ending at or below `limit`; `nil` if there is no such place.
  @export(interface)
  public func firstUsable(
    bytes: UInt64, alignment: UInt64 = UInt64(pageSize), from floor: UInt64 = UInt64(pageSize),
    below limit: UInt64 = MemoryRange.addressLimit
  ) -> PhysicalAddress? {
    precondition(alignment != 0 && alignment & (alignment - 1) == 0, "alignment is not a power of two")
    for index in 0..<count where storage[index].kind == .usable {
      let lowest = max(storage[index].start, floor)
      let (sum, overflow) = lowest.addingReportingOverflow(alignment - 1)
      guard !overflow else { return nil }
      let start = sum & ~(alignment - 1)
      let end = min(storage[index].end, limit)
      if start <= end, end - start >= bytes { return PhysicalAddress(start) }
    }
    return nil
  }

  /// Bytes of the given kind in all ranges together.
  @export(interface)
  public func bytes(of kind: MemoryKind) -> UInt64 {
    var sum: UInt64 = 0
    for index in 0..<count where storage[index].kind == kind { sum += storage[index].length }
    return sum
  }

  /// One past the highest byte of the given kind, or 0 if there is none.
  @export(interface)
  public func end(of kind: MemoryKind) -> UInt64 {
    for index in stride(from: count - 1, through: 0, by: -1) where storage[index].kind == kind {
      return storage[index].end
    }
    return 0
  }

  /// One past the highest byte of memory of any kind, devices excepted, or 0 if there is none.
  public var endOfMemory: UInt64 {
    max(end(of: .usable), max(end(of: .acpiReclaimable), max(end(of: .bootData), end(of: .kernel))))
  }

  /// Whether every byte from `start` up to `end` is of the given kind.
  @export(interface)
  public func covers(_ start: UInt64, _ end: UInt64, kind: MemoryKind) -> Bool {
    var start = start
    for index in 0..<count where start < end && storage[index].end > start {
      guard storage[index].start <= start, storage[index].kind == kind else { return false }
      start = storage[index].end
    }
    return start >= end
  }

  /// The strongest kind of any byte of the page at `address`, or `nil` if no range has any.
  @export(interface)
  public func kind(ofPageWith address: PhysicalAddress) -> MemoryKind? {
    let start = address.rawValue & ~UInt64(pageSize - 1)
    var strongest: MemoryKind?
    for index in 0..<count {
      let range = storage[index]
      guard range.end > start, range.start < start &+ UInt64(pageSize) else { continue }
      strongest = max(strongest ?? range.kind, range.kind)
    }
    return strongest
  }

  // MARK: - Editing the sorted list

  /// Gives a part of one weaker range to a stronger kind.
  @export(interface)
  private mutating func overrule(
    _ index: Int, from start: UInt64, to end: UInt64, kind: MemoryKind
  ) throws(BootInformationError) {
    let old = storage[index]
    remove(at: index)
    var position = index
    if old.start < start {
      insertRaw(MemoryRange(start: old.start, end: start, kind: old.kind), at: position)
      position += 1
    }
    if end < old.end {
      guard count < Self.capacity else { throw .init(.tooManyRanges, UInt64(count)) }
      insertRaw(MemoryRange(start: end, end: old.end, kind: old.kind), at: position)
    }
    try place(MemoryRange(start: start, end: end, kind: kind), at: position)
  }

  /// Puts a range that overlaps nothing at its position, merged with neighbours of its kind.
  @export(interface)
  private mutating func place(_ range: MemoryRange, at index: Int) throws(BootInformationError) {
    let joinsBelow =
      index > 0 && storage[index - 1].end == range.start && storage[index - 1].kind == range.kind
    let joinsAbove = index < count && storage[index].start == range.end && storage[index].kind == range.kind
    switch (joinsBelow, joinsAbove) {
    case (true, true):
      storage[index - 1].end = storage[index].end
      remove(at: index)
    case (true, false):
      storage[index - 1].end = range.end
    case (false, true):
      storage[index].start = range.start
    case (false, false):
      guard count < Self.capacity else { throw .init(.tooManyRanges, UInt64(count)) }
      insertRaw(range, at: index)
    }
  }

  @export(interface)
  private mutating func insertRaw(_ range: MemoryRange, at index: Int) {
    var position = count
    while position > index {
      storage[position] = storage[position - 1]
      position -= 1
    }
    storage[index] = range
    count += 1
  }

  @export(interface)
  private mutating func remove(at index: Int) {
    var position = index
    while position + 1 < count {
      storage[position] = storage[position + 1]
      position += 1
    }
    count -= 1
  }
}
