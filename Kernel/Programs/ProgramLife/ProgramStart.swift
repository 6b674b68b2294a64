/// From a node that has started to its first program.

import Arch
import Base
import BootInformation
import CMachine
import Clocks
import LinuxABI
import Log
import Mounts
import Paging
import ProgramFiles
import ProgramRecords
import ProgramSignals
import Randomness
import Runtime
import Scheduling
import UserMemory
import VirtualFileSystem

/// What the node runs besides itself.
public enum ProgramStart {
  /// Makes the tree of files and all that programs need.
  ///
  /// - Returns: whether there was memory enough.
  @export(interface)
  public static func prepare() -> Bool {
    guard ProgramFiles.start() else {
      log(.error, "programs", "no memory for the tree of files")
      return false
    }
    Programs.start(channelCount: ProgramFiles().tree.channelCount)
    Programs().system.isProfiling = NodeReference().node.options.profilesCalls
    setClock()
    guard Mounts.mountAll(in: &ProgramFiles().tree, at: ProgramFiles.now) else { return false }
    do {
      try UserMemory.start(hooks)
    } catch {
      log(.error, "programs", "no memory for programs' pages")
      return false
    }
    Programs.takeExceptions()
    Threads.keepSpareFloatingPointStates()
    CallPage.make()
    return true
  }

  /// Sets the time of day from the machine's clock.
  private static func setClock() {
    let programs = Programs()
    let identity = NodeReference().node.identity
    var name: Text = "apus"
    if !identity.ownsDevices { name.append(contentsOf: "-\(identity.number)") }
    for index in 0..<name.count { programs.system.hostName[index] = name[index] }
    ProgramFiles().tree.random.mix(cpu_rdtsc())
    // The clock is the first node's device: on the others time begins in 1970 unless a program sets it.
    guard identity.ownsDevices else { return }
    let date = RealTimeClock.read()
    let seconds = Calendar.seconds(
      year: date.year, month: date.month, day: date.day, hour: date.hour, minute: date.minute,
      second: date.second)
    programs.system.startTime = UInt64(max(0, seconds)) * 1_000_000_000 &- programs.uptime
    ProgramFiles().tree.random.mix(UInt64(truncatingIfNeeded: seconds))
  }

  /// What the memory of programs asks of processes and files.
  private static var hooks: UserMemoryHooks {
    var hooks = UserMemoryHooks()
    hooks.currentSpace = {
      guard let thread = ProgramThreadReference(Threads.current) else { return 0 }
      return thread.fields.process.fields.space.address
    }
    hooks.outOfMemory = {
      guard let thread = ProgramThreadReference(Threads.current) else { return }
      Programs().endForMemory(thread)
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
    hooks.live = { file, page, isWritten in
      let files = ProgramFiles()
      let node = FileNode(rawValue: file)
      switch files.tree.sharedPage(page, of: node, isWritten: isWritten, at: ProgramFiles.now) {
      case .none: return 0
      case .zeros: return .max
      case .block(let address): return UInt32((address - AddressMap.directMap.rawValue) >> UInt(pageShift))
      }
    }
    hooks.hold = { file, isShared in
      let node = FileNode(rawValue: file)
      if isShared { ProgramFiles().tree.holdShared(node) } else { ProgramFiles().tree.hold(node) }
    }
    hooks.letGo = { file, isShared in
      let node = FileNode(rawValue: file)
      if isShared { ProgramFiles().tree.letGoShared(node) } else { ProgramFiles().tree.letGo(node) }
    }
    return hooks
  }

  /// Starts the first program, if the ramdisk has one.
  ///
  /// - Returns: whether it was started.
  @export(interface)
  public static func startInitialProgram() -> Bool {
    guard var list = ProgramArguments() else { return false }
    var nameStart: Int?
    do throws(ErrorNumber) {
      let start = try arguments(&list)
      nameStart = start
      do throws(ThreadError) {
        try Console.start()
        try Programs.startTimers()
      } catch { throw ErrorNumber.outOfMemory }
      cpu_cli()
      defer { cpu_sti() }
      try Programs().startInitialProcess(&list, nameStart: start)
    } catch {
      var text: Text = "the first program, "
      // As it stands behind program=, if it was read that far.
      for index in (nameStart ?? list.count)..<list.count where list.strings.bytes[index] != 0 {
        text.append(printable: list.strings.bytes[index])
      }
      text.append(", was not started: ")
      append(error, to: &text)
      log(.error, "programs", text)
      return false
    }
    return true
  }

  /// Why a program can't be started, in words where users can do something about it.
  private static func append(_ error: ErrorNumber, to text: inout Text) {
    switch error {
    case .noSuchFile: text.append("there is no such file in the ramdisk")
    case .notDirectory: text.append("a part of its path is no directory")
    case .accessDenied: text.append("it is no file, or its mode does not allow to execute it")
    case .notExecutable: text.append("it is no static executable that this kernel runs")
    case .outOfMemory: text.append("there is too little memory")
    default:
      text.append("error ")
      text.append(decimal: UInt64(UInt32(bitPattern: error.rawValue)))
    }
  }
}
