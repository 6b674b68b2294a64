import Foundation
import Testing

extension Substring {
  fileprivate func trimmingSuffix(while isDropped: (Character) -> Bool) -> Substring {
    var rest = self
    while let last = rest.last, isDropped(last) { rest.removeLast() }
    return rest
  }
}

/// What README.md and Docs name is there.
@Suite struct DocumentTests {
  /// The project's folder, which holds Package.swift.
  static let root = {
    var folder = URL(filePath: #filePath)
    repeat { folder.deleteLastPathComponent() } while !exists(folder.appending(path: "Package.swift"))
    return folder
  }()

  static let documents = {
    let docs = root.appending(path: "Docs")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: docs.path)) ?? []
    return [root.appending(path: "README.md")]
      + names.filter { $0.hasSuffix(".md") }.sorted().map { docs.appending(path: $0) }
  }()

  private static func exists(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }

  /// All files below a folder of the project.
  static func files(below folder: String) -> [URL] {
    FileManager.default.enumerator(at: root.appending(path: folder), includingPropertiesForKeys: nil)?
      .compactMap { $0 as? URL } ?? []
  }

  @Test(arguments: documents)
  func linksLeadSomewhere(document: URL) throws {
    let text = try String(contentsOf: document, encoding: .utf8)
    for match in text.matches(of: /\]\((?!https?:)([^)#\s]+)/) {
      let target = document.deletingLastPathComponent().appending(path: String(match.1))
      #expect(Self.exists(target), "\(document.lastPathComponent) links to \(match.1)")
    }
  }

  /// Paths of sources that stand in a document as code, without their line or wildcard.
  @Test(arguments: documents)
  func pathsOfSourcesAreTrue(document: URL) throws {
    let text = try String(contentsOf: document, encoding: .utf8)
    for match in text.matches(of: /`((?:Kernel|Boot|Tools|Tests|Docs)\/[\w\/.+-]+)`/) {
      let isThere = ["", ".swift"].contains { ending in
        Self.exists(Self.root.appending(path: match.1 + ending))
      }
      #expect(isThere, "\(document.lastPathComponent) names \(match.1)")
    }
  }

  /// What shows a promise is named by one word: a test, a suite, a behaviour of the test kernel, a folder of tests.
  @Test func whatShowsAPromiseIsThere() throws {
    var known: Set<Substring> = []
    for file in Self.files(below: "Tests") {
      known.insert(Substring(file.deletingPathExtension().lastPathComponent))
      guard let text = try? String(contentsOf: file, encoding: .utf8) else { continue }
      known.formUnion(text.matches(of: /[\w-]+/).map(\.output))
    }
    let specification = try String(
      contentsOf: Self.root.appending(path: "Docs/specification.md"), encoding: .utf8)
    var named = 0
    for row in specification.split(separator: "\n") where row.hasPrefix("| ") {
      guard let shown = row.split(separator: " | ").dropFirst().last else { continue }
      for match in shown.matches(of: /`([\w-]+)`/) {
        named += 1
        // A family of behaviours is numbered.
        let family = match.1.trimmingSuffix(while: \.isNumber)
        let isThere = known.contains(match.1) || known.contains(family)
        #expect(isThere, "nothing in Tests is called \(match.1)")
      }
    }
    #expect(named > 100)
  }
}
