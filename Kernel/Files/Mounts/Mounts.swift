/// What is mounted where when the node starts: the boot module as the root, and `/dev`, `/tmp` and `/proc`.
///
/// A file system lies in frames side by side, which the kernel reaches through its direct map: every block has an
/// address without a table, a file's page can be copied from where it lies, and an image of the boot loader is used
/// in place. The price is a run of frames that must be found at start, while memory is whole.
///
/// | boot module | root |
/// |---|---|
/// | an image of `mkimage` | the module itself, changed in place |
/// | such an image without its free end | a run of the image's full size; the module's frames become free |
/// | a cpio archive | a run of `ramdisk=` MiB, formatted and filled; the module's frames become free |
/// | none | an empty file system |
///
/// A size that nobody has asked for is a power of two: the frame allocator has runs of such lengths, and would need one
/// of twice the length for a frame more.

import ABI
import Arch
import Archive
import ArchiveLoading
import Base
import BootInformation
import CMachine
import CommandLine
import FileSystem
import FileSystemCheck
import FileSystemFormat
import FrameAllocator
import LinuxABI
import Log
import OpenFiles
import Runtime
import VirtualFileSystem

/// Mounts what a node starts with.
public enum Mounts {
  /// Mounts all; what is wrong is logged.
  ///
  /// - Returns: whether there is a root.
  @export(interface)
  public static func mountAll(in tree: inout VirtualFileSystem, at now: Timestamp) -> Bool {
    guard mountRoot(in: &tree, at: now) else { return false }
    do throws(ErrorNumber) {
      if let devices = makeDevices(at: now) {
        try tree.mount(devices, .devices, onDirectory: "dev", permissions: 0o755)
      }
      // An eighth of what is left, between 1 and 64 MiB.
      let share = RootSize.powerOfTwo(atMost: min(max(freeBytes / 8, 1 << 20), 64 << 20))
      if let temporary = makeEmpty(byteCount: share, rootMode: 0o1777, at: now) {
        try tree.mount(temporary, .temporary, onDirectory: "tmp", permissions: 0o1777)
      }
      try tree.mountProcesses(onDirectory: "proc")
      try tree.makeConsole()
    } catch {
      log(.error, "files", "a mount was refused, error \(UInt32(bitPattern: error.rawValue))")
    }
    return true
  }

  // MARK: - The root

  private static func mountRoot(in tree: inout VirtualFileSystem, at now: Timestamp) -> Bool {
    let reference = NodeReference()
    guard reference.node.boot.moduleCount > 0 else {
      log(.info, "files", "the boot loader brought no ramdisk: the root is empty")
      return mountEmptyRoot(in: &tree, at: now)
    }
    let module = reference.node.boot.module(at: 0)
    guard let start = unsafe RawMemory.address(of: module) else {
      log(.error, "files", "the ramdisk lies outside the direct map, at \(module.start)")
      return mountEmptyRoot(in: &tree, at: now)
    }
    // SAFETY: the memory map has the module as boot data, which nobody else is given.
    let store = unsafe BlockStore(base: start, count: Int(module.byteCount))
    if Superblock.isThere(in: store) {
      return mountImage(store, module, in: &tree) || mountEmptyRoot(in: &tree, at: now)
    }
    return mountArchive(store, module, in: &tree, at: now)
  }

  private static func mountEmptyRoot(in tree: inout VirtualFileSystem, at now: Timestamp) -> Bool {
    guard let disk = makeEmpty(byteCount: rootSize(for: 0), rootMode: 0o755, at: now) else { return false }
    tree.mountRoot(disk)
    return true
  }

  /// The size of a root that is made here: `ramdisk=`, or what seems right for `content` bytes.
  private static func rootSize(for content: Int) -> Int {
    let asked = NodeReference().node.options.ramdisk
    return asked > 0 ? Int(asked) << 20 : RootSize.bytes(forContent: content, free: freeBytes)
  }

  private static func mountArchive(
    _ store: consuming BlockStore, _ module: BootModule, in tree: inout VirtualFileSystem, at now: Timestamp
  ) -> Bool {
    guard var disk = makeEmpty(byteCount: rootSize(for: store.byteCount), rootMode: 0o755, at: now) else {
      return false
    }
    let bytes = store.bytes
    do throws(ArchiveLoadError) {
      let count = try ArchiveLoader.load(bytes, into: &disk)
      log(.info, "files", "the root has \(UInt32(count)) files of a cpio archive, \(bytes: module.byteCount)")
      giveBack(module)
    } catch {
      switch error {
      case .archive(let reason):
        log(.error, "files", "the ramdisk: \(reason.sentence), at byte \(UInt32(reason.offset))")
      case .file(let reason, let place):
        log(
          .error, "files",
          "the ramdisk: the file named at byte \(UInt32(place)) was refused, error \(UInt32(reason.errorNumber))"
        )
      }
    }
    tree.mountRoot(disk)
    return true
  }

