import Foundation
import HostSupport
import ImageBuilder
import Subprocess

/// QEMU that waits for gdb, and gdb that knows the kernel.
public struct DebugSession: Sendable {
  /// The machine that is debugged.
  public var machine: GuestMachine
  /// The linked kernel with its debug information.
  public var kernel: String
  /// The TCP port on which QEMU waits.
  public var port: Int
  /// Where the script and the console's transcript go.
  public var folder: String

  /// Describes a session; nothing is started.
  public init(machine: GuestMachine, kernel: String, port: Int, folder: String) {
    self.machine = machine
    self.kernel = kernel
    self.port = port
    self.folder = folder
  }

  /// A port of the user's own, as in xv6: users of one machine do not meet.
  public static var defaultPort: Int { 25_000 + Int(getuid()) % 5000 }

  /// The commands by which gdb meets the kernel.
  ///
  /// A hardware breakpoint, because the page of `kernel_entry` is not mapped when gdb connects. The architecture is
  /// stated: QEMU's x86_64 machine always shows 64-bit registers, and gdb would believe the first instruction's mode.
  public var script: String {
    """
    set confirm off
    set pagination off
    set complaints 0
    set architecture \(machine.architecture == .i686 ? "i386" : "i386:x86-64")
    file \(kernel)
    target remote localhost:\(port)
    hbreak kernel_entry
    continue

    """
  }

  /// The file with the script.
  public var scriptPath: String { folder + "/debug.gdb" }
  /// The file with what the guest writes to the serial line while gdb has the terminal.
  public var consolePath: String { folder + "/debug-console.txt" }

  /// QEMU's command; the serial line goes to the console file if gdb takes the terminal.
  public func emulatorCommand(consoleToFile: Bool) -> Command {
    var arguments = QEMU.arguments(for: machine)
    if consoleToFile, let index = arguments.firstIndex(of: "-serial") {
      arguments[index + 1] = "file:\(consolePath)"
    }
    return Command(machine.architecture.emulatorProgram, arguments + ["-S", "-gdb", "tcp:localhost:\(port)"])
  }

  /// gdb's command.
  public func debuggerCommand(batch: Bool = false, commands: [String] = []) -> Command {
    // -nx: a user's own settings stay out of a session that others shall be able to repeat.
    Command(
      "gdb",
      ["-q", "-nx"] + (batch ? ["-batch"] : []) + ["-x", scriptPath] + commands.flatMap { ["-ex", $0] })
  }

  /// Runs the session to its end; returns gdb's status, or QEMU's without gdb.
  ///
  /// - Throws: `ToolError` if a program cannot be started.
  public func run(startsGDB: Bool, batch: Bool, commands: [String]) async throws -> Int32 {
    try Files.write(script, to: scriptPath)
    let emulator = emulatorCommand(consoleToFile: startsGDB)
    guard startsGDB else {
      Terminal.shared.note(
        "QEMU waits on port \(port); in another terminal:\n  \(debuggerCommand().shellLine)")
      return try await emulator.statusInForeground()
    }
    try Files.remove(consolePath)
    Terminal.shared.note("the guest's console goes to \(consolePath)")
    Terminal.shared.command(emulator.shellLine)
    // Ctrl-C belongs to gdb: it interrupts the guest.
    signal(SIGINT, SIG_IGN)
    var platform = PlatformOptions()
    platform.createSession = true
    let debugger = debuggerCommand(batch: batch, commands: commands)
    do {
      let result = try await Subprocess.run(
        emulator.executable, arguments: Arguments(emulator.arguments), platformOptions: platform,
        input: .none, output: .discarded,
        error: .discarded
      ) { execution in
        // gdb tries for some seconds to connect, so QEMU has the time to open its port.
        let status = try await debugger.statusInForeground()
        await execution.teardown(using: [.gracefulShutDown(allowedDurationToNextStep: .seconds(1))])
        return status
      }
      return result.closureResult
    } catch let error as SubprocessError {
      throw ToolError("\(emulator.program) could not be run: \(error)", exitStatus: 127)
    }
  }
}
