/// The map of an address space: which pages mean anything, and what.
///
/// Regions lie in a balanced tree (AVL) by their first page, and in a list in the order of addresses. To find the
/// one that has a page takes as many steps as the tree is high, 1.44 times the logarithm of their number at most;
/// usually none, because the last one found is tried first.
///
/// The map knows nothing of page tables. Every operation is all or nothing: what needs records takes them first,
/// and gives up with the map as it was.

import Base

/// Why a map stayed as it was.
public enum RegionError: Error, BitwiseCopyable, Sendable {
  /// There are no more records, or the space has as many regions as one may have.
  case outOfRecords
  /// Something is mapped where nothing may be.
  case occupied
  /// Nothing is mapped where something must be.
  case unmapped
}

/// Regions that do not overlap.
///
/// - Invariant: tree and list have the same regions; neighbours that could be one are one.
public struct Regions: ~Copyable {
  /// The most regions of a map unless the owner says otherwise.
  public static var usualLimit: Int { 16_384 }
  /// Pages that are kept free below a stack: 1 MiB, more than any function of a program uses at once.
  public static var stackGuard: UInt { 256 }

  private var root: RegionReference?
  /// The lowest region.
  public private(set) var first: RegionReference?
  private var last: RegionReference?
  // The region that was found last, which most questions are about.
  @usableFromInline var hint: RegionReference?
  /// How many regions there are.
  public private(set) var count = 0
  /// How many pages they have.
  public private(set) var pageCount: UInt = 0
  /// The most regions that there may be.
  public var limit = usualLimit

  /// An empty map.
  public init() {}

  // MARK: - Finding

  /// The region that has a page.
  @inlinable @inline(__always)
  public mutating func find(_ page: UInt) -> RegionReference? {
    if let hint, page >= hint.fields.start, page < hint.fields.end { return hint }
    return search(page)
  }

  @usableFromInline @inline(never)
  mutating func search(_ page: UInt) -> RegionReference? {
    guard let region = firstEnding(after: page), region.fields.start <= page else { return nil }
    hint = region
    return region
  }

  /// The lowest region that has `page` or a page above it.
  @export(interface)
  public func firstEnding(after page: UInt) -> RegionReference? {
    var best: RegionReference?
    var node = root
    while let region = node {
      if region.fields.end > page {
        best = region
        node = region.fields.left
      } else {
        node = region.fields.right
      }
    }
    return best
  }

  /// Whether all pages of a range are in regions.
  @export(interface)
  public func covers(_ start: UInt, _ end: UInt) -> Bool {
    var page = start
    var next = firstEnding(after: start)
    while page < end {
      guard let region = next, region.fields.start <= page else { return false }
      page = region.fields.end
      next = region.fields.next
    }
    return true
  }

  /// Whether no page of a range is in a region.
  public func isFree(_ start: UInt, _ end: UInt) -> Bool {
    guard let region = firstEnding(after: start) else { return true }
    return region.fields.start >= end
  }

  /// The free pages around a page that is in no region: from where, and one past them; 0 for no region above.
  @export(interface)
  public func gap(around page: UInt) -> (UInt, UInt) {
    let above = firstEnding(after: page)
    let below = above == nil ? last : above?.fields.previous
    return (below?.fields.end ?? 0, above?.fields.start ?? 0)
  }

  /// The highest run of `count` free pages between `low` and `high`, or `nil`; looks at the regions there one by
  /// one, from the top.
  ///
  /// What a stack may still grow into, and the guard below it, is not free.
  @export(interface)
  public func highestGap(_ count: UInt, from low: UInt, to high: UInt) -> UInt? {
    guard count > 0, low < high, count <= high - low else { return nil }
    var top = high
    // Everything from the first region that reaches past `high` may keep the gap down.
    var next = last
    while let region = next {
      if region.fields.end <= low { break }
      let lowest = region.reservedStart
      if lowest < top {
        if region.fields.end <= top, top - region.fields.end >= count, region.fields.end >= low {
          return top - count
        }
        top = min(top, lowest)
        guard top > low, top - low >= count else { return nil }
      }
      next = region.fields.previous
    }
    return top - low >= count ? top - count : nil
  }

