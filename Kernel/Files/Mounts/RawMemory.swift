/// Memory for file systems: boot modules, and frames side by side.

import Arch
import Base
import BootInformation
import CMachine
import FileSystemFormat
import FrameAllocator
import Log
import Runtime

/// Takes and gives memory of whole file systems.
enum RawMemory {
  /// Where a boot module can be read and written; `nil` outside the direct map.
  static func address(of module: BootModule) -> UnsafeMutableRawPointer? {
    guard module.end.rawValue <= AddressMap.directMapSize,
      let address = DirectMap.virtualAddress(of: module.start)
    else { return nil }
    return unsafe UnsafeMutableRawPointer(bitPattern: address.rawValue)
  }

  /// Frames side by side for at least `byteCount` bytes, with undefined content.
  static func takeRun(_ byteCount: Int) -> BlockStore? {
    let frames = (byteCount + pageSize - 1) >> pageShift
    guard frames > 0, let count = UInt32(exactly: frames) else { return nil }
    do throws(FrameAllocatorError) {
      // Below 3 GiB, where the host finds them in the machine's memory by the same number.
      let run = try NodeReference().node.frames.allocateRun(count, below: FrameNumber(0xC_0000), for: .file)
      guard let base = unsafe UnsafeMutableRawPointer(bitPattern: Frames.address(of: run.start).rawValue)
      else {
        return nil
      }
      // SAFETY: the frames have just been given, for ever.
      return unsafe BlockStore(base: base, count: frames << pageShift)
    } catch {
      return nil
    }
  }

  /// Gives back what `takeRun` gave, by its address and size.
  static func giveBack(_ address: UInt, _ byteCount: Int) {
    let first = UInt32(truncatingIfNeeded: (address - AddressMap.directMap.rawValue) >> UInt(pageShift))
    let run = FrameRange(start: FrameNumber(first), count: UInt32(byteCount >> pageShift))
    do throws(FrameAllocatorError) {
      try NodeReference().node.frames.freeRun(run)
    } catch {
      panic("a run of frames was given back that was not taken")
    }
  }

  /// A run of `byteCount` bytes that begins with a copy of `source`; what follows is undefined.
  static func copy(_ source: borrowing BlockStore, toRunOf byteCount: Int) -> BlockStore? {
    guard var store = takeRun(byteCount) else { return nil }
    store.copy(source.bytes, from: 0, count: min(source.byteCount, byteCount), to: 0)
    return store
  }

  /// Gives the whole frames of a boot module to the allocator; nobody may look at it again.
  static func free(_ module: BootModule) {
    let first = (module.start.rawValue + UInt64(pageSize - 1)) >> UInt64(pageShift)
    let end = module.end.rawValue >> UInt64(pageShift)
    guard first < end else { return }
    let run = FrameRange(
      start: FrameNumber(UInt32(truncatingIfNeeded: first)), count: UInt32(truncatingIfNeeded: end - first))
    do throws(FrameAllocatorError) {
      try NodeReference().node.frames.add(run)
    } catch {
      // The loader's map may end before the module does; then its memory stays unused.
      log(.debug, "files", "the ramdisk's module is not given back")
    }
  }
}
