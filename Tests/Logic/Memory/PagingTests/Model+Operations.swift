import Base
import Paging
import Testing

/// Each operation on the tables, and what it should have done on the model.
extension ModelRun {
  /// What the table will say: without execute permissions every page has them.
  func seen(_ attributes: PageAttributes) -> PageAttributes {
    guard tables.format.noExecuteBit == 0 else { return attributes }
    var attributes = attributes
    attributes.access.insert(.execute)
    return attributes
  }

  /// Runs an operation; `nil` if it was refused, as expected or for want of frames.
  mutating func attempt<Result>(
    _ expected: PagingError? = nil,
    _ body: (inout TestTables<Format.Entry>, inout Set<UInt>) throws(PagingError) -> Result
  ) -> Result? {
    do throws(PagingError) {
      let result = try body(&memory, &reported)
      #expect(expected == nil, "seed \(seed): was not refused")
      return result
    } catch {
      #expect(error == expected || error == .outOfFrames && framesBelow != nil, "seed \(seed): \(error)")
      if error == .outOfFrames { refusals += 1 }
      return nil
    }
  }

  static func note(_ change: PageChange, _ reported: inout Set<UInt>) {
    guard change.kind != .split else { return }
    let first = change.mapping.page.rawValue >> 12
    for page in first..<(first + UInt(change.mapping.size.pageCount)) { reported.insert(page) }
  }

  mutating func alterModel(_ target: Target, _ change: (inout PageAttributes) -> Void) {
    for index in 0..<UInt(target.count) {
      guard var page = model.pages[target.first + index] else { continue }
      change(&page.attributes)
      page.attributes = seen(page.attributes)
      model.pages[target.first + index] = page
    }
  }

  mutating func mapOne(_ target: Target) {
    let tables = tables
    let done: Void? = attempt(model.pages[target.first] == nil ? nil : .alreadyMapped) {
      (memory, _) throws(PagingError) in
      try tables.map(FrameNumber(target.frame), at: target.page, target.attributes, in: &memory)
    }
    if done != nil {
      model.pages[target.first] = .init(frame: target.frame, attributes: seen(target.attributes))
    }
  }

  mutating func mapRange(_ target: Target) {
    let tables = tables
    let sizes: [PageSize] = [.base, .twoMiB, .oneGiB]
    let largest = sizes[Int.random(in: 0..<3, using: &random)]
    let done: Void? = attempt(model.isFree(target.first, target.count) ? nil : .alreadyMapped) {
      (memory, _) throws(PagingError) in
      try tables.map(
        FrameNumber(target.frame), at: target.page, pageCount: target.count, target.attributes, upTo: largest,
        in: &memory)
    }
    guard done != nil else { return }
    let attributes = seen(target.attributes)
    for index in 0..<target.count {
      model.pages[target.first + UInt(index)] = .init(
        frame: target.frame + UInt32(index), attributes: attributes)
    }
  }

  mutating func unmapOne(_ target: Target) {
    let tables = tables
    let old = model.pages[target.first]
    let mapping = attempt(old == nil ? .notMapped : nil) { (memory, _) throws(PagingError) in
      try tables.unmap(target.page, in: &memory)
    }
    guard let mapping else { return }
    #expect(mapping.frame.rawValue == old?.frame && mapping.attributes == old?.attributes, "seed \(seed)")
    model.pages[target.first] = nil
    reported.insert(target.first)
  }

  mutating func unmapRange(_ target: Target) {
    let tables = tables
    let removed = attempt { (memory, reported) throws(PagingError) in
      try tables.unmap(target.page, pageCount: target.count, in: &memory) { change, _ in
        Self.note(change, &reported)
      }
    }
    guard let removed else { return }
    #expect(removed == model.count(target.first, target.count), "seed \(seed)")
    for index in 0..<UInt(target.count) { model.pages[target.first + index] = nil }
    guard Bool.random(using: &random) else { return }
    _ = attempt { (memory, _) throws(PagingError) in
      try tables.reclaimTables(target.page, pageCount: target.count, in: &memory) { _ in }
    }
  }

  mutating func protect(_ target: Target) {
    let tables = tables
    let found = attempt { (memory, reported) throws(PagingError) in
      try tables.protect(target.page, pageCount: target.count, target.attributes.access, in: &memory) {
        change, _ in
        Self.note(change, &reported)
      }
    }
    guard let found else { return }
    #expect(found == model.count(target.first, target.count), "seed \(seed)")
    alterModel(target) { $0.access = target.attributes.access }
  }

  mutating func mark(_ target: Target) {
    let tables = tables
    let software = target.attributes.software
    let found = attempt { (memory, reported) throws(PagingError) in
      try tables.mark(target.page, pageCount: target.count, software: software, in: &memory) { change, _ in
        Self.note(change, &reported)
      }
    }
    if found != nil { alterModel(target) { $0.software = software } }
  }

  /// Marks of large pages are cleared as a whole, so the model follows the reports, which must have had a mark.
  mutating func clearUsage(_ target: Target) {
    let tables = tables
    var cleared: [Mapping] = []
    _ = attempt { (memory, reported) throws(PagingError) in
      try tables.clearUsage(target.page, pageCount: target.count, in: &memory) { change, _ in
        Self.note(change, &reported)
        cleared.append(change.mapping)
      }
    }
    for mapping in cleared {
      #expect(mapping.attributes.isAccessed || mapping.attributes.isDirty, "seed \(seed)")
      let first = mapping.page.rawValue >> 12
      for page in first..<(first + UInt(mapping.size.pageCount)) {
        model.pages[page]?.attributes.isAccessed = false
        model.pages[page]?.attributes.isDirty = false
      }
    }
    for index in 0..<UInt(target.count) {
      guard let attributes = model.pages[target.first + index]?.attributes else { continue }
      if attributes.isAccessed || attributes.isDirty { Issue.record("seed \(seed): a mark was left") }
    }
  }

  mutating func remap(_ target: Target) {
    let tables = tables
    let old = attempt { (memory, _) throws(PagingError) in
      try tables.remap(target.page, to: FrameNumber(target.frame), target.attributes, in: &memory)
    }
    guard let old else { return }
    #expect(old?.frame.rawValue == model.pages[target.first]?.frame, "seed \(seed)")
    model.pages[target.first] = .init(frame: target.frame, attributes: seen(target.attributes))
    reported.insert(target.first)
  }

  mutating func split(_ target: Target) {
    let tables = tables
    let done: Void? = attempt(model.pages[target.first] == nil ? .notMapped : nil) {
      (memory, _) throws(PagingError) in
      try tables.split(target.page, in: &memory) { _, _ in }
    }
    if done != nil {
      #expect(tables.translate(target.page, in: memory)?.mapping.size == .base, "seed \(seed)")
    }
  }
}
