import ABI
import Foundation
import HostSupport
import ImageBuilder
import Launch
import Testing

/// All tests that start an emulator.
///
/// Their number at one time is limited, so that none is slowed into its time limit.
@Suite struct EmulatorTests {}

/// What a boot must look like to pass.
struct Expectation: Sendable {
  /// Whether an outcome will do.
  var accepts: @Sendable (Outcome) -> Bool
  /// The outcome in words.
  var name: String
  /// Texts that must stand on the serial line, in this order.
  var serial: [String]
  /// Texts that must stand there too, wherever: what others show in between.
  var elsewhere: [String] = []

  /// The same, with texts that must stand on the serial line wherever.
  func besides(_ texts: String...) -> Expectation {
    var more = self
    more.elsewhere += texts
    return more
  }

  /// The guest passes with status 0.
  static func passes(_ serial: String...) -> Expectation {
    Expectation(accepts: { $0 == .passed(status: 0) }, name: "passed 0", serial: serial)
  }

  /// The guest passes with a status.
  static func passes(status: Int32, _ serial: String...) -> Expectation {
    Expectation(accepts: { $0 == .passed(status: status) }, name: "passed \(status)", serial: serial)
  }

  /// The guest reports a failed check.
  static func fails(_ serial: String...) -> Expectation {
    Expectation(accepts: { if case .failed = $0 { true } else { false } }, name: "failed", serial: serial)
  }

  /// The kernel panics and reports it.
  static func panics(_ serial: String...) -> Expectation {
    Expectation(accepts: { $0 == .panic }, name: "panic", serial: serial)
  }

  /// The processor gives up.
  static func tripleFaults(_ serial: String...) -> Expectation {
    Expectation(accepts: { $0 == .tripleFault }, name: "triple fault", serial: serial)
  }

  /// The guest will never go on.
  static func hangs(_ serial: String...) -> Expectation {
    Expectation(accepts: { if case .hang = $0 { true } else { false } }, name: "hang", serial: serial)
  }

  /// The guest goes on for longer than it may.
  static func timesOut(_ serial: String...) -> Expectation {
    Expectation(accepts: { if case .timeout = $0 { true } else { false } }, name: "time-out", serial: serial)
  }
}

/// The project and its toolchain, found once.
enum Host {
  static func project() throws -> Project { try Project.find(from: #filePath.droppingLastComponent) }
  static func toolchain() async throws -> Toolchain {
    Terminal.shared.isQuiet = true
    return try await Toolchain.find()
  }
}

extension String {
  fileprivate var droppingLastComponent: String { URL(filePath: self).deletingLastPathComponent().path }
}

/// Lets a few emulators run at a time, and the others wait for their turn.
actor Turnstile {
  static let emulators = Turnstile(limit: max(2, ProcessInfo.processInfo.activeProcessorCount))

  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(limit: Int) { free = limit }

  /// Runs `body` when there is room for it.
  nonisolated func pass<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result
  {
    await enter()
    do {
      let result = try await body()
      await leave()
      return result
    } catch {
      await leave()
      throw error
    }
  }

  private func enter() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  private func leave() {
    if waiting.isEmpty {
      free += 1
    } else {
      waiting.removeFirst().resume()
    }
  }
}

/// Runs a machine and checks verdict and serial text; the transcript is in the failure.
///
/// - Parameters:
///   - input: what is typed on the serial line, before the end of input that always follows.
///   - timeout: seconds of wall time; generous, because the machine may be shared.
@discardableResult
func run(
  _ machine: GuestMachine, emulator: Emulator = .qemu, input: String = "", timeout: Double = 120,
  hangPatience: Double = 20, expecting expectation: Expectation,
  sourceLocation: SourceLocation = #_sourceLocation
) async throws -> Session.Report {
  let report = try await Turnstile.emulators.pass {
    try await Launcher(machine, emulator: emulator).run(
      .init(timeout: timeout, input: Array(input.utf8), hangPatience: hangPatience))
  }
  // A terminal wants a carriage return before each line feed; the expectations are written without.
  let serial = String(String.UnicodeScalarView(report.serial.unicodeScalars.filter { $0 != "\r" }))
  var rest = serial[...]
  var missing: String?
  for text in expectation.serial {
    guard let found = rest.firstRange(of: text) else {
      missing = text
      break
    }
    rest = rest[found.upperBound...]
  }
  missing = missing ?? expectation.elsewhere.first { !serial.contains($0) }
  if !expectation.accepts(report.outcome) || missing != nil {
    let what =
      expectation.accepts(report.outcome)
      ? "the serial line lacks `\(missing ?? "")`"
      : "expected \(expectation.name), but: \(report.outcome.sentence)"
    Issue.record(
      """
      \(what)
      \(QEMU.command(for: machine).shellLine)
      ---- serial line
      \(report.serial)
      ---- debug port
      \(emulator == .qemu ? report.debug : "(see above)")
      ----
      """, sourceLocation: sourceLocation)
  }
  return report
}

/// Boots the test kernel, or another, for one architecture with `test=` chosen, and checks how it ends.
///
/// The kernel is built once; SwiftPM's own lock and the tools' keep the architectures' builds apart.
@discardableResult
func boot(
  arch: Architecture, kernel: String = "TestKernel", test: String, path: BootPath = .kernel,
  options: String = "", cpus: Int = 1,
  memory: Int = 128, processor: String = "max", countsInstructions: Bool = false,
  emulatorArguments: [String] = [], memoryFile: String? = nil,
  emulator: Emulator = .qemu, input: String = "", expecting expectation: Expectation,
  sourceLocation: SourceLocation = #_sourceLocation
) async throws -> Session.Report {
  var description = try ImageDescription(
    text: "architecture = \"\(arch.rawValue)\"\nkernel = \"\(kernel)\"\n", file: "test.toml")
  description.commandLine = ["test=\(test)", options].filter { !$0.isEmpty }.joined(separator: " ")
  description.name = "test-\(arch.rawValue)-\(test)"
  let plan = BootPlan(
    image: ImageBuild(description, project: try Host.project(), toolchain: try await Host.toolchain()),
    path: path)
  var (machine, _) = try await plan.prepare()
  machine.cpus = cpus
  machine.memoryFile = memoryFile
  machine.memory = memory
  machine.processor = processor
  machine.countsInstructions = countsInstructions
  machine.extraArguments = emulatorArguments
  return try await run(
    machine, emulator: emulator, input: input, expecting: expectation, sourceLocation: sourceLocation)
}

/// Boots the kernel proper as its image describes it.
@discardableResult
func bootImage(
  _ arch: Architecture, path: BootPath, emulator: Emulator = .qemu, append: String = "", input: String = "",
  memory: Int? = nil, processor: String = "max", emulatorArguments: [String] = [],
  expecting expectation: Expectation, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> Session.Report {
  let project = try Host.project()
  var description = try ImageDescription(file: "\(project.imagesFolder)/apus-\(arch.rawValue).toml")
  if !append.isEmpty {
    description.commandLine = append
    description.name += "-\(append.filter { $0.isLetter || $0.isNumber })"
  }
  let plan = BootPlan(
    image: ImageBuild(description, project: project, toolchain: try await Host.toolchain()), path: path)
  var (machine, _) = try await plan.prepare()
  if let memory { machine.memory = memory }
  machine.processor = processor
  machine.extraArguments = emulatorArguments
  return try await run(
    machine, emulator: emulator, input: input, expecting: expectation, sourceLocation: sourceLocation)
}
