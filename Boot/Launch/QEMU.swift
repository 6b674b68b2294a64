import ABI
import Foundation
import HostSupport
import ImageBuilder

/// QEMU's command lines.
public enum QEMU {
  /// What a run adds to the machine so that the launcher can see how it goes.
  public struct Observation: Hashable, Sendable {
    /// The file that the debug port is written to.
    public var debugConsole: String
    /// The Unix socket that the launcher listens on for QEMU's machine protocol.
    public var machineProtocol: String
    /// The file for exceptions, resets and misuse of devices by the guest, if they are to be logged.
    public var exceptionLog: String?

    /// Names the files of a run.
    public init(debugConsole: String, machineProtocol: String, exceptionLog: String? = nil) {
      self.debugConsole = debugConsole
      self.machineProtocol = machineProtocol
      self.exceptionLog = exceptionLog
    }
  }

  /// The arguments that describe `machine`: all that a user needs to repeat the run by hand.
  public static func arguments(for machine: GuestMachine) -> [String] {
    // No default devices: what is in the machine stands here. An exit of the guest, or its reset, ends QEMU.
    var arguments = ["-nodefaults", "-no-reboot", "-vga", "std"]
    arguments += ["-accel", machine.acceleration.rawValue]
    arguments += ["-cpu", machine.processor]
    arguments += ["-smp", "\(machine.cpus)", "-m", "\(machine.memory)M"]
    if machine.countsInstructions { arguments += ["-icount", "shift=0,sleep=off"] }
    if machine.headless { arguments += ["-display", "none"] }
    let port = "0x" + hexadecimal(UInt64(VerdictChannel.debugExitPort))
    arguments += ["-device", "isa-debug-exit,iobase=\(port),iosize=0x04"]
    arguments += ["-serial", "stdio"]
    switch machine.medium {
    case .kernel(let path, let modules, let commandLine):
      let folder = workingFolder(for: machine)
      func name(_ module: String) -> String {
        guard let folder else { return module }
        let (path, words) = Self.parts(of: module)
        return Self.path(path, from: folder) + words
      }
      arguments += ["-kernel", name(path)]
      // A comma separates modules, so one inside a name is doubled.
      if !modules.isEmpty {
        arguments += ["-initrd", modules.map { name($0).replacing(",", with: ",,") }.joined(separator: ",")]
      }
      if !commandLine.isEmpty { arguments += ["-append", commandLine] }
    case .disc(let path):
      let name = path.replacing(",", with: ",,")
      arguments += ["-drive", "file=\(name),media=cdrom,format=raw,readonly=on", "-boot", "d"]
    case .reset(let rom):
      arguments += ["-bios", rom]
    }
    if let file = machine.memoryFile { arguments += memoryArguments(of: machine, file: file) }
    return arguments + machine.extraArguments
  }

  /// The arguments that make a file the machine's memory.
  private static func memoryArguments(of machine: GuestMachine, file: String) -> [String] {
    let name = file.replacing(",", with: ",,")
    return [
      "-machine", "pc,memory-backend=memory", "-object",
      "memory-backend-file,id=memory,size=\(machine.memory)M,mem-path=\(name),share=on",
    ]
  }

  /// The folder that QEMU must run in, or `nil` if any will do.
  ///
  /// A space ends a module's path for QEMU, and the kernel finds its own path before its command line, where a space
  /// separates words. So paths with spaces are given from the kernel's folder, which leaves out what they share.
  static func workingFolder(for machine: GuestMachine) -> String? {
    guard case .kernel(let path, let modules, _) = machine.medium,
      ([path] + modules).contains(where: { $0.contains(" ") })
    else { return nil }
    return URL(filePath: path).deletingLastPathComponent().path
  }

  /// A module's path, and what stands behind it for the kernel: the description of a guest.
  static func parts(of module: String) -> (path: String, words: String) {
    for word in [" guest ", " guest-ramdisk", " guest-disk"] {
      guard let found = module.firstRange(of: word) else { continue }
      return (String(module[..<found.lowerBound]), String(module[found.lowerBound...]))
    }
    return (module, "")
  }

  /// An absolute path as seen from an absolute folder.
  static func path(_ path: String, from folder: String) -> String {
    let goal = path.split(separator: "/"), start = folder.split(separator: "/")
    let shared = zip(goal, start).prefix { $0 == $1 }.count
    return (start.dropFirst(shared).map { _ in ".." } + goal.dropFirst(shared)).joined(separator: "/")
  }

  /// The command that repeats a run by hand.
  public static func command(for machine: GuestMachine) -> Command {
    Command(
      machine.architecture.emulatorProgram, arguments(for: machine), directory: workingFolder(for: machine))
  }

  /// The command of a run that is watched.
  ///
  /// It starts stopped (`-S`): events that happen before the launcher has said hello on the machine protocol are not
  /// sent, and a kernel can fault faster than that.
  public static func command(for machine: GuestMachine, observedBy observation: Observation) -> Command {
    var arguments = arguments(for: machine)
    arguments += ["-debugcon", "file:\(observation.debugConsole)"]
    arguments += ["-chardev", "socket,id=qmp,path=\(observation.machineProtocol),server=off"]
    arguments += ["-mon", "chardev=qmp,mode=control", "-S"]
    if let log = observation.exceptionLog { arguments += ["-d", "int,cpu_reset,guest_errors", "-D", log] }
    return Command(machine.architecture.emulatorProgram, arguments, directory: workingFolder(for: machine))
  }
}
