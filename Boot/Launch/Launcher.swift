import Foundation
import HostSupport
import ImageBuilder

/// The emulators that the project runs on.
public enum Emulator: String, CaseIterable, Hashable, Sendable {
  /// The default and the reference.
  case qemu
  /// An independent implementation of the processor: a second opinion.
  case bochs
}

/// Starts a machine in an emulator and tells how it went.
public struct Launcher: Sendable {
  /// What is started.
  public var machine: GuestMachine
  /// What it is started in.
  public var emulator: Emulator

  /// A launcher for a machine; nothing is started.
  public init(_ machine: GuestMachine, emulator: Emulator = .qemu) {
    self.machine = machine
    self.emulator = emulator
  }

  /// Runs the machine to its end.
  ///
  /// - Throws: `ToolError` if the machine cannot be described to the emulator, or the host has no pipes left.
  public func run(_ options: Session.Options) async throws -> Session.Report {
    var options = options
    // Not where instructions are counted: when it comes depends on the host's time.
    options.repeatsEnd = machine.hostsGuests && !machine.countsInstructions
    let folder = try Files.makeTemporaryFolder()
    defer { try? Files.remove(folder) }
    switch emulator {
    case .qemu:
      let observation = QEMU.Observation(debugConsole: folder + "/debug", machineProtocol: folder + "/qmp")
      let command = QEMU.command(for: machine, observedBy: observation)
      return try await Session(
        wiring: .init(
          command: command, folder: folder, usesTerminals: false, debugConsole: observation.debugConsole,
          machineProtocol: observation.machineProtocol, statusCarriesVerdict: true), options: options
      ).run()
    case .bochs:
      let bochs = try Bochs(machine, folder: folder)
      try bochs.writeFiles()
      return try await Session(
        wiring: .init(
          command: bochs.command, folder: folder, usesTerminals: true, debugConsole: nil,
          machineProtocol: nil,
          log: bochs.log, statusCarriesVerdict: false), options: options
      ).run()
    }
  }

  /// Runs a machine that ended in a triple fault once more, with every exception logged.
  ///
  /// Only QEMU has such a log; for another emulator, and when the second run goes on for longer than `timeout`
  /// seconds, what there is of it is returned.
  public func exceptions(timeout: Double) async throws -> ExceptionLog {
    let folder = try Files.makeTemporaryFolder()
    defer { try? Files.remove(folder) }
    let log = folder + "/exceptions"
    let observation = QEMU.Observation(
      debugConsole: folder + "/debug", machineProtocol: folder + "/qmp", exceptionLog: log)
    _ = try await Session(
      wiring: .init(
        command: QEMU.command(for: machine, observedBy: observation), folder: folder, usesTerminals: false,
        debugConsole: observation.debugConsole, machineProtocol: observation.machineProtocol,
        statusCarriesVerdict: true),
      options: .init(timeout: timeout)
    ).run()
    return ExceptionLog(String(decoding: (try? Files.read(log)) ?? [], as: UTF8.self))
  }
}
