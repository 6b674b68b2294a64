/// Which frames are a guest's.

import Arch
import Base
import CMachine
import FrameAllocator
import GuestInterface
import Log
import Paging
import Runtime

/// The frames behind a guest's pages, and where the host sees them side by side.
///
/// They are one run, seen in the direct map, until the guest gives a page of it up. From then on they are seen through a
/// window of the guest's own in the lower part of the kernel's tables, which is empty else: so a byte of the guest is
/// always found by one addition. Behind all pages that were given up lies the same frame, the spare.
package struct GuestFrames: BitwiseCopyable {
  private let run: FrameRange
  /// Where page 0 appears, and the others behind it.
  package private(set) var start: UInt
  private let window: VirtualAddress
  /// Behind the pages that were given up, once there were any.
  private var spare: FrameNumber?

  private static var firstWindow: UInt { 0x1000_0000 }
  /// Pages of a large page; as many are dealt with at a time, with interrupts off.
  private static var chunk: Int { 512 }

  /// How many pages there are.
  package var count: UInt32 { run.count }

  /// Takes frames for all pages, with zeros in them.
  ///
  /// - Parameter pages: the pages of windows that other guests have, all those with a lower number.
  /// - Throws: `outOfFrames` if no run is as long.
  package init(count: UInt32, behind pages: UInt32) throws(FrameAllocatorError) {
    guard let run = Self.takeRun(count) else { throw .outOfFrames }
    self.run = run
    start = Frames.address(of: run.start).rawValue
    window = VirtualAddress(Self.firstWindow + UInt(pages) << UInt(pageShift))
    for index in 0..<count { Frames.clear(FrameNumber(run.start.rawValue + index)) }
  }

  /// Pages between the beginning of a guest's window and the next one's, which begins where a large page can.
  package static func windowPages(megabytes: UInt32) -> UInt32 { (megabytes + 1) / 2 * UInt32(chunk) }

  /// Where frame 0 of the allocator appears.
  var directMap: UInt {
    Frames.address(of: run.start).rawValue - UInt(run.start.rawValue) << UInt(pageShift)
  }

  /// The frame behind a page.
  @inline(__always)
  package func frame(ofPage page: UInt32) -> FrameNumber {
    spare == nil ? FrameNumber(run.start.rawValue + page) : shownFrame(page)
  }

  @inline(never)
  private func shownFrame(_ page: UInt32) -> FrameNumber {
    guard let tables = NodeReference().node.tables,
      let found = tables.translate(address(page), in: NodeTableMemory())
    else { preconditionFailure("a window shows all pages") }
    return FrameNumber(UInt32(truncatingIfNeeded: found.address.rawValue >> UInt64(pageShift)))
  }

  private func address(_ page: UInt32) -> VirtualAddress {
    VirtualAddress(window.rawValue + UInt(page) << UInt(pageShift))
  }

  /// Whether a frame is one of the guest's.
  package func contains(_ frame: FrameNumber) -> Bool {
    guard let spare else { return run.contains(frame) }
    if frame == spare { return true }
    if run.contains(frame), shownFrame(frame.rawValue - run.start.rawValue) == frame { return true }
    for page in 0..<run.count where shownFrame(page) == frame { return true }
    return false
  }

  // MARK: - The balloon

  /// Gives the frame behind a page to the allocator; `false` if that was done before, or if there is no memory or no room
  /// for the window.
  mutating func giveUp(page: UInt32) -> Bool {
    if spare == nil, !openWindow() { return false }
    guard let spare, shownFrame(page) != spare, let frame = show(spare, page) else { return false }
    Self.free(FrameRange(start: frame, count: 1))
    return true
  }

  /// Puts a frame of zeros behind a page that was given up.
  mutating func takeBack(page: UInt32) -> TakenPage {
    guard let spare, shownFrame(page) == spare else { return .notGivenUp }
    guard let run = Self.takeRun(1) else { return .outOfFrames }
    Frames.clear(run.start)
    guard show(run.start, page) != nil else {
      Self.free(run)
      return .outOfFrames
    }
    return .taken
  }

  /// Changes the frame behind a page; returns the one that was there, or `nil` if a large page had to be split and could
  /// not be.
  private func show(_ frame: FrameNumber, _ page: UInt32) -> FrameNumber? {
    guard let tables = NodeReference().node.tables else { return nil }
    let address = address(page)
    var memory = NodeTableMemory()
    cpu_cli()
    defer { cpu_sti() }
    let old = try? tables.remap(address, to: frame, PageAttributes(.readWrite), in: &memory)
    cpu_invlpg(address.rawValue)
    return old?.frame
  }

  private mutating func openWindow() -> Bool {
    guard window.rawValue + UInt(run.count) << UInt(pageShift) <= AddressMap.kernelPart.rawValue,
      let tables = NodeReference().node.tables, let spare = Self.takeRun(1)
    else { return false }
    Frames.clear(spare.start)
    var memory = NodeTableMemory()
    do {
      cpu_cli()
      defer { cpu_sti() }
      try tables.map(
        run.start, at: window, pageCount: Int(run.count), PageAttributes(.readWrite), in: &memory)
      // The processor keeps copies of the root's entries, and some may be new.
      cpu_write_cr3(cpu_read_cr3())
    } catch {
      Self.free(spare)
      return false
    }
    self.spare = spare.start
    start = window.rawValue
    return true
  }

  /// Gives all frames back.
  package func release() {
    guard let spare, let tables = NodeReference().node.tables else { return Self.free(run) }
    var memory = NodeTableMemory()
    var page: UInt32 = 0
    while page < run.count {
      let count = min(Self.chunk, Int(run.count - page))
      cpu_cli()
      do throws(PagingError) {
        _ = try tables.unmap(address(page), pageCount: count, in: &memory) { change, _ in
          guard case .removed = change.kind, change.mapping.frame != spare else { return }
          let count = UInt32(change.mapping.size.byteCount >> UInt(pageShift))
          Self.free(FrameRange(start: change.mapping.frame, count: count))
        }
        _ = try tables.reclaimTables(address(page), pageCount: count, in: &memory) {
          cpu_invlpg($0.rawValue)
        }
      } catch { panic("a guest's window was not aligned") }
      cpu_write_cr3(cpu_read_cr3())
      cpu_sti()
      page += UInt32(count)
    }
    Self.free(FrameRange(start: spare, count: 1))
  }

  private static func takeRun(_ count: UInt32) -> FrameRange? {
    Processor.withoutInterrupts { try? NodeReference().node.frames.allocateRun(count, for: .guest) }
  }

  private static func free(_ run: FrameRange) {
    let isFree = Processor.withoutInterrupts { (try? NodeReference().node.frames.freeRun(run)) != nil }
    if !isFree { panic("a guest's frames were not in use: frame \(run.start.rawValue)") }
  }
}
