import HostSupport
import ImageBuilder

/// Who says what was measured with which version.
public enum Versions {
  /// The versions of the project (a commit, with a mark if it was changed) and of the emulator.
  ///
  /// - Throws: `ToolError` if the emulator is not installed.
  public static func current(project: Project, architecture: Architecture) async throws -> [String: String] {
    let program = architecture.emulatorProgram
    guard Executables.path(of: program) != nil else {
      throw ToolError("\(program) is not installed", advice: "Tools/setup", exitStatus: 127)
    }
    let emulator = try await Command(program, ["--version"]).output()
    // A copy of the sources without their history is no reason not to measure.
    let commit = try? await Command(
      "git", ["-C", project.root, "describe", "--always", "--dirty", "--tags"]
    ).result()
    let described = commit.flatMap { $0.status == 0 ? $0.output : nil } ?? "unknown"
    return [
      "apus": described.split(whereSeparator: \.isNewline).first.map(String.init) ?? "unknown",
      "emulator": emulator.split(whereSeparator: \.isNewline).first.map(String.init) ?? "unknown",
    ]
  }
}
