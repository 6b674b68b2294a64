import Foundation
import SystemCalls
import Testing

/// Docs/system-calls.md says what the kernel does.
@Suite struct DocumentTests {
  /// The project's folder, five above this file.
  static let root = (0..<5).reduce(URL(filePath: #filePath)) { path, _ in path.deletingLastPathComponent() }

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// The calls that the tables of the kernel have a case for, by the names of the cases.
  static func performed() throws -> Set<String> {
    var names: Set<String> = []
    for module in ["FileCalls", "ProcessCalls", "TimeCalls"] {
      let source = try text("Kernel/Programs/\(module)/Perform.swift")
      for start in source.ranges(
        of: /func perform[A-Z]\w*\(_ call: SystemCall\) throws\(ErrorNumber\) -> Int\? \{/)
      {
        let rest = source[start.upperBound...]
        let body = rest[..<(rest.firstRange(of: "\n  }\n")?.lowerBound ?? rest.endIndex)]
        for match in body.matches(of: /case ([^:]*):/) {
          // A condition behind `where` names no call.
          let cases = match.1.prefix { _ in true }.split(separator: " where ").first ?? ""
          names.formUnion(cases.matches(of: /\.([a-z]\w*)/).map { String($0.1) })
        }
      }
    }
    return names
  }

  /// The name of a number without the underscore that some have.
  static func name(_ number: Int, isI386: Bool) -> String {
    let name = NumberTests.name(number, isI386: isI386)
    return name.hasPrefix("_") ? String(name.dropFirst()) : name
  }

  @Test func theTableOfCallsIsThatOfTheKernel() throws {
    let page = try Self.text("Docs/system-calls.md")
    let performed = try Self.performed()
    #expect(performed.count > 200)
    var numbers: [String: (wide: String, narrow: String)] = [:]
    for number in 0..<512 {
      let (wide, narrow) = (Self.name(number, isI386: false), Self.name(number, isI386: true))
      if !wide.isEmpty { numbers[wide, default: ("", "")].wide = "\(number)" }
      if !narrow.isEmpty { numbers[narrow, default: ("", "")].narrow = "\(number)" }
    }
    // A case is a call that has a number, and no call of the table lacks its case.
    for name in performed { #expect(SystemCall.allCases.contains { "\($0)" == name }, "\(name)") }

    var listed: Set<String> = []
    for line in page.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      #expect(cells.count == 6, "\(line)")
      let name = cells[1].trimmingCharacters(in: ["`"])
      #expect(listed.insert(name).inserted, "\(name) is listed twice")
      #expect(numbers[name].map { [$0.wide, $0.narrow] } == [cells[2], cells[3]], "\(name)")
      #expect(cells[4] == "full" || cells[4].hasPrefix("partial: "), "\(name)")
    }
    #expect(performed.subtracting(listed) == [], "performed and not in Docs/system-calls.md")
    #expect(listed.subtracting(performed) == [], "in Docs/system-calls.md and not performed")

    let part = try #require(page.components(separatedBy: "## Absent").last)
    let absent = Set(part.matches(of: /`(\w+)`/).map { String($0.1) })
    #expect(absent == Set(numbers.keys).subtracting(performed))
  }
}
