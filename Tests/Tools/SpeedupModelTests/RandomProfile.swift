@testable import SpeedupModel

extension Profile {
  /// A profile of up to 30 calls with counts and times over many magnitudes.
  static func random(_ generator: inout SeededGenerator) throws -> Profile {
    let calls = (0..<Int.random(in: 1...30, using: &generator)).map { index in
      let count = Int.random(in: 1...1_000_000, using: &generator)
      return CallRecord(
        "call\(index)", count: count, seconds: Double(count) * generator.unit() * 1e-5,
        bytes: generator.unit() * 1e6)
    }
    return try Profile(
      program: "random", source: "test", computationSeconds: 0.01 + generator.unit() * 100, calls: calls)
  }
}