  // MARK: - Changing

  /// Adds a region; it becomes one with neighbours that it continues.
  ///
  /// Holds the region's file. Throws `occupied`, `outOfRecords`.
  public mutating func insert<Store: RegionStore & ~Copyable>(
    _ start: UInt, _ end: UInt, _ content: RegionContent, in store: inout Store
  ) throws(RegionError) {
    precondition(start < end, "a region without pages")
    let next = firstEnding(after: start)
    if let next, next.fields.start < end { throw .occupied }
    let previous = next == nil ? last : next?.fields.previous
    if let previous, previous.fields.end == start,
      previous.fields.content.continues(after: previous.fields.pageCount, with: content)
    {
      previous.fields.end = end
      pageCount += end - start
      hint = previous
      join(previous, in: &store)
      return
    }
    if let next, next.fields.start == end, content.continues(after: end - start, with: next.fields.content) {
      next.fields.start = start
      next.fields.content = content
      pageCount += end - start
      hint = next
      return
    }
    guard count < limit, let record = store.takeRecord() else { throw .outOfRecords }
    Self.hold(content, in: &store)
    place(record, start, end, content, after: previous, before: next)
    pageCount += end - start
    hint = record
  }

  /// Takes a range of pages out of all regions; there need not be any.
  ///
  /// Lets go of files. Throws `outOfRecords` if a region would become two and there is no record for it.
  public mutating func remove<Store: RegionStore & ~Copyable>(
    _ start: UInt, _ end: UInt, in store: inout Store
  ) throws(RegionError) {
    try isolate(start, end, in: &store)
    var next = firstEnding(after: start)
    while let region = next, region.fields.start < end {
      next = region.fields.next
      pageCount -= region.fields.pageCount
      discard(region, in: &store)
    }
  }

  /// Gives the pages of a range another access.
  ///
  /// Throws `unmapped` unless all of them are in regions, and `outOfRecords`.
  public mutating func protect<Store: RegionStore & ~Copyable>(
    _ start: UInt, _ end: UInt, _ access: Access, in store: inout Store
  ) throws(RegionError) {
    guard covers(start, end) else { throw .unmapped }
    try isolate(start, end, in: &store)
    var next = firstEnding(after: start)
    while let region = next, region.fields.start < end {
      region.fields.content.access = access
      next = region.fields.next
    }
    joinAround(start, end, in: &store)
  }

  /// Moves the beginning of a stack down to `start`.
  ///
  /// Refuses if that is below its floor or closer than the guard to the region below.
  @export(interface)
  public mutating func grow(_ region: RegionReference, downTo start: UInt) -> Bool {
    guard region.fields.content.kind == .stack, start < region.fields.start,
      start >= region.fields.content.floor
    else { return false }
    if let below = region.fields.previous {
      guard below.fields.end <= start, start - below.fields.end >= Self.stackGuard else { return false }
    }
    pageCount += region.fields.start - start
    region.fields.start = start
    hint = region
    return true
  }

  /// Makes an empty map the same as another.
  ///
  /// Throws `outOfRecords`, with as many regions as there were records for; the caller removes them.
  public mutating func copy<Store: RegionStore & ~Copyable>(
    of other: borrowing Regions, in store: inout Store
  ) throws(RegionError) {
    limit = other.limit
    var next = other.first
    while let region = next {
      guard let record = store.takeRecord() else { throw .outOfRecords }
      Self.hold(region.fields.content, in: &store)
      place(
        record, region.fields.start, region.fields.end, region.fields.content, after: last, before: nil)
      pageCount += region.fields.pageCount
      next = region.fields.next
    }
  }

  /// Takes the lowest region out.
  public mutating func removeFirst<Store: RegionStore & ~Copyable>(in store: inout Store) {
    guard let first else { return }
    pageCount -= first.fields.pageCount
    discard(first, in: &store)
  }

  // MARK: - Splitting and joining