  private static func mountImage(
    _ store: consuming BlockStore, _ module: BootModule, in tree: inout VirtualFileSystem
  ) -> Bool {
    var store = store
    do throws(FileSystemError) {
      let size = try Superblock.fullByteCount(of: store)
      if size > store.byteCount {
        guard let whole = RawMemory.copy(store, toRunOf: size) else {
          log(.error, "files", "no room for the ramdisk: \(bytes: UInt64(size)) in one piece")
          return false
        }
        store = whole
        giveBack(module)
      }
      let verdict = ImageCheck.verdict(on: store)
      let disk = try FileSystem(mounting: store, readOnly: verdict != .sound)
      tree.mountRoot(disk)
      let information = tree.fileSystem(of: tree.rootNode)
      log(
        .info, "files",
        "the root is an image of \(bytes: UInt64(size)), \(bytes: information.freeBlocks * 4096) free\(verdict.phrase)"
      )
      return true
    } catch {
      if case .corrupt(let reason) = error {
        var text: Text = "the ramdisk is refused: "
        text.append(reason.reason)
        log(.error, "files", text)
      } else {
        log(.error, "files", "the ramdisk is refused, error \(UInt32(error.errorNumber))")
      }
      return false
    }
  }

  /// Gives back the memory of a ramdisk that was copied.
  private static func giveBack(_ module: BootModule) {
    // A guest may have a file of it for a disk.
    if NodeReference().node.guests == 0 { RawMemory.free(module) }
  }

  // MARK: - Others

  private static func makeDevices(at now: Timestamp) -> FileSystem? {
    let size = DeviceFiles.blockCount * FileSystemLimits.blockSize
    guard var disk = makeEmpty(byteCount: size, rootMode: 0o755, at: now) else { return nil }
    do throws(FileSystemError) {
      try DeviceFiles.fill(&disk, at: now)
      return disk
    } catch {
      log(.error, "files", "no room for /dev")
      return nil
    }
  }

  /// An empty file system in frames of its own.
  private static func makeEmpty(byteCount: Int, rootMode: UInt16, at now: Timestamp) -> FileSystem? {
    guard let store = RawMemory.takeRun(byteCount) else {
      log(.error, "files", "no \(bytes: UInt64(byteCount)) of memory in one piece")
      return nil
    }
    // One file for 16 KiB, as usual; at least as many as /dev needs.
    let inodes = UInt32(min(max(byteCount >> 14, 64), 65_536)) & ~15
    do throws(FileSystemError) {
      return try FileSystem(formatting: store, inodeCount: inodes, rootMode: rootMode, at: now)
    } catch {
      log(.error, "files", "a file system of \(bytes: UInt64(byteCount)) is refused")
      return nil
    }
  }

  /// Bytes that files and programs may count on: all that is free, or a quarter of it where guests want the rest.
  private static var freeBytes: Int {
    let bytes = Int(NodeReference().node.frames.freeCount) << pageShift
    return NodeReference().node.guests == 0 ? bytes : bytes / 4
  }

  // MARK: - The end

  /// Whether a boot module is a file system's image: what is in it is known when it is mounted.
  @export(interface)
  public static func isImage(_ module: BootModule) -> Bool {
    guard let start = unsafe RawMemory.address(of: module) else { return false }
    // SAFETY: the memory map has the module as boot data, which nobody else is given.
    return Superblock.isThere(in: unsafe BlockStore(base: start, count: Int(module.byteCount)))
  }

  /// Brings the root into the state that is saved, and tells the host where it lies.
  ///
  /// Nothing can be changed afterwards.
  @export(interface)
  public static func finish(_ tree: inout VirtualFileSystem) {
    do throws(ErrorNumber) {
      try tree.finishRoot()
    } catch {
      log(.error, "files", "the root could not be finished, error \(UInt32(bitPattern: error.rawValue))")
      return
    }
    let (address, count) = tree.rootMemory
    SavedTree.announce(at: UInt64(address - AddressMap.directMap.rawValue), byteCount: UInt64(count))
  }
}
