import Foundation
import Testing

/// Package.swift says what each module needs.
///
/// One that imports what it did not ask for compiles as long as the other happens to be compiled first, which is by
/// luck and not on every machine.
@Suite struct ImportTests {
  private struct Package: Decodable {
    struct Target: Decodable {
      let name: String
      let path: String?
      let sources: [String]?
      let exclude: [String]
      let dependencies: [[String: [Part?]]]

      /// The modules that the target asked for.
      var needed: Set<String> {
        Set(dependencies.flatMap(\.values).compactMap { $0.first??.name })
      }

      /// The modules of the package that its sources import, with one of the files that does.
      func imports(of modules: Set<String>) throws -> [String: String] {
        guard let path else { return [:] }
        let folder = DocumentTests.root.appending(path: path).standardizedFileURL.path
        var found: [String: String] = [:]
        for part in sources ?? [""] {
          for file in DocumentTests.files(below: "\(path)/\(part)") where file.pathExtension == "swift" {
            let place = file.standardizedFileURL.path.dropFirst(folder.count + 1)
            guard !exclude.contains(where: place.hasPrefix) else { continue }
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /(?m)^(?:@\S+ |public |internal )*import (\w+)$/)
            where modules.contains(String(match.1)) && match.1 != name {
              found[String(match.1)] = String(place)
            }
          }
        }
        return found
      }
    }

    /// A dependency is a list of its name, its package and conditions.
    struct Part: Decodable {
      let name: String?

      init(from decoder: any Decoder) {
        name = try? decoder.singleValueContainer().decode(String.self)
      }
    }

    let targets: [Target]
  }

  /// The package as the package manager reads it, for the host or for an architecture.
  private func package(architecture: String?) throws -> Package {
    let scratch = FileManager.default.temporaryDirectory.appending(path: "imports-\(architecture ?? "host")")
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "swift", "package", "--package-path", DocumentTests.root.path, "--scratch-path", scratch.path,
      "dump-package",
    ]
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["KERNEL_ARCH": architecture].compactMapValues { $0 }
    ) {
      $1
    }
    process.standardOutput = output
    try process.run()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return try JSONDecoder().decode(Package.self, from: text)
  }

  @Test(arguments: [nil, "i686", "x86_64"])
  func whatIsImportedWasAskedFor(architecture: String?) throws {
    let package = try package(architecture: architecture)
    let modules = Set(package.targets.map(\.name))
    var count = 0
    for target in package.targets {
      let imports = try target.imports(of: modules)
      count += imports.count
      for (module, file) in imports where !target.needed.contains(module) {
        Issue.record("Package.swift: \(target.name) imports \(module) (\(file)) and does not ask for it")
      }
    }
    #expect(count > 50)
  }
}
