/// The frames of programs as address spaces ask for them.

import AddressSpace
import Arch
import Base
import CMachine
import FrameAllocator
import Paging
import Partition
import Regions
import Runtime

/// Frames of the node's allocator with references, reached through the direct map.
public struct NodeSpaceMemory: SpaceMemory, ~Copyable {
  let reference: UserMemoryReference

  /// Refers to the node's memory of programs, which must have been started.
  @inline(__always)
  public init() { reference = UserMemoryReference() }

  // MARK: Tables

  /// The entry `index` of a table, with the node's own address in it.
  @inline(__always)
  public func load(_ table: FrameNumber, _ index: Int) -> UInt64 {
    let entry = cpu_load64(entryAddress(table, index))
    if _slowPath(reference.state.isPlaced), entry & 1 != 0 {
      return NodeReference().node.partition.core(entry)
    }
    return entry
  }

  /// The first entry that is not zero, by an instruction that compares words: most of a range was never touched.
  @inline(__always)
  public func firstUsed(_ table: FrameNumber, from index: Int, through last: Int) -> Int {
    if index > last { return index }
    let start = entryAddress(table, index)
    let words = UInt(bitPattern: last - index + 1) * UInt(8 / MemoryLayout<UInt>.size)
    let rest = cpu_skip_zeros(start, words)
    // Words, so that half an entry counts as the whole.
    return last + 1 - Int(bitPattern: (rest * UInt(MemoryLayout<UInt>.size) + 7) / 8)
  }

  /// Writes an entry, with the system's address in it, so that no half of it is ever present.
  ///
  /// What is not present keeps the node's own address: no processor looks at it.
  @inline(__always)
  public mutating func store(_ entry: UInt64, _ table: FrameNumber, _ index: Int) {
    let address = entryAddress(table, index)
    var entry = entry
    if _slowPath(reference.state.isPlaced), entry & 1 != 0 {
      entry = NodeReference().node.partition.system(entry)
    }
    #if arch(i386)
      if entry & 1 == 0 { cpu_store32(address, UInt32(truncatingIfNeeded: entry)) }
      cpu_store32(address + 4, UInt32(truncatingIfNeeded: entry >> 32))
      if entry & 1 != 0 { cpu_store32(address, UInt32(truncatingIfNeeded: entry)) }
    #else
      cpu_store64(address, entry)
    #endif
  }

  /// A frame of zeros.
  public mutating func allocateTable() throws(PagingError) -> FrameNumber {
    guard let frame = takeClearedFrame() else { throw .outOfFrames }
    return frame
  }

  /// Keeps a table that is zero again for whoever wants a cleared frame next.
  public mutating func freeTable(_ table: FrameNumber) {
    reference.state[references: table] = 0
    guard reference.state.clearedCount < 128 else {
      free(table)
      return
    }
    reference.state.cleared[reference.state.clearedCount] = table.rawValue
    reference.state.clearedCount &+= 1
  }

  // MARK: Frames

  /// A frame of zeros, without waiting if the idle thread has cleared one.
  @inline(__always)
  public mutating func takeClearedFrame() -> FrameNumber? {
    let count = reference.state.clearedCount
    guard count > 0 else { return clearOne() }
    reference.state.clearedCount = count &- 1
    let frame = FrameNumber(reference.state.cleared[count &- 1])
    reference.state[references: frame] = 1
    return frame
  }

  @inline(never)
  private mutating func clearOne() -> FrameNumber? {
    guard let frame = takeFrame() else { return nil }
    cpu_clear_page(Self.address(of: frame))
    return frame
  }

  /// A frame with whatever was in it.
  @inline(never)
  public mutating func takeFrame() -> FrameNumber? {
    let node = NodeReference()
    if node.node.frames.freeCount > reference.state.reserve,
      let frame = try? node.node.frames.allocate(for: .program)
    {
      reference.state[references: frame] = 1
      return frame
    }
    let count = reference.state.clearedCount
    guard count > 0 else { return nil }
    return takeClearedFrame()
  }

  /// One more reference.
  @inline(__always)
  public mutating func retain(_ frame: FrameNumber) { reference.state[references: frame] += 1 }

