import HostSupport

/// Looks through a disassembly for instructions that a kernel must not contain.
///
/// SSE, MMX and x87 registers belong to programs: an interrupt handler that uses them destroys a program's values.
/// A red zone, memory below the stack pointer that is used without being reserved, is overwritten by the next
/// interrupt. The instructions that save, restore and initialise the state of programs are what a kernel may use.
public struct CodeInspection: Sendable {
  /// An instruction that should not be there.
  public struct Finding: Equatable, Sendable {
    /// The function it stands in.
    public var function: String
    /// Its address.
    public var address: UInt64
    /// Its text.
    public var instruction: String
    /// What is wrong with it.
    public var reason: String
  }

  /// Everything that should not be there, in order of address.
  public private(set) var findings: [Finding] = []
  /// How many instructions were looked at.
  public private(set) var count = 0

  private static let allowed: Set<Substring> = [
    "fxsave", "fxsave64", "fxsavel", "fxsaveq", "fxrstor", "fxrstor64", "fxrstorl", "fxrstorq", "fninit",
    "finit",
    "fnclex", "fninitl", "fwait",
  ]

  /// Reads the output of `llvm-objdump --disassemble --no-show-raw-insn` in AT&T syntax.
  ///
  /// - Parameter exceptions: functions whose instructions are not looked at, because they are written to save and load
  ///   the state of programs.
  public init(disassembly: String, exceptions: Set<String> = []) {
    var function = ""
    for line in disassembly.split(separator: "\n") {
      if line.hasSuffix(">:"), let open = line.firstIndex(of: "<") {
        function = String(line[line.index(after: open)...].dropLast(2))
        continue
      }
      guard let colon = line.firstIndex(of: ":"),
        let address = UInt64(line[..<colon].drop { $0 == " " }, radix: 16)
      else { continue }
      let text = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      count += 1
      guard !exceptions.contains(function), let reason = Self.objection(to: text) else { continue }
      findings.append(
        Finding(
          function: function, address: address, instruction: String(text.replacing("\t", with: " ")),
          reason: reason))
    }
  }

  /// Why an instruction is not allowed, or `nil` if it is.
  static func objection(to text: Substring) -> String? {
    let mnemonic = text.prefix { $0 != " " && $0 != "\t" }
    // Cheap tests first: hardly any instruction gets past them.
    if text.utf8.contains(UInt8(ascii: "%")) {
      if text.contains("mm"), ["%xmm", "%ymm", "%zmm"].contains(where: text.contains) {
        return "uses SSE registers"
      }
      if text.contains("%mm") { return "uses MMX registers" }
      if text.contains("%st") { return "uses x87 registers" }
      // A negative offset from the stack pointer, other than in address arithmetic.
      if text.contains("(%rsp"), !mnemonic.hasPrefix("lea"), text.contains("-0x") {
        let before = text[..<(text.firstRange(of: "(%rsp")?.lowerBound ?? text.startIndex)]
        let offset = before.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "," }).last ?? ""
        if offset.hasPrefix("-0x") { return "uses memory below the stack pointer (red zone)" }
      }
    }
    guard mnemonic.first == "f", !allowed.contains(mnemonic) else { return nil }
    return "is an x87 instruction"
  }

  /// Disassembles a kernel and looks through it.
  ///
  /// Only symbols that are functions, or have no kind (assembly), in executable sections are code; boot headers are data
  /// in a segment that is executable, and would disassemble to anything.
  ///
  /// - Throws: `ToolError` if the disassembler fails.
  public static func inspect(
    kernel: String, toolchain: Toolchain, exceptions: Set<String> = []
  ) async throws -> CodeInspection {
    let file = try ELFFile(Files.read(kernel), name: kernel)
    let sections = file.sections.filter { $0.isLoaded && $0.flags & 4 != 0 }.map { "--section=\($0.name)" }
    let text = try await Command(
      toolchain.path(of: "llvm-objdump"), ["--disassemble", "--no-show-raw-insn"] + sections + [kernel]
    ).output()
    var exceptions = exceptions
    exceptions.formUnion(
      file.symbols.lazy.map(\.name).filter {
        $0.hasPrefix("multiboot") || $0.hasSuffix("_text") || $0.hasSuffix("_data")
      })
    return CodeInspection(disassembly: text, exceptions: exceptions)
  }
}
