import ImageBuilder
import Testing

/// Code in ring 3.
extension EmulatorTests {
  @Suite struct Programs {
    @Test(arguments: Architecture.allCases)
    func ring3EntersAndCannotHalt(arch: Architecture) async throws {
      try await boot(
        arch: arch, test: "ring3",
        expecting: .passes("by int 0x80", "by the full path", "left by a general protection fault"))
    }
  }
}