  /// One reference fewer.
  @inline(__always)
  public mutating func release(_ frame: FrameNumber) {
    let count = reference.state[references: frame]
    precondition(count > 0, "a program's frame was released too often")
    reference.state[references: frame] = count &- 1
    if count == 1 { free(frame) }
  }

  @inline(never)
  private func free(_ frame: FrameNumber) {
    do { try NodeReference().node.frames.free(frame) } catch {
      preconditionFailure("a program's frame was not in use")
    }
  }

  /// Whether there is more than one reference.
  @inline(__always)
  public func isShared(_ frame: FrameNumber) -> Bool { reference.state[references: frame] > 1 }

  /// Copies a whole frame.
  @inline(__always)
  public mutating func copy(_ source: FrameNumber, to target: FrameNumber) {
    cpu_copy_page(Self.address(of: target), Self.address(of: source))
  }

  /// The frame of zeros.
  @inline(__always)
  public var zeroFrame: FrameNumber { reference.state.zero }

  /// What was free when programs began.
  public var frameLimit: UInt { reference.state.limit }

  // MARK: Processor

  /// Forgets one translation.
  @inline(__always)
  public mutating func flush(_ address: UInt) { cpu_invlpg(address) }

  /// Forgets the translations of programs' pages; the kernel's are global.
  @inline(__always)
  public mutating func flushAll() { cpu_write_cr3(cpu_read_cr3()) }

  // MARK: Records

  /// A record, from another frame if there is none left.
  public mutating func takeRecord() -> RegionReference? {
    if let record = reference.state.records.take() { return record }
    guard let frame = takeFrame(),
      let memory = unsafe UnsafeMutableRawPointer(bitPattern: Self.address(of: frame))
    else { return nil }
    // SAFETY: the frame was just taken and stays with the records for ever.
    unsafe reference.state.records.add(memory: memory, byteCount: pageSize)
    return reference.state.records.take()
  }

  /// Takes a record back.
  public mutating func giveRecord(_ record: RegionReference) { reference.state.records.give(record) }

  /// One more region shows the file.
  public mutating func hold(file: UInt64, isShared: Bool) { reference.state.hooks.hold(file, isShared) }

  /// One region fewer shows the file.
  public mutating func letGo(file: UInt64, isShared: Bool) {
    reference.state.hooks.letGo(file, isShared)
  }

  // MARK: Places

  /// Where the kernel sees a frame that programs have.
  @inline(__always)
  public static func address(of frame: FrameNumber) -> UInt {
    AddressMap.directMap.rawValue &+ UInt(frame.rawValue) << UInt(pageShift)
  }

  /// The frame that the kernel sees at an address that `address(of:)` gave, or within its page.
  public static func frame(at address: UInt) -> FrameNumber {
    FrameNumber(UInt32((address &- AddressMap.directMap.rawValue) >> UInt(pageShift)))
  }

  @inline(__always)
  private func entryAddress(_ table: FrameNumber, _ index: Int) -> UInt {
    Self.address(of: table) &+ UInt(bitPattern: index) << 3
  }
}

/// Files, by the hooks.
public struct NodeFiles: PageSource, ~Copyable {
  /// Refers to the node's hooks.
  public init() {}

  /// Fills a frame with a page of a file.
  public mutating func fill(_ frame: FrameNumber, file: UInt64, page: UInt64, byteCount: Int) -> PageFill {
    let raw = UserMemoryReference().state.hooks.fill(frame.rawValue, file, page, byteCount)
    return PageFill(rawValue: raw) ?? .failed
  }

  /// The frame that is the page.
  ///
  /// It belongs to a file system, which has a reference of its own from the first time on: so the frame does not
  /// become free with the last program that has it.
  public mutating func liveFrame(file: UInt64, page: UInt64, isWritten: Bool) -> FrameNumber? {
    let state = UserMemoryReference()
    let number = state.state.hooks.live(file, page, isWritten)
    guard number != 0 else { return nil }
    guard number != .max else { return state.state.zero }
    let frame = FrameNumber(number)
    state.state[references: frame] = max(state.state[references: frame], 1) + 1
    return frame
  }
}