  /// Makes regions begin and end where a range does.
  private mutating func isolate<Store: RegionStore & ~Copyable>(
    _ start: UInt, _ end: UInt, in store: inout Store
  ) throws(RegionError) {
    try split(at: start, in: &store)
    do { try split(at: end, in: &store) } catch {
      joinAround(start, end, in: &store)
      throw error
    }
  }

  /// Makes two regions of the one that has `page`, unless it begins there.
  private mutating func split<Store: RegionStore & ~Copyable>(
    at page: UInt, in store: inout Store
  ) throws(RegionError) {
    guard let region = firstEnding(after: page), region.fields.start < page else { return }
    guard count < limit, let record = store.takeRecord() else { throw .outOfRecords }
    let content = region.fields.content.advanced(by: page - region.fields.start)
    Self.hold(content, in: &store)
    let end = region.fields.end
    region.fields.end = page
    place(record, page, end, content, after: region, before: region.fields.next)
  }

  private mutating func joinAround<Store: RegionStore & ~Copyable>(
    _ start: UInt, _ end: UInt, in store: inout Store
  ) {
    var next = firstEnding(after: start == 0 ? 0 : start - 1)
    while let region = next, region.fields.start < end {
      // One that has swallowed its neighbour is asked again.
      if !join(region, in: &store) { next = region.fields.next }
    }
  }

  /// Makes one region of this and the next, if they can be.
  @discardableResult
  private mutating func join<Store: RegionStore & ~Copyable>(
    _ region: RegionReference, in store: inout Store
  ) -> Bool {
    guard let next = region.fields.next, next.fields.start == region.fields.end,
      region.fields.content.continues(after: region.fields.pageCount, with: next.fields.content)
    else { return false }
    let end = next.fields.end
    discard(next, in: &store)
    region.fields.end = end
    return true
  }

  // MARK: - List and tree

  private mutating func place(
    _ record: RegionReference, _ start: UInt, _ end: UInt, _ content: RegionContent,
    after previous: RegionReference?, before next: RegionReference?
  ) {
    record.fields = Region(
      start: start, end: end, content: content, next: next, previous: previous, left: nil, right: nil,
      height: 1)
    if let previous { previous.fields.next = record } else { first = record }
    if let next { next.fields.previous = record } else { last = record }
    root = RegionTree.insert(record, into: root)
    count += 1
  }

  private mutating func discard<Store: RegionStore & ~Copyable>(
    _ region: RegionReference, in store: inout Store
  ) {
    let (next, previous) = (region.fields.next, region.fields.previous)
    if let previous { previous.fields.next = next } else { first = next }
    if let next { next.fields.previous = previous } else { last = previous }
    root = RegionTree.remove(region, from: root)
    if hint == region { hint = nil }
    let content = region.fields.content
    if content.file != 0 { store.letGo(file: content.file, isShared: content.isShared) }
    store.giveRecord(region)
    count -= 1
  }

  private static func hold<Store: RegionStore & ~Copyable>(_ content: RegionContent, in store: inout Store) {
    if content.file != 0 { store.hold(file: content.file, isShared: content.isShared) }
  }

  /// Whether tree and list are as they must be, by looking at all; for tests.
  public func isConsistent() -> Bool {
    var (found, pages): (Int, UInt) = (0, 0)
    var next = first
    var previous: RegionReference?
    while let region = next {
      guard region.fields.previous == previous, region.fields.start < region.fields.end else { return false }
      if let previous {
        guard previous.fields.end <= region.fields.start else { return false }
        if previous.fields.end == region.fields.start,
          previous.fields.content.continues(
            after: previous.fields.pageCount, with: region.fields.content)
        {
          return false
        }
      }
      guard firstEnding(after: region.fields.start) == region else { return false }
      (found, pages) = (found + 1, pages + region.fields.pageCount)
      previous = region
      next = region.fields.next
    }
    return found == count && pages == pageCount && last == previous && RegionTree.isBalanced(root)
  }
}

extension RegionReference {
  /// The first page that nothing else may be put at without being asked for: of a stack, that below its guard.
  var reservedStart: UInt {
    guard fields.content.kind == .stack else { return fields.start }
    let lowest = min(fields.start, fields.content.floor)
    return lowest - min(lowest, Regions.stackGuard)
  }
}
