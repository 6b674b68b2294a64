/// How the node comes by its frames: from the loader's map to an allocator.

import Arch
import Base
import BootInformation
import CMachine
import FrameAllocator
import Runtime

/// The steps from the loader's memory map to the frame allocator.
enum PhysicalMemory {
  /// Everything below 1 MiB is kept for start-up code of other processors and for the firmware's tables.
  private static let lowMemory: UInt64 = 1 << 20

  /// Claims what is in use already and makes an allocator of the rest.
  ///
  /// - Throws: `BootInformationError` if the loader's map contradicts where the kernel was loaded, or has no room
  ///   for the allocator's table.
  static func makeAllocator(from boot: inout BootInformation) throws(BootInformationError) -> FrameAllocator {
    try boot.claimBootData()
    try claim(0, lowMemory, .reserved, in: &boot)
    try claim(lowMemory, imageEnd, .kernel, in: &boot)  // the image is loaded at 1 MiB
    let end = min(boot.memoryMap.end(of: .usable), AddressMap.directMapSize)
    let frameCount = UInt32(truncatingIfNeeded: end >> UInt64(pageShift))
    let size = UInt64(FrameTable.byteCount(frames: frameCount))
    guard
      let place = boot.memoryMap.firstUsable(bytes: size, below: min(end, AddressMap.reachableAtStart)),
      let address = DirectMap.virtualAddress(of: place),
      let memory = unsafe UnsafeMutableRawPointer(bitPattern: address.rawValue)
    else { throw BootInformationError(.noRoomForFrameTable, size) }
    try claim(place.rawValue, place.rawValue + size, .kernel, in: &boot)
    // SAFETY: the map calls the place usable, and it has just been claimed for the table alone.
    var frames = FrameAllocator(
      table: unsafe FrameTable(memory: memory, frames: frameCount), first: FrameNumber(0))
    for index in 0..<boot.memoryMap.count { add(boot.memoryMap[index], to: &frames, frameCount: frameCount) }
    return frames
  }

  /// The physical address after the image's last byte.
  static var imageEnd: UInt64 { DirectMap.physicalAddress(ofImageAddress: symbol_data_end()).rawValue }

  private static func claim(
    _ start: UInt64, _ end: UInt64, _ kind: MemoryKind, in boot: inout BootInformation
  ) throws(BootInformationError) {
    guard let range = MemoryRange(base: start, length: end - start, kind: kind) else { return }
    try boot.memoryMap.insert(range)
  }

  private static func add(_ range: MemoryRange, to frames: inout FrameAllocator, frameCount: UInt32) {
    guard range.kind == .usable, let run = range.wholeFrames, run.start.rawValue < frameCount else { return }
    let count = min(run.count, frameCount - run.start.rawValue)
    do {
      try frames.add(FrameRange(start: run.start, count: count))
    } catch {
      // The map is disjoint and has at most as many ranges as the allocator remembers.
      preconditionFailure("the frame allocator refused a range of the memory map")
    }
  }
}
