import ABI
import HostSupport
import ImageBuilder
import Launch
import Testing

extension EmulatorTests {
  /// The panic report of the kernel, and what the launcher makes of it.
  @Suite struct PanicReports {
    @Test(arguments: Architecture.allCases)
    func aReportHasReasonRegistersBacktraceAndLog(architecture: Architecture) async throws {
      let report = try await boot(
        arch: architecture, test: "panic",
        expecting: .panics(
          "panic: asked for by the command line", "backtrace:", "  #1 0x", "  #2 0x",
          "last lines of the log:", "Apus on"))
      let digits = architecture == .i686 ? 8 : 16
      let frames = report.serial.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("  #") }
      #expect(frames.count >= 2)
      // Number 0 is an instruction that faulted; a panic that the code itself asked for has only return addresses.
      for (index, frame) in zip(1..., frames) {
        let words = frame.split(separator: " ")
        #expect(words.count == 2, "\(frame)")
        #expect(words.first == "#\(index)")
        #expect(words.last?.hasPrefix("0x") == true && words.last?.count == digits + 2, "\(frame)")
      }
      #expect(VerdictRecord(in: report.debug)?.verdict == .panic)
    }

    @Test(
      arguments: Architecture.allCases,
      [
        ("overflow", "arithmetic overflow", "sum(of:_:)"), ("index", "Index out of bounds", "element(at:)"),
      ])
    func aTrapIsExplainedBySwiftsOwnReason(architecture: Architecture, trap: (String, String, String))
      async throws
    {
      let report = try await boot(
        arch: architecture, test: trap.0, expecting: .panics("panic: invalid opcode (vector 6)"))
      let built = try await KernelBuild(
        product: .testKernel, architecture: architecture, project: try Host.project(),
        toolchain: try await Host.toolchain()
      ).run()
      let symbolizer = try Symbolizer(
        kernel: built.kernel, toolchain: try await Host.toolchain(), project: try Host.project())
      let text = await PanicReport(report.serial).symbolised(by: symbolizer)
      let first = try #require(text.firstRange(of: "  #0 0x"))
      let explained = text[first.lowerBound...].prefix(600)
      #expect(explained.contains("trap: \(trap.1)"), "\(explained)")
      #expect(explained.contains(trap.2), "\(explained)")
      #expect(explained.contains("Tests/Kernels/Behaviours/Outcomes.swift:"), "\(explained)")
    }
  }
}
