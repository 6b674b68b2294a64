import Foundation
import Subprocess

/// An external program with its arguments: shown so that it can be pasted into a shell, and run.
public struct Command: Hashable, Sendable {
  /// The program: a path, or a name that is looked up in PATH.
  public var program: String
  /// Its arguments, without the program's name.
  public var arguments: [String]
  /// Environment variables that are set (or, with `nil`, removed) for it.
  public var environment: [String: String?]
  /// The folder it runs in, or `nil` for the tool's own.
  public var directory: String?

  /// Makes a command; nothing is run.
  public init(
    _ program: String, _ arguments: [String] = [], environment: [String: String?] = [:],
    directory: String? = nil
  ) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
  }

  /// The command as a line for a POSIX shell.
  public var shellLine: String {
    let settings = environment.sorted { $0.key < $1.key }.compactMap { key, value in
      value.map { "\(key)=\(Self.quoted($0))" }
    }
    let line = (settings + [program].map(Self.quoted) + arguments.map(Self.quoted)).joined(separator: " ")
    guard let directory else { return line }
    return "cd \(Self.quoted(directory)) && \(line)"
  }

  /// `text` as one word of a POSIX shell.
  public static func quoted(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "-_./,:=+@%^".utf8.contains(byte)
      }
    }
    if plain && !text.isEmpty { return text }
    return "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}

/// What an external program left behind.
public struct CommandResult: Sendable {
  /// The exit status; 128 plus the number of the signal if one ended it.
  public var status: Int32
  /// What it wrote to standard output.
  public var output: String
  /// What it wrote to standard error.
  public var errors: String
}

extension Command {
  /// The most that is kept of a command's output, in bytes: a disassembly of a whole kernel fits.
  static let outputLimit = 256 << 20

  /// Runs the command to its end and returns what it left, whatever its status.
  ///
  /// - Throws: `ToolError` if the program cannot be started.
  public func result() async throws -> CommandResult {
    Terminal.shared.command(shellLine)
    let changes = Dictionary(
      uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
    do {
      let result = try await run(
        executable, arguments: Arguments(arguments), environment: .inherit.updating(changes),
        workingDirectory: directory.map { .init($0) }, output: .string(limit: Self.outputLimit),
        error: .string(limit: Self.outputLimit))
      return CommandResult(
        status: Self.status(of: result.terminationStatus), output: result.standardOutput,
        errors: result.standardError)
    } catch let error as SubprocessError {
      throw ToolError(
        "\(program) could not be run: \(error)", advice: "`apus doctor` shows which tools are missing",
        exitStatus: 127)
    }
  }

  /// Runs the command and returns its standard output.
  ///
  /// - Throws: `ToolError` with the command and what it said, if its status is not 0.
  @discardableResult
  public func output() async throws -> String {
    let result = try await result()
    guard result.status == 0 else {
      let said = [result.output, result.errors].joined(separator: "\n")
        .trimmingCharacters(in: .whitespacesAndNewlines)
      throw ToolError("command failed with status \(result.status): \(shellLine)\n\(said)")
    }
    return result.output
  }

  /// Runs the command with this process's own standard streams; returns its status.
  ///
  /// - Throws: `ToolError` if the program cannot be started.
  public func statusInForeground() async throws -> Int32 {
    Terminal.shared.command(shellLine)
    let changes = Dictionary(
      uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
    do {
      let result = try await run(
        executable, arguments: Arguments(arguments), environment: .inherit.updating(changes),
        workingDirectory: directory.map { .init($0) }, input: .currentStandardInput,
        output: .currentStandardOutput,
        error: .currentStandardError)
      return Self.status(of: result.terminationStatus)
    } catch let error as SubprocessError {
      throw ToolError("\(program) could not be run: \(error)", exitStatus: 127)
    }
  }

  /// The program as swift-subprocess names it.
  public var executable: Executable {
    program.contains("/") ? .path(.init(program)) : .name(program)
  }

  /// A termination as a shell would number it.
  public static func status(of termination: TerminationStatus) -> Int32 {
    switch termination {
    case .exited(let code): code
    case .signaled(let signal): 128 + signal
    }
  }
}
