import HostSupport
import ImageBuilder

/// Bochs's configuration for a machine.
///
/// Debian's Bochs has its debugger built in, which waits for a command before the machine starts: the `-rc` file gives
/// it (`c`, continue). It draws the guest's screen on its terminal, so it runs on a pseudo-terminal whose output is
/// read for one thing only: what the guest writes to the debug port appears there (`port_e9_hack`). The serial line
/// is a second pseudo-terminal.
public struct Bochs: Sendable {
  private let machine: GuestMachine
  private let folder: String
  private let serialFile: String?

  /// Prepares a configuration in `folder`.
  ///
  /// - Parameter serialFile: where the serial output goes, if not to the terminal whose name is `folder`/serial.
  /// - Throws: `ToolError` if Bochs has no counterpart of what the machine asks for.
  public init(_ machine: GuestMachine, folder: String, serialFile: String? = nil) throws {
    guard case .disc = machine.medium else {
      throw ToolError(
        "Bochs boots from a disc only, not from a kernel file", advice: "--boot iso, or --boot iso2")
    }
    guard !machine.countsInstructions, machine.acceleration == .tcg else {
      throw ToolError("--icount and --accel kvm are QEMU's", advice: "--emulator qemu")
    }
    // Debian builds Bochs with support for several processors; its configuration allows 1 to 255.
    guard (1...255).contains(machine.cpus) else {
      throw ToolError("Bochs has 1 to 255 CPUs, not \(machine.cpus)")
    }
    self.machine = machine
    self.folder = folder
    self.serialFile = serialFile
  }

  /// The file with Bochs's own messages.
  public var log: String { folder + "/bochs.log" }

  /// The command that starts it.
  public var command: Command {
    Command("bochs", ["-q", "-f", folder + "/bochsrc", "-rc", folder + "/commands"])
  }

  /// The processor model: one with PAE and NX for either architecture, with long mode for the wider one.
  private var model: String { "corei7_haswell_4770" }

  /// The text of the configuration file.
  public var configuration: String {
    guard case .disc(let disc) = machine.medium else { return "" }
    let serial = serialFile.map { "mode=file, dev=\($0)" } ?? "mode=term, dev=\(folder)/serial"
    return """
      config_interface: textconfig
      display_library: term
      megs: \(machine.memory)
      cpu: model=\(model), count=\(machine.cpus), ips=50000000, reset_on_triple_fault=0
      romimage: file=/usr/share/bochs/BIOS-bochs-latest
      vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
      ata0-master: type=cdrom, path="\(disc)", status=inserted
      boot: cdrom
      com1: enabled=1, \(serial)
      port_e9_hack: enabled=1
      log: \(log)
      panic: action=fatal
      error: action=report
      info: action=report
      debug: action=ignore
      speaker: enabled=0
      sound: driver=dummy
      magic_break: enabled=0

      """
  }

  /// Writes the configuration and the debugger's commands.
  ///
  /// - Throws: `ToolError` if a file cannot be written.
  public func writeFiles() throws {
    try Files.write(configuration, to: folder + "/bochsrc")
    try Files.write("c\n", to: folder + "/commands")
  }
}
