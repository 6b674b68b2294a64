import SpeedupModel
import Testing

@testable import ProfileImport

/// Files that are cut, damaged, enormous or from another locale give an error with a place, and nothing
/// traps.
struct MalformedInputTests {
  @Test(arguments: [
    ("strace-c", "", "f: found no table"),
    (
      "strace-c", "% time\n------ ---\n 25.39    0.000372         372         1           execve\n",
      "f:3: found a table without"
    ),
    (
      "strace-c", "------\n 25,39    0.000372         372         1           execve\n",
      "f:2:4: found \",39\""
    ),
    (
      "strace-c", "------\n 25.39    0,000372         372         1           execve\n",
      "f:2:12: found \",000372\""
    ),
    ("strace-c", "------\n 25.39    nan         372         1           execve\n", "f:2:11: found \"nan\""),
    (
      "strace-c", "------\n 25.39    0.000372         372         -1           execve\n",
      "f:2:"
    ),
    ("strace-c", "------\n 25.39    0.000372         372         1.234           execve\n", "f:2:"),
    ("strace-c", "------\n 25.39    0.000372  372  99999999999999999999  execve\n", "f:2:44"),
    ("strace-T", "", "f: found no finished"), ("strace-T", "hello\n", "f:1:1: found \"hello\""),
    ("strace-T", "1795235290,000000 read(3) = 0 <0.1>\n", "f:1:11"),
    ("strace-T", "1795235290.000000 read(3) = 0\n", "f:1:29: found a line that ends without a time"),
    ("strace-T", "1795235290.000000 read(3) = 0 <0,1>\n", "f:1:31"),
    ("strace-T", "1795235290.000000 read(3) = 0 <-0.1>\n", "f:1:31"),
    ("strace-T", "1795235290.000000 read(3) = 0 <nan>\n", "f:1:31"),
    ("strace-T", "1795235290.000000 (3) = 0 <0.1>\n", "f:1:19"),
    ("strace-T", "1000000000.000000 fork(strace: Process 1 attached\n) = 1\n", "f:2:5: found a line that"),
    ("perf-s", "", "f: found no table"), ("perf-s", "------\n mmap 8 0 0,111 0.1\n", "f:2:12"),
    ("perf-s", "------\n mmap -8 0 0.111 0.1\n", "f:2:7"),
    ("time-p", "real 1.0\nuser 1.0\n", "f:2: found not all"),
    ("time-p", "real 1,0\n", "f:1:6: found \"1,0\""), ("time-p", "user -1.0\n", "f:1:6"),
    ("time-p", "sys nan\n", "f:1:5"), ("json", "{\"schema\": 1}", "f:1:12"),
  ])
  func errorsNameThePlace(format: String, text: String, expected: String) throws {
    let kind = try #require(ProfileFormat(rawValue: format))
    let error = #expect(throws: InputError.self) {
      try ProfileImporter.read(bytes: Array(text.utf8), place: "f", as: kind)
    }
    #expect(error?.description.hasPrefix(expected) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: ["strace-c", "strace-T", "perf-s", "time-p"], 1...150 as ClosedRange<UInt64>)
  func mutatedFilesNeverTrap(format: String, seed: UInt64) throws {
    let kind = try #require(ProfileFormat(rawValue: format))
    var generator = SeededGenerator(seed: seed)
    var bytes = Array(Samples.text(format).utf8)
    for _ in 0..<Int.random(in: 1...10, using: &generator) {
      let index = Int.random(in: 0..<max(1, bytes.count), using: &generator)
      guard bytes.count > 2 else { break }
      switch Int.random(in: 0...4, using: &generator) {
      case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes.remove(at: index)
      case 2: bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
      case 3: bytes.insert(contentsOf: Array(repeating: 57, count: 30), at: index)
      default: bytes.insert(contentsOf: bytes[index...].prefix(80), at: 0)
      }
    }
    do {
      let profile = try ProfileImporter.read(bytes: bytes, place: "f", as: kind)
      #expect(profile.totalSeconds.isFinite, "seed \(seed)")
      #expect(try Profile(json: Array(profile.json().utf8), place: "f") == profile, "seed \(seed)")
    } catch { #expect(error.place == "f", "seed \(seed)") }
  }

  /// Each row alone is allowed; together they could not be counted.
  @Test func sumsThatCannotBeHeldNameTheLine() {
    let most = "9007199254740992"
    for (format, head, row) in [
      (ProfileFormat.straceSummary, "------\n", " 25.39 0.000372 372 \(most) execve\n"),
      (.straceSummary, "------\n", " 25.39 900000000000.0 372 1 execve\n"),
      (.perfSummary, "------\n", " mmap \(most) 0 0.111 0.1\n"),
      (.straceTrace, "", "1795235290.000000 read(3) = 0 <600000000000.0>\n"),
    ] {
      let error = #expect(throws: InputError.self) {
        try ProfileImporter.read(bytes: Array((head + row + row).utf8), place: "f", as: format)
      }
      #expect(error?.line == (head.isEmpty ? 2 : 3), "\(format) \(error?.description ?? "")")
    }
    let calls = (0..<3).map { "{\"name\": \"c\($0)\", \"count\": 4503599627370496, \"seconds\": 1}" }
    let text =
      "{\"schema\": \"apus-profile\", \"version\": 1, \"program\": \"p\", \"computationSeconds\": 1, \"calls\": [\n"
      + calls.joined(separator: ",\n") + "]}"
    let error = #expect(throws: InputError.self) { try Profile(json: Array(text.utf8), place: "f") }
    #expect(error?.line == 4)
  }

  @Test func endlessNamesAreRefused() {
    var text = ""
    for index in 0..<2000 { text += "1795235290.000000 call\(index)() = 0 <0.1>\n" }
    let error = #expect(throws: InputError.self) {
      try ProfileImporter.read(bytes: Array(text.utf8), place: "f", as: .straceTrace)
    }
    #expect(error?.line == CallTally.mostNames + 1)
  }

  @Test func missingFilesAreNamed() {
    let error = #expect(throws: InputError.self) {
      try ProfileImporter.read(path: "/nonexistent/trace", as: .straceTrace)
    }
    #expect(error?.place == "/nonexistent/trace")
  }
}
