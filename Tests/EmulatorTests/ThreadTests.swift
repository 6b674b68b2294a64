import ImageBuilder
import Testing

/// Threads, one behaviour of the test kernel at a time, with both ways to switch where there are two.
extension EmulatorTests {
  @Suite struct ThreadBehaviours {
    /// A processor and a way to switch.
    static let ways: [(Architecture, String)] = [
      (.i686, "software"), (.i686, "hardware"), (.x86_64, "software"),
    ]

    @Test(
      arguments: ways,
      [
        ("yield", "1000 round trips"), ("preempt", "preempted 20 times"), ("sleep", "49 sleeps"),
        ("thread-resources", "10000 threads"), ("thread-misuse", "3 refused by name"),
      ])
    func threadsBehave(way: (Architecture, String), test: (name: String, text: String)) async throws {
      try await boot(arch: way.0, test: test.name, options: "switch=\(way.1)", expecting: .passes(test.text))
    }

    @Test(arguments: ways)
    func overflowNamesTheThread(way: (Architecture, String)) async throws {
      try await boot(
        arch: way.0, test: "thread-overflow", options: "switch=\(way.1)",
        expecting: .panics("kernel stack overflow: thread 1 `deep`"))
    }

    /// What threads wait for: work, time-outs, cancellation, and every misuse that the object refuses by name.
    @Test(
      arguments: ways,
      [
        ("mutex", 7), ("semaphore", 5), ("condition", 8), ("event", 5), ("barrier", 3), ("queue", 4),
        ("spin-lock", 5),
      ])
    func objectsWork(way: (Architecture, String), test: (name: String, refusals: Int)) async throws {
      let object = test.name.replacing("-", with: " ")
      try await boot(
        arch: way.0, test: test.name, options: "switch=\(way.1)",
        expecting: .passes("\(object): \(test.refusals) refused by name"))
    }

    @Test func longModeHasNoHardwareSwitch() async throws {
      try await boot(
        arch: .x86_64, test: "yield", options: "switch=hardware",
        expecting: .fails("x86_64 has no hardware task switch"))
    }
  }
}
