import Foundation
import HostSupport

/// An external program or file that the project needs, from `Tools/requirements.txt`.
public struct Requirement: Equatable, Sendable {
  /// The Debian package that brings it.
  public var package: String
  /// The program's name, or the path of a file (in which `*` stands for anything).
  public var program: String
  /// The argument that makes it tell its version; empty for a file.
  public var versionArgument: String
  /// The oldest version that will do, as numbers; empty if any will.
  public var minimum: [Int]
  /// What it is for.
  public var purpose: String

  /// A requirement with known content.
  public init(package: String, program: String, versionArgument: String, minimum: [Int], purpose: String) {
    self.package = package
    self.program = program
    self.versionArgument = versionArgument
    self.minimum = minimum
    self.purpose = purpose
  }

  /// What was found of it.
  public enum State: Equatable, Sendable {
    /// It is there and new enough.
    case present(path: String, version: String)
    /// It is there but too old, or does not tell its version.
    case tooOld(path: String, version: String)
    /// It is not there.
    case missing
  }

  /// Reads the list; lines with `#` and empty lines are left out.
  ///
  /// - Throws: `ToolError` naming file and line.
  public static func parse(_ text: String, file: String) throws -> [Requirement] {
    try text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
      guard !line.isEmpty, !line.hasPrefix("#") else { return nil }
      let fields = line.split(separator: "|", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      guard fields.count == 5 else {
        throw ToolError("\(file):\(index + 1): found \(fields.count) columns; allowed: 5")
      }
      return Requirement(
        package: fields[0], program: fields[1], versionArgument: fields[2], minimum: version(fields[3]) ?? [],
        purpose: fields[4])
    }
  }

  /// The command that installs it.
  public var installCommand: String { "sudo apt-get install \(package)" }

  /// The first thing in a text that looks like a version: numbers joined by dots.
  public static func version(_ text: String) -> [Int]? {
    for word in text.split(whereSeparator: { !($0.isNumber && $0.isASCII) && $0 != "." })
    where word.contains(".") {
      let numbers = word.split(separator: ".").compactMap { Int($0) }
      if numbers.count >= 2 { return numbers }
    }
    return nil
  }

  /// Looks for it and asks for its version.
  public func check() async -> State {
    if program.hasPrefix("/") {
      var found = glob_t()
      defer { globfree(&found) }
      guard glob(program, 0, nil, &found) == 0, let first = found.gl_pathv?[0] else { return .missing }
      return .present(path: String(cString: first), version: "")
    }
    guard let path = Executables.path(of: program) else { return .missing }
    guard !versionArgument.isEmpty else { return .present(path: path, version: "") }
    // Some tools tell their version on standard error, and some end with a status for it.
    guard let result = try? await Command(path, [versionArgument]).result(),
      let version = Self.version(result.output) ?? Self.version(result.errors)
    else {
      return minimum.isEmpty ? .present(path: path, version: "") : .tooOld(path: path, version: "unknown")
    }
    let text = version.map(String.init).joined(separator: ".")
    return version.lexicographicallyPrecedes(minimum)
      ? .tooOld(path: path, version: text) : .present(path: path, version: text)
  }
}
