import Foundation
import HostSupport
import Subprocess

/// One run of an emulator, watched from start to end.
///
/// swift-subprocess starts the emulator, owns it and collects its status. The traffic is another matter: the serial
/// line, the user's keyboard, the machine protocol, signals and three clocks must be waited for together, and
/// swift-subprocess offers each stream as a sequence of its own and no pseudo-terminals. So its child gets our file
/// descriptors, and one loop around `poll` on a thread of its own serves them all, in an order that can be read.
public struct Session: Sendable {
  /// How the launcher talks to an emulator.
  struct Wiring: Sendable {
    /// The emulator's command.
    var command: Command
    /// The folder with the files of this run.
    var folder: String
    /// Whether the emulator needs a terminal as its standard streams, with the serial line on another.
    var usesTerminals: Bool
    /// The file that the debug port is written to, or `nil` if it goes to the emulator's standard output.
    var debugConsole: String?
    /// The socket of the machine protocol, if the emulator speaks it.
    var machineProtocol: String?
    /// The emulator's own log, if it writes one, in which some ends of a run show.
    var log: String?
    /// Whether `isa-debug-exit` is there.
    var statusCarriesVerdict: Bool
  }

  /// What the caller decides about a run.
  public struct Options: Sendable {
    /// Seconds after which the run is ended, or `nil` for never.
    public var timeout: Double?
    /// Whether standard input is relayed to the serial line.
    public var relaysInput: Bool
    /// What the guest is sent on the serial line when it first speaks, before any relayed input; its end follows.
    public var input: [UInt8]?
    /// Seconds of silence in a tight uninterruptible loop that count as a hang.
    public var hangPatience: Double
    /// Whether the end of input is told again whenever the guest has been silent for a while.
    ///
    /// It is a byte to the guest, and a terminal inside may lose it: Linux's does while its first program still starts.
    public var repeatsEnd = false
    /// Receives what the guest writes to the serial line, as it comes; called on one thread.
    public var output: @Sendable ([UInt8]) -> Void

    /// Options of a run that nobody watches and that has no input.
    public init(
      timeout: Double? = nil, relaysInput: Bool = false, input: [UInt8]? = nil, hangPatience: Double = 5,
      output: @escaping @Sendable ([UInt8]) -> Void = { _ in }
    ) {
      self.timeout = timeout
      self.relaysInput = relaysInput
      self.input = input
      self.hangPatience = hangPatience
      self.output = output
    }
  }

  /// What a run left.
  public struct Report: Sendable {
    /// How it ended.
    public var outcome: Outcome
    /// Why that is the outcome.
    public var evidence: RunEvidence
    /// All that the guest wrote to the serial line, each line ended by a line feed alone.
    public var serial: String
    /// All that it wrote to the debug port.
    public var debug: String
    /// Wall time from start to end, in seconds.
    public var seconds: Double
  }

  /// The byte that tells the guest's console that there is no more input: end of transmission.
  public static let endOfInput: UInt8 = 0x04

  let wiring: Wiring
  let options: Options

  /// Runs the emulator to its end.
  ///
  /// - Throws: `ToolError` if no pipe or socket can be made. An emulator that cannot be started is an outcome.
  func run() async throws -> Report {
    let start = ContinuousClock.now
    guard Executables.path(of: wiring.command.program) != nil else {
      let outcome = Outcome.emulatorMissing(wiring.command.program)
      return Report(outcome: outcome, evidence: RunEvidence(), serial: "", debug: "", seconds: 0)
    }
    Terminal.shared.command(wiring.command.shellLine)

    let ends: SessionLoop.Ends
    var childInput: OwnedDescriptor, childOutput: OwnedDescriptor, childErrors: OwnedDescriptor
    let errors = try Descriptors.makePipe()
    childErrors = errors.write
    if wiring.usesTerminals {
      let screen = try Descriptors.makeTerminal()
      let serial = try Descriptors.makeTerminal()
      try Files.replace(wiring.folder + "/serial") { symlink(serial.path, $0) }
      childInput = OwnedDescriptor(dup(screen.far.number))
      childOutput = screen.far
      ends = SessionLoop.Ends(
        serialIn: serial.near, serialOut: serial.near, keep: serial.far, screen: screen.near,
        errors: errors.read,
        listener: nil)
    } else {
      let input = try Descriptors.makePipe()
      let output = try Descriptors.makePipe()
      childInput = input.read
      childOutput = output.write
      ends = SessionLoop.Ends(
        serialIn: output.read, serialOut: input.write, keep: nil, screen: nil, errors: errors.read,
        listener: try wiring.machineProtocol.map(Descriptors.listen(at:)))
    }

    var platform = PlatformOptions()
    // Its own session: keys that make signals on the user's terminal reach only us, and we end the emulator.
    platform.createSession = true
    platform.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .milliseconds(500))]
    let environment = wiring.usesTerminals ? Environment.inherit.updating(["TERM": "xterm"]) : .inherit
    let options = options
    let wiring = wiring
    let result = try await Subprocess.run(
      wiring.command.executable, arguments: Arguments(wiring.command.arguments), environment: environment,
      workingDirectory: wiring.command.directory.map { .init($0) }, platformOptions: platform,
      input: .fileDescriptor(.init(rawValue: childInput.number), closeAfterSpawningProcess: false),
      output: .fileDescriptor(.init(rawValue: childOutput.number), closeAfterSpawningProcess: false),
      error: .fileDescriptor(.init(rawValue: childErrors.number), closeAfterSpawningProcess: false)
    ) { execution in
      // The child has its copies; ours would keep the streams from ending.
      childInput.closeNow()
      childOutput.closeNow()
      childErrors.closeNow()
      let process = execution.processIdentifier.value
      return await withCheckedContinuation { continuation in
        Thread.detachNewThread {
          let loop = SessionLoop(ends: ends, options: options, process: process, log: wiring.log)
          loop.run()
          continuation.resume(returning: loop.record)
        }
      }
    }

    let record = result.closureResult
    let debugBytes = wiring.debugConsole.map { (try? Files.read($0)) ?? [] } ?? record.screen
    var evidence = RunEvidence(statusCarriesVerdict: wiring.statusCarriesVerdict)
    switch result.terminationStatus {
    case .exited(let status): evidence.termination = .exited(status)
    case .signaled(let signal): evidence.termination = .signalled(signal)
    }
    evidence.intervention = record.intervention
    evidence.record = VerdictRecord(in: String(decoding: debugBytes, as: UTF8.self))
    evidence.shutdownReasons = record.shutdownReasons
    evidence.complaints = String(decoding: record.errors, as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    if let log = wiring.log, let text = try? Files.read(log) {
      BochsLog(String(decoding: text, as: UTF8.self)).complete(&evidence)
    }
    return Report(
      outcome: evidence.outcome, evidence: evidence,
      serial: String(decoding: record.serial, as: UTF8.self).replacing("\r\n", with: "\n"),
      debug: String(decoding: debugBytes, as: UTF8.self),
      seconds: (ContinuousClock.now - start) / .seconds(1))
  }
}
