import Foundation
import HostSupport

/// Where the project's files are.
public struct Project: Sendable {
  /// The folder with Package.swift.
  public let root: String

  /// A project at a known place.
  public init(root: String) { self.root = root }

  /// Finds the project that the current folder lies in.
  ///
  /// - Throws: `ToolError` if no folder above has the package.
  public static func find(from start: String = FileManager.default.currentDirectoryPath) throws -> Project {
    var folder = URL(filePath: start).standardizedFileURL
    while true {
      let manifest = folder.appending(path: "Package.swift").path
      if let text = try? String(contentsOfFile: manifest, encoding: .utf8), text.contains("name: \"Apus\"") {
        return Project(root: folder.path)
      }
      guard folder.path != "/" else {
        throw ToolError(
          "\(start) is not inside the Apus package: no folder above it has its Package.swift",
          advice: "cd into the clone, or name it with swift run --package-path")
      }
      folder.deleteLastPathComponent()
    }
  }

  /// The path of something in the project.
  public func path(_ relative: String) -> String { "\(root)/\(relative)" }

  /// The folder with the image descriptions.
  public var imagesFolder: String { path("Images") }

  /// The folder, ignored by git, that built images go to.
  public var builtFolder: String { path("Images/built") }

  /// Where SwiftPM builds the bare-metal products of an architecture: apart from the host's own build, whose lock is
  /// held while `swift run` runs this tool.
  public func scratchFolder(_ architecture: Architecture) -> String {
    path(".build-\(architecture.rawValue)")
  }

  /// Where the tools' own outputs for an architecture go: objects, linked kernels, maps, stamps.
  public func linkFolder(_ architecture: Architecture) -> String { scratchFolder(architecture) + "/apus" }
}
