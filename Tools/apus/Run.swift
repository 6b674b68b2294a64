import ArgumentParser
import CommandSupport
import Foundation
import HostSupport
import ImageBuilder
import Launch

/// `apus run`: build what is needed, boot it, show its console, end with its status.
struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Builds the kernel, boots it, and shows its serial console.",
    discussion: """
      Standard input goes to the guest's serial port; at its end the guest is told so and finishes by itself. On a \
      terminal, Ctrl-A x ends the run.

      The status is the guest's own if it passed, and otherwise 120 failed check, 121 panic, 122 triple fault, \
      123 hang, 124 time-out, 125 unknown end, 126 emulator refused, 127 emulator missing, 130 interrupted.

      Examples:
        apus run                                          boot x86_64 in QEMU, interactively
        apus run --arch i686 --boot iso2 < /dev/null      through GRUB by Multiboot 2, without input
        apus run --ramdisk ~/files --append log=debug     other files, more messages
        apus run --guest vmlinux --initrd root.cpio --append console=hvc0   a Linux built for lguest, on i686
        apus run --guest vmlinux --initrd root.cpio --shell   our shell beside it, with /proc/guests
        apus run --emulator bochs --timeout 60            in an independent emulator
        apus run --icount --profile calls.json            what each system call costs, in instructions
        apus run --icount --dry-run                       only print the command line
      """)

  @OptionGroup var machineOptions: MachineOptions
  @OptionGroup var common: CommonOptions

  @Option(help: "The program that imitates the machine.")
  var emulator: Emulator = .qemu

  @Option(help: ArgumentHelp("End the run after this many seconds.", valueName: "seconds"))
  var timeout: Double?

  @Option(
    help: ArgumentHelp(
      "At the end, write the root file system into this new folder.", valueName: "folder"))
  var save: String?

  @Option(
    help: ArgumentHelp(
      "Count and time the programs' system calls; at the end write a profile for `apus predict`.",
      valueName: "file.json"))
  var profile: String?

  @Flag(help: "Print the emulator's command line, ready to paste, and stop.")
  var dryRun = false

  mutating func validate() throws {
    if let timeout, !(timeout > 0 && timeout.isFinite) {
      throw ValidationError("--timeout \(timeout): allowed are numbers greater than 0 (seconds)")
    }
    if profile != nil, emulator != .qemu {
      throw ValidationError("--profile reads the debug port; allowed with it: --emulator qemu")
    }
    if let save {
      guard emulator == .qemu else {
        throw ValidationError("--save reads the machine's memory; allowed with it: --emulator qemu")
      }
      guard !FileManager.default.fileExists(atPath: save) else {
        throw ValidationError("--save \(save): there is such a file or folder already")
      }
    }
  }

  func run() async throws {
    let (project, toolchain) = try await common.begin()
    var (machine, kernel) = try await machineOptions.prepare(
      project: project, toolchain: toolchain, emulator: emulator,
      kernelWords: profile == nil ? [] : ["profile=on"])
    let folder = try save.map { _ in try Files.makeTemporaryFolder() }
    defer { if let folder { try? Files.remove(folder) } }
    if let folder, machine.memoryFile == nil { machine.memoryFile = folder + "/memory" }
    Terminal.shared.clearStep()
    if dryRun { return try printCommand(machine, project: project) }

    let symbolizer = try kernel.map { try Symbolizer(kernel: $0, toolchain: toolchain, project: project) }
    let filter = ConsoleFilter(symbolizer: symbolizer) { Terminal.shared.output($0) }
    if isatty(STDIN_FILENO) == 1 { Terminal.shared.note("(the guest's console; Ctrl-A x ends the run)") }
    let report = try await Launcher(machine, emulator: emulator).run(
      .init(timeout: timeout, relaysInput: true, output: filter.take))
    await filter.release()
    if let last = report.serial.last, !last.isNewline { Terminal.shared.output("\n".utf8) }
    if report.outcome == .tripleFault, emulator == .qemu { try await explainReset(of: machine, symbolizer) }
    if let save, let file = machine.memoryFile {
      for path in try SavedRoot.extract(from: file, report: report, to: save) {
        Terminal.shared.note("left out: /\(path)")
      }
    }
    if let profile {
      let unit = machine.countsInstructions ? "instructions" : "ticks"
      let data = try CallProfile(debugPort: report.debug).json(
        source: "apus run --profile, \(machine.architecture.rawValue), \(unit)", unit: unit)
      try Files.write(Array(data), to: profile)
    }
    Terminal.shared.headline(report.outcome.sentence, good: report.outcome.isSuccess)
    if report.outcome.exitStatus != 0 { throw ExitCode(report.outcome.exitStatus) }
  }

  private func printCommand(_ machine: GuestMachine, project: Project) throws {
    switch emulator {
    case .qemu: print(QEMU.command(for: machine).shellLine)
    case .bochs:
      let folder = project.builtFolder + "/bochs"
      let bochs = try Bochs(machine, folder: folder, serialFile: folder + "/serial.txt")
      try bochs.writeFiles()
      print(bochs.command.shellLine)
    }
  }

  private func explainReset(of machine: GuestMachine, _ symbolizer: Symbolizer?) async throws {
    Terminal.shared.step("running once more with the exceptions logged")
    let log = try await Launcher(machine).exceptions(timeout: timeout ?? 30)
    Terminal.shared.clearStep()
    guard log.showsTripleFault else {
      return Terminal.shared.note(
        "the second run had no triple fault: the guest asked for a reset, or chance plays a part")
    }
    var text = log.report()
    if let symbolizer { text = await PanicReport(text).symbolised(by: symbolizer) }
    Terminal.shared.note(
      "the last exceptions before the reset, oldest first:\n" + text.trimmingCharacters(in: .newlines))
  }
}
