import ImageBuilder
import Testing

/// Floating-point state of threads, with every way to switch threads and states.
extension EmulatorTests {
  @Suite struct FloatingPointBehaviours {
    /// A processor, a way to switch threads, and one to switch their states.
    static let ways: [(Architecture, String)] = ThreadBehaviours.ways.flatMap { way in
      ["lazy", "eager"].map { (way.0, "switch=\(way.1) fpu=\($0)") }
    }

    @Test(arguments: ways)
    func everyRegisterSurvivesAMillionPreemptions(way: (Architecture, String)) async throws {
      try await boot(
        arch: way.0, test: "everything", options: way.1, countsInstructions: true,
        expecting: .passes("kept registers, flags and states over 1000000 preemptions"))
    }

    @Test(arguments: ways)
    func statesAreNewCopiedAndGivenBack(way: (Architecture, String)) async throws {
      try await boot(arch: way.0, test: "fpu-life", options: way.1, expecting: .passes("a state lived"))
    }

    @Test(arguments: ways)
    func aThreadWithoutAStateIsStopped(way: (Architecture, String)) async throws {
      try await boot(
        arch: way.0, test: "fpu-none", options: way.1, expecting: .panics("panic: device not available"))
    }

    /// `fxsave` alone, for processors before `xsave`.
    @Test(arguments: [(Architecture.i686, "pentium3"), (.x86_64, "qemu64")])
    func olderProcessorsKeepTheirStatesToo(way: (Architecture, String)) async throws {
      try await boot(
        arch: way.0, test: "fpu-life", options: "fpu=eager", processor: way.1,
        expecting: .passes("a state lived"))
    }
  }
}
