import Foundation

/// The Swift toolchain that the tools themselves were found with, and the programs beside its `swift`.
///
/// The linker, the symbolizer and the disassembler must be the toolchain's own: an older `llvm-symbolizer` on PATH
/// does not understand what the compiler writes.
public struct Toolchain: Sendable {
  /// The folder that holds `swift`.
  public let binaries: String

  /// Finds the toolchain whose `swift` comes first in PATH.
  ///
  /// A launcher such as swiftly puts a program of its own in PATH; then the toolchain itself is asked.
  ///
  /// - Throws: `ToolError` if there is no Swift toolchain with `ld.lld`.
  public static func find() async throws -> Toolchain {
    guard let swift = Executables.path(of: "swift") else {
      throw ToolError("no `swift` in PATH", advice: "install a Swift 6.3 toolchain", exitStatus: 127)
    }
    // The first folder of a chain of links that has the linker is the toolchain's.
    for candidate in [swift, URL(filePath: swift).resolvingSymlinksInPath().path] {
      let folder = URL(filePath: candidate).deletingLastPathComponent().path
      if FileManager.default.isExecutableFile(atPath: folder + "/ld.lld") {
        return Toolchain(binaries: folder)
      }
    }
    struct TargetInfo: Decodable {
      struct Paths: Decodable { var runtimeResourcePath: String }
      var paths: Paths
    }
    let text = try await Command(swift, ["-print-target-info"]).output()
    let info = try JSONDecoder().decode(TargetInfo.self, from: Data(text.utf8))
    let folder = URL(filePath: info.paths.runtimeResourcePath)
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "bin").path
    guard FileManager.default.isExecutableFile(atPath: folder + "/ld.lld") else {
      throw ToolError(
        "the Swift toolchain of \(swift) has no ld.lld beside it (looked in \(folder))",
        advice: "install a Swift 6.3 toolchain for Linux from swift.org", exitStatus: 127)
    }
    return Toolchain(binaries: folder)
  }

  /// The path of a program of the toolchain.
  public func path(of program: String) -> String { "\(binaries)/\(program)" }
}

/// Programs in PATH.
public enum Executables {
  /// The path of the first executable file called `name` in PATH, or `nil`.
  public static func path(of name: String) -> String? {
    if name.contains("/") { return FileManager.default.isExecutableFile(atPath: name) ? name : nil }
    // Administrators' programs are not in every user's PATH.
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map(
      String.init)
    for folder in folders + ["/usr/sbin", "/sbin"] {
      let path = "\(folder)/\(name)"
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue,
        FileManager.default.isExecutableFile(atPath: path)
      {
        return path
      }
    }
    return nil
  }
}
