import Testing

@testable import SpeedupModel

struct ProfileJSONTests {
  private func read(_ text: String) throws(InputError) -> Profile {
    try Profile(json: Array(text.utf8), place: "p.json")
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>) func writtenProfilesReadBackEqual(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let profile = try Profile.random(&generator)
    #expect(try read(profile.json()) == profile, "seed \(seed)")
  }

  @Test(arguments: [
    ("", "p.json:1:1: found the end of the file"), ("{", "p.json:1:2"), ("[]", "p.json:1:1: found an array"),
    ("{\"schema\": \"other\"}", "p.json:1:12: found \"other\", allowed: \"apus-profile\""),
    ("{\"schema\": \"apus-profile\",\n \"version\": 2}", "p.json:2:13: found version 2"),
    ("{\"schema\": \"apus-profile\",\n \"speed\": 2}", "p.json:2:11: found member \"speed\""),
    ("{\"a\": NaN}", "p.json:1:7"), ("{\"a\": 1e999}", "p.json:1:7"), ("{\"a\": 1,5}", "p.json:1:9"),
    ("{\"a\": 1, \"a\": 2}", "p.json:1:10: found a second \"a\""),
  ])
  func errorsNameThePlace(text: String, expected: String) {
    let error = #expect(throws: InputError.self) { try read(text) }
    #expect(error?.description.hasPrefix(expected) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: ["-1", "1e300", "\"5\"", "null", "01", "0x10", "1,5"])
  func refusesSecondsThatAreNoDuration(value: String) {
    let text = """
      {"schema": "apus-profile", "version": 1, "program": "p", "computationSeconds": 1,
       "calls": [{"name": "read", "count": 1, "seconds": \(value)}]}
      """
    let error = #expect(throws: InputError.self) { try read(text) }
    #expect(error?.line == 2 || value == "1e300", "\(error?.description ?? "")")
  }

  @Test(arguments: ["1.5", "-1", "1e17"]) func refusesCountsThatAreNoCount(value: String) {
    let text = """
      {"schema": "apus-profile", "version": 1, "program": "p", "computationSeconds": 1,
       "calls": [{"name": "read", "count": \(value), "seconds": 1}]}
      """
    #expect(throws: InputError.self) { try read(text) }
  }

  @Test(arguments: 1...200 as ClosedRange<UInt64>) func mutatedProfilesNeverTrap(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var bytes = Array(try Profile.random(&generator).json().utf8)
    for _ in 0..<Int.random(in: 1...8, using: &generator) where bytes.count > 1 {
      let index = Int.random(in: 0..<bytes.count, using: &generator)
      switch Int.random(in: 0...2, using: &generator) {
      case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes.remove(at: index)
      default: bytes.removeLast(min(bytes.count - 1, Int.random(in: 0...200, using: &generator)))
      }
    }
    // Either a profile that keeps its invariant or an error with a place: nothing else may happen.
    do { #expect(try Profile(json: bytes, place: "p").totalSeconds >= 0) } catch {
      #expect(error.place == "p")
    }
  }

  @Test func deepNestingIsRefused() {
    #expect(throws: InputError.self) { try read(String(repeating: "[", count: 100_000)) }
  }
}
