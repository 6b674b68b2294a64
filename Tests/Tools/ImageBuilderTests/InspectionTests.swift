import HostSupport
import ImageBuilder
import Testing

@testable import ImageBuilder

@Test(arguments: [
  ("movups\t%xmm0, (%rdi)", "uses SSE registers"), ("vmovdqu\t(%rsi), %ymm1", "uses SSE registers"),
  ("movq\t%mm0, (%eax)", "uses MMX registers"), ("fld\t%st(1)", "uses x87 registers"),
  ("fldl\t(%eax)", "is an x87 instruction"), ("fninit", nil), ("fxsave64\t(%rax)", nil),
  ("movq\t%rax, -0x8(%rsp)", "uses memory below the stack pointer (red zone)"),
  ("movq\t%rax, 0x8(%rsp)", nil),
  ("leaq\t-0x10(%rsp), %rsp", nil), ("movq\t-0x8(%rbp), %rax", nil), ("movq\t$-0x1, 0x8(%rsp)", nil),
  ("addl\t$0x1, %eax", nil), ("hlt", nil),
]) func forbiddenInstructionsAreRecognised(instruction: String, reason: String?) {
  #expect(CodeInspection.objection(to: instruction[...]) == reason)
}

@Test func findingsNameFunctionAndAddress() throws {
  let text = """

    kernel.elf:\tfile format elf64-x86-64

    Disassembly of section .text:

    0000000000001000 <plain>:
        1000:      \tpushq\t%rbp
        1001:      \tretq

    0000000000001010 <vector>:
        1010:      \tmovaps\t%xmm0, %xmm1
    """
  let inspection = CodeInspection(disassembly: text)
  #expect(inspection.count == 3)
  let finding = try #require(inspection.findings.first)
  #expect(inspection.findings.count == 1)
  #expect(finding.function == "vector")
  #expect(finding.address == 0x1010)
  #expect(CodeInspection(disassembly: text, exceptions: ["vector"]).findings.isEmpty)
}

@Test func aWritableExecutableSegmentIsAProblem() throws {
  let sound = try ELFFile(ELFMaker(wide: true).bytes, name: "sound")
  #expect(Inspection.layoutProblems(sound).isEmpty)
  let unsound = try ELFFile(ELFMaker(wide: true, segmentFlags: 7).bytes, name: "unsound")
  #expect(Inspection.layoutProblems(unsound) == ["the segment at 0x1000 is both writable and executable"])
}

@Test func anUndefinedSymbolIsAProblem() throws {
  let file = try ELFFile(ELFMaker(wide: false, symbolSection: 0).bytes, name: "undefined")
  #expect(Inspection.layoutProblems(file) == ["the symbol start is undefined"])
}

@Test func multibootHeadersAreFoundWhereLoadersLook() {
  func words(_ values: [UInt32]) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) } }
  }
  let first = words([0x1BAD_B002, 1 << 16, 0 &- 0x1BAD_B002 &- 1 << 16])
  let second = words([0xE852_50D6, 0, 16, 0 &- 0xE852_50D6 &- 16])
  let both = MultibootHeader([UInt8](repeating: 0, count: 8) + first + [0, 0, 0, 0] + second)
  #expect(both.multiboot1 == 8)
  #expect(both.givesAddresses)
  #expect(both.multiboot2 == 24)
  #expect(both.problems(is64Bit: true).isEmpty)
  // Too far back, at a crooked place, or with a wrong sum it does not count.
  #expect(MultibootHeader([UInt8](repeating: 0, count: 8192) + first).multiboot1 == nil)
  #expect(MultibootHeader([0, 0] + first + [0, 0]).multiboot1 == nil)
  #expect(MultibootHeader([0, 0, 0, 0] + second).multiboot2 == nil)
  #expect(MultibootHeader(words([0x1BAD_B002, 0, 0])).multiboot1 == nil)
  #expect(MultibootHeader([]).problems(is64Bit: false).count == 2)
}

@Test func sizesAreCountedForTheModuleOfTheSymbol() {
  let map = """
         VMA      LMA     Size Align Out     In      Symbol
      101000   101000     6000    16 .text
      101000   101000       11    16         /b/objects/Boot-Entry-i686-Entry.asm.o:(.text)
      101000   101000        0     1                 high
      102010   102010       92    16         /b/libKernel.a(Entry.swift.o):(.text.kernel_entry)
      1020b0   1020b0       10    16         /b/libKernel.a(Entry.swift.o):(.text.$e5Start3logyy3Log0C5LevelO)
      1020c0   1020c0        8    16         /b/libKernel.a(Entry.swift.o):(.text.$es4main)
      103000   103000       20     1 .bss
      103000   103000       20     1         /b/libKernel.a(Entry.swift.o):(.bss.$e3Log4ringS)
           0        0     1000     1 .debug_info
         100      100      900     1         /b/libKernel.a(Entry.swift.o):(.debug_info)
    """
  let report = SizeReport(map: map, owners: ["Entry.swift.o": "Image"])
  #expect(
    report.modules == [
      "Boot-Entry-i686-Entry.asm": .init(text: 0x11), "Image": .init(text: 0x92), "Start": .init(text: 0x10),
      "Swift": .init(text: 8), "Log": .init(bss: 0x20),
    ])
  #expect(SizeReport(text: report.text) == report)
  #expect(report.total == .init(text: 0x11 + 0x92 + 0x18, bss: 0x20))
}

@Test func versionsAreFoundInWhatToolsSay() {
  #expect(Requirement.version("NASM version 2.16.01") == [2, 16, 1])
  #expect(Requirement.version("grub-mkimage (GRUB) 2.06-13+deb12u2") == [2, 6])
  #expect(Requirement.version("GNU gdb (Debian 13.1-3) 13.1") == [13, 1])
  #expect(Requirement.version("no number") == nil)
}

@Test func theListOfRequirementsIsSound() throws {
  let file = try Project.find().path("Tools/requirements.txt")
  let list = try Requirement.parse(String(decoding: Files.read(file), as: UTF8.self), file: file)
  #expect(list.count >= 12)
  #expect(list.allSatisfy { !$0.package.isEmpty && !$0.program.isEmpty && !$0.purpose.isEmpty })
  #expect(
    complaint { _ = try Requirement.parse("a | b\n", file: "list") }.contains(
      "list:1: found 2 columns; allowed: 5"))
}
