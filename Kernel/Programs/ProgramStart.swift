/// From a node that has started to its first program.

import ABI
import Arch
import Archive
import Base
import BootInformation
import CMachine
import Clocks
import CommandLine
import Core
import FileSystem
import FileSystemFormat
import FrameAllocator
import LinuxABI
import Log
import Paging
import Randomness
import Regions
import Scheduling
import Start
import UserMemory
import VirtualFileSystem

/// What the node runs besides itself.
public enum ProgramStart {
  /// Makes the tree of files and all that programs need.
  ///
  /// - Returns: whether there is one: it takes a ramdisk.
  @export(interface)
  public static func prepare() -> Bool {
    let reference = NodeReference()
    guard reference.node.boot.moduleCount > 0 else { return false }
    guard makeFiles() else {
      log(.error, "programs", "no memory for the tree of files")
      return false
    }
    Programs.start(channelCount: ProgramFiles().tree.channelCount)
    setClock()
    guard mountAll() else { return false }
    do {
      try UserMemory.start(hooks)
    } catch {
      log(.error, "programs", "no memory for programs' pages")
      return false
    }
    Programs.takeExceptions()
    CallPage.make()
    return true
  }

  /// Memory for the tree.
  private static func makeFiles() -> Bool {
    let count = VirtualFileSystem.byteCount(for: FileLimits())
    guard let memory = unsafe takeRun(count),
      let buffer = unsafe takeRun(ProgramFiles.bufferSize + 2 * ProgramFiles.pathSize)
    else { return false }
    let place = KernelHeap.allocate(MemoryLayout<FilesRecord>.size)
    guard let record = unsafe UnsafeMutablePointer<FilesRecord>(bitPattern: place.rawValue) else {
      return false
    }
    // SAFETY: the runs were taken for the tree and its buffer alone, and the heap has just given the record.
    unsafe record.initialize(
      to: FilesRecord(VirtualFileSystem(at: memory), buffer: buffer.assumingMemoryBound(to: UInt8.self)))
    NodeReference().node.files = place.rawValue
    return true
  }

  /// Frames in a row, as the kernel sees them.
  private static func takeRun(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let frames = UInt32((byteCount + pageSize - 1) / pageSize)
    guard let run = try? NodeReference().node.frames.allocateRun(frames, for: .file) else { return nil }
    return unsafe UnsafeMutableRawPointer(bitPattern: Frames.address(of: run.start).rawValue)
  }

  /// Mounts the root, `/dev`, `/tmp` and `/proc`.
  private static func mountAll() -> Bool {
    let files = ProgramFiles()
    let now = ProgramFiles.now
    let module = NodeReference().node.boot.module(at: 0)
    guard let bytes = Ramdisk.span(of: module) else { return false }
    do throws(FileSystemError) {
      // A power of two, which is what the allocator has most of: a quarter of what is free, if the content fits.
      let free = Int(NodeReference().node.frames.freeCount) * pageSize
      var size = 1 << 20
      while size < min(free / 4, 64 << 20) || size < bytes.count * 3 / 2 { size *= 2 }
      if size > free / 2 { size /= 2 }
      guard let root = disk(size) else { return false }
      files.tree.mountRoot(
        try FileSystem(formatting: root, inodeCount: UInt32(min(size / 8192, 8192)), at: now))
      guard Unpacking.unpack(bytes) else { return false }
      guard let devices = disk(DeviceFiles.blockCount * 4096),
        let temporary = disk(size / 4)
      else { return false }
      var deviceDisk = try FileSystem(formatting: devices, inodeCount: 64, at: now)
      try DeviceFiles.fill(&deviceDisk, at: now)
      let temporaryDisk = try FileSystem(formatting: temporary, inodeCount: 1024, rootMode: 0o1777, at: now)
      do throws(ErrorNumber) {
        try files.tree.mount(deviceDisk, .devices, onDirectory: "dev", permissions: 0o755)
        try files.tree.mount(temporaryDisk, .temporary, onDirectory: "tmp", permissions: 0o1777)
        try files.tree.mountProcesses(onDirectory: "proc")
        try files.tree.makeConsole()
      } catch {
        log(.error, "programs", "a mount failed: error \(UInt32(bitPattern: error.rawValue))")
        return false
      }
    } catch {
      log(.error, "programs", "the ramdisk has no room: error \(UInt32(bitPattern: error.errorNumber))")
      return false
    }
    return true
  }

  private static func disk(_ byteCount: Int) -> BlockStore? {
    guard let memory = unsafe takeRun(byteCount) else {
      log(.error, "programs", "no \(bytes: UInt64(byteCount)) in a row for a disk")
      return nil
    }
    // SAFETY: the frames were taken for the disk alone.
    return unsafe BlockStore(base: memory, count: byteCount)
  }

  /// Sets the time of day from the machine's clock.
  private static func setClock() {
    let programs = Programs()
    let date = RealTimeClock.read()
    let seconds = Calendar.seconds(
      year: date.year, month: date.month, day: date.day, hour: date.hour, minute: date.minute,
      second: date.second)
    programs.system.startTime = UInt64(max(0, seconds)) * 1_000_000_000 &- programs.uptime
    let name: StaticString = "apus"
    for index in 0..<name.utf8CodeUnitCount { programs.system.hostName[index] = unsafe name.utf8Start[index] }
    ProgramFiles().tree.random.mix(cpu_rdtsc())
    ProgramFiles().tree.random.mix(UInt64(truncatingIfNeeded: seconds))
  }

  /// What the memory of programs asks of processes and files.
  private static var hooks: UserMemoryHooks {
    var hooks = UserMemoryHooks()
    hooks.currentSpace = {
      guard let thread = ProgramThreadReference(Threads.current) else { return 0 }
      return thread.fields.process.fields.space.address
    }
    hooks.fill = { frame, file, page, count in
      let address = Frames.address(of: FrameNumber(frame)).rawValue
      guard let place = unsafe UnsafeMutablePointer<UInt8>(bitPattern: address) else { return 2 }
      // SAFETY: the frame is given for this page alone.
      var buffer = unsafe MutableSpan(_unsafeStart: place, count: pageSize)
      let wanted = min(count, pageSize)
      var got = 0
      do throws(ErrorNumber) {
        var part = buffer._mutatingExtracting(0..<wanted)
        got = try ProgramFiles().tree.read(FileNode(rawValue: file), at: page * UInt64(pageSize), into: &part)
      } catch { return 2 }
      for index in got..<pageSize { buffer[index] = 0 }
      return got == 0 ? 1 : 0
    }
    hooks.hold = { ProgramFiles().tree.hold(FileNode(rawValue: $0)) }
    hooks.letGo = { ProgramFiles().tree.letGo(FileNode(rawValue: $0)) }
    return hooks
  }

  /// Starts the first program, if the ramdisk has one.
  ///
  /// - Returns: whether it was started.
  @export(interface)
  public static func startInitialProgram() -> Bool {
    guard var list = ProgramArguments() else { return false }
    let reference = NodeReference()
    do throws(ErrorNumber) {
      let nameStart = try arguments(&list)
      do throws(ThreadError) {
        try Console.start()
        try Programs.startTimers()
      } catch { throw ErrorNumber.outOfMemory }
      cpu_cli()
      defer { cpu_sti() }
      try Programs().startInitialProcess(&list, nameStart: nameStart)
    } catch {
      log(
        .error, "programs", "the first program was not started: error \(UInt32(bitPattern: error.rawValue))")
      return false
    }
    _ = reference
    return true
  }
}
