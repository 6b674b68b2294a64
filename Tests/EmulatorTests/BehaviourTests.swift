import ImageBuilder
import Testing

/// What both kernels must do, one behaviour of the test kernel at a time.
extension EmulatorTests {
  @Suite struct Behaviours {
    static let architectures: [Architecture] = [.i686, .x86_64]

    /// The 32 vectors of the processor, by the names of the manuals (Intel SDM volume 3, table 6-1).
    static let exceptions: [String] = [
      "divide error", "debug exception", "non-maskable interrupt", "breakpoint", "overflow",
      "bound range exceeded",
      "invalid opcode", "device not available", "double fault", "coprocessor segment overrun",
      "invalid task-state segment", "segment not present", "stack fault", "general protection fault",
      "page fault",
      "reserved exception", "x87 floating-point error", "alignment check", "machine check",
      "SIMD floating-point exception", "virtualization exception", "control protection exception",
      "reserved exception", "reserved exception", "reserved exception", "reserved exception",
      "reserved exception",
      "reserved exception", "hypervisor injection exception", "VMM communication exception",
      "security exception",
      "reserved exception",
    ]

    @Test(arguments: architectures, 0..<32)
    func everyExceptionIsCaughtAndNamed(arch: Architecture, vector: Int) async throws {
      try await boot(
        arch: arch, test: "exception-\(vector)",
        expecting: .panics(
          "raising vector \(vector)\n", "panic: \(Self.exceptions[vector])", "  backtrace:\n  #0 0x"))
    }

    @Test(
      arguments: architectures,
      [
        ("read-null", "read of 0x", "not present"), ("write-null", "write of 0x", "not present"),
        ("write-text", "write of 0x", "not allowed"), ("write-constants", "write of 0x", "not allowed"),
        ("write-text-through-direct-map", "write of 0x", "not allowed"),
        ("execute-data", "execution of 0x", "not allowed"), ("read-identity", "read of 0x", "not present"),
      ])
    func forbiddenAccessesAreReported(arch: Architecture, access: (String, String, String)) async throws {
      try await boot(
        arch: arch, test: access.0,
        expecting: .panics("panic: page fault: \(access.1)", "by ring 0: \(access.2)"))
    }

    @Test(arguments: architectures)
    func anOverflowOfTheKernelStackNamesTheStack(arch: Architecture) async throws {
      try await boot(
        arch: arch, test: "stack-overflow",
        expecting: .panics(
          "panic: double fault", "kernel stack overflow: the start-up stack", "last lines of the log"))
    }

    @Test(arguments: architectures)
    func everyFrameIsGivenOnceAndTheNextRequestIsRefused(arch: Architecture) async throws {
      try await boot(
        arch: arch, test: "every-frame",
        expecting: .passes("frames written, then: out of frames", "frames found again"))
    }

    @Test(arguments: architectures)
    func freeingAFrameTwiceIsRefused(arch: Architecture) async throws {
      try await boot(arch: arch, test: "double-free", expecting: .passes("refused: a frame is freed twice"))
    }

    @Test(arguments: architectures)
    func theHeapGivesMemoryThatIsWritableAndNobodyElses(arch: Architecture) async throws {
      try await boot(arch: arch, test: "heap", expecting: .passes("512 pieces found as they were written"))
    }

    @Test(
      arguments: architectures,
      [
        ("heap-exhausted", "the heap is exhausted"), ("heap-double-free", "was freed before"),
        ("heap-overrun", "past the end of the allocation"),
        ("heap-foreign-free", "not that of an allocation"),
      ])
    func misuseOfTheHeapIsAPanicThatSaysSo(arch: Architecture, misuse: (String, String)) async throws {
      try await boot(arch: arch, test: misuse.0, expecting: .panics("panic: kernel heap: ", misuse.1))
    }

    @Test(
      arguments: architectures,
      [
        ("user-copy", "every copy did what it could and no more"),
        ("user-faults", "every page was what it should be, and every frame came back"),
        ("user-memory-exhausted", "memory ended at a touch, and came back"),
      ])
    func memoryOfProgramsIsReachedAsFarAsItMayBe(arch: Architecture, test: (String, String)) async throws {
      try await boot(arch: arch, test: test.0, expecting: .passes(test.1))
    }

    /// Without SMEP and SMAP, too.
    @Test(arguments: architectures) func copiesNeedNoProtections(arch: Architecture) async throws {
      try await boot(
        arch: arch, test: "user-copy", processor: "max,-smap,-smep,-umip,-pge",
        expecting: .passes("every copy did what it could and no more"))
    }

    @Test(
      arguments: architectures,
      [("user-read-unannounced", "read"), ("user-execute-unannounced", "execution")])
    func aProgramsPageIsNotTheKernels(arch: Architecture, test: (String, String)) async throws {
      try await boot(
        arch: arch, test: test.0,
        expecting: .panics(
          "touching a page of a program\n", "panic: page fault: \(test.1) of 0x", "by ring 0: not allowed"))
    }

    @Test(arguments: architectures)
    func noPageOfTheKernelIsWritableAndExecutable(arch: Architecture) async throws {
      try await boot(
        arch: arch, test: "audit",
        expecting: .passes("no page is writable and executable, none is open to programs"))
    }

    @Test(arguments: architectures, [("pass", 0), ("status-7", 7), ("status-200", 200)] as [(String, Int32)])
    func aPassKeepsItsStatus(arch: Architecture, run: (String, Int32)) async throws {
      try await boot(arch: arch, test: run.0, expecting: .passes(status: run.1))
    }

    @Test(arguments: architectures, ["panic", "overflow", "index"])
    func aBrokenInvariantEndsInAPanic(arch: Architecture, test: String) async throws {
      try await boot(
        arch: arch, test: test,
        expecting: .panics("panic: ", "  backtrace:\n  #", " 0x", "  last lines of the log:\n    ["))
    }

    @Test(arguments: architectures)
    func aKernelThatStopsWithInterruptsOffIsAHang(arch: Architecture) async throws {
      try await boot(arch: arch, test: "hang", expecting: .hangs())
    }

    @Test(arguments: architectures)
    func anUnknownTestIsAFailure(arch: Architecture) async throws {
      try await boot(arch: arch, test: "no-such-test", expecting: .fails("names no behaviour"))
    }
  }
}
