/// Where the instructions of a benchmark's sample go: the emulator lists each one that it executes, and the sample that
/// costs as much as the median is cut out of the list.

import Foundation
import HostSupport
import ImageBuilder
import Launch

/// The instructions of one sample, in the order in which they were executed.
public struct ExecutedPath: Sendable, Equatable {
  /// An executed instruction.
  public struct Step: Sendable, Equatable {
    /// The function's name, readable.
    public var function: String
    /// Where the instruction lies.
    public var address: UInt64
    /// The instruction, in Intel's notation.
    public var instruction: String
  }

  /// The instructions between two readings of the counter, the first included.
  public var steps: [Step]

  /// A listing, function by function.
  public var text: String {
    var lines = ["\(steps.count) instructions"]
    var function: String?
    for (index, step) in steps.enumerated() {
      if step.function != function {
        function = step.function
        lines.append("\n\(step.function)")
      }
      let number = String(index + 1)
      lines.append(String(repeating: " ", count: max(0, 5 - number.count)) + number + "  " + step.instruction)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The window of a trace that is a sample.
  ///
  /// A sample lies between two readings of the counter by the benchmark, as many instructions apart as it cost. A wrong
  /// window of that length is a loop that only looks at the counter: the right one goes through the most functions.
  ///
  /// - Parameters:
  ///   - trace: addresses of executed instructions.
  ///   - cost: the instructions in the sample.
  ///   - isReading: whether the benchmark reads the counter at an address.
  ///   - function: the function at an address.
  /// - Returns: the window that is in the middle of those that go through the most functions.
  public static func window(
    in trace: [UInt64], cost: Int, isReading: (UInt64) -> Bool, function: (UInt64) -> String
  ) -> Range<Int>? {
    let readings = trace.indices.filter { isReading(trace[$0]) }
    let places = Set(readings)
    var best = 0
    var found: [Range<Int>] = []
    for start in readings where places.contains(start + cost) {
      let count = Set(trace[start..<start + cost].map(function)).count
      if count > best {
        best = count
        found = []
      }
      if count == best { found.append(start..<start + cost) }
    }
    return found.isEmpty ? nil : found[found.count / 2]
  }

  /// The addresses in the emulator's log of executed blocks, each of one instruction.
  ///
  /// An access to a device is begun twice; the log says so, and the first is left out.
  public static func addresses(inLog log: Data) -> [UInt64] {
    var addresses: [UInt64] = []
    log.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      var offset = 0
      // Trace 0: 0x7f5c8c000100 [00000000/ffffffff80100000/0040c0b0/00000000] name
      // cpu_io_recompile: rewound execution of TB to ffffffff80100000
      while offset < bytes.count {
        let line = base + offset
        let rest = bytes.count - offset
        let length = memchr(line, 0x0A, rest).map { line.distance(to: UnsafeRawPointer($0)) } ?? rest
        if bytes[offset] == UInt8(ascii: "c") {
          _ = addresses.popLast()
        } else if bytes[offset] == UInt8(ascii: "T"), let slash = memchr(line, 0x2F, length) {
          let digits = (UnsafeRawPointer(slash) + 1).assumingMemoryBound(to: CChar.self)
          addresses.append(UInt64(strtoull(digits, nil, 16)))
        }
        offset += length + 1
      }
    }
    return addresses
  }
}

/// A kernel's instructions by their addresses.
struct Disassembly {
  private(set) var instructions: [UInt64: String] = [:]
  private(set) var functions: [UInt64: String] = [:]

  /// Disassembles a kernel.
  init(kernel: String, toolchain: Toolchain) async throws {
    let text = try await Command(
      toolchain.path(of: "llvm-objdump"),
      ["--disassemble", "--no-show-raw-insn", "--x86-asm-syntax=intel", kernel]
    ).output()
    var function = ""
    for line in text.split(separator: "\n") {
      if line.hasSuffix(">:"), let open = line.firstIndex(of: "<") {
        function = String(line[line.index(after: open)...].dropLast(2))
      } else if let colon = line.firstIndex(of: ":"),
        let address = UInt64(line[..<colon].drop { $0 == " " }, radix: 16)
      {
        let words = line[line.index(after: colon)...].split { $0 == " " || $0 == "\t" }
        instructions[address] = words.joined(separator: " ")
        functions[address] = function
      }
    }
  }

  /// The names of functions, readable.
  static func readable(_ names: [String], toolchain: Toolchain) async throws -> [String: String] {
    let mangled = names.filter { $0.hasPrefix("$") }
    if mangled.isEmpty { return [:] }
    let lines = try await Command(
      toolchain.path(of: "swift-demangle"), ["--compact", "--simplified"] + mangled
    ).output()
    return Dictionary(
      zip(mangled, lines.split(separator: "\n").map(String.init)), uniquingKeysWith: { first, _ in first })
  }
}

/// Finds executed paths.
public struct PathBenchmark: Sendable {
  private let project: Project
  private let toolchain: Toolchain

  /// Benchmarks of the project's kernel.
  public init(project: Project, toolchain: Toolchain) {
    self.project = project
    self.toolchain = toolchain
  }

  /// Runs a benchmark with every instruction listed, and cuts out the median sample.
  ///
  /// - Throws: `ToolError` if the benchmark fails, or no sample is found in the list.
  public func run(_ entry: CatalogueEntry, _ architecture: Architecture) async throws -> ExecutedPath {
    let method = entry.name.split(separator: "/").contains("hardware") ? "hardware" : "software"
    var description = try ImageDescription(
      text: "architecture = \"\(architecture.rawValue)\"\nkernel = \"BenchKernel\"\n", file: "bench.toml")
    description.commandLine = "test=\(entry.group) switch=\(method) console=serial"
    description.name = "path-\(architecture.rawValue)-\(entry.group)"
    let plan = BootPlan(
      image: ImageBuild(description, project: project, toolchain: toolchain), path: .kernel)
    var (machine, _) = try await plan.prepare()
    guard case .kernel(let kernel, _, _) = machine.medium else { throw ToolError("no kernel to disassemble") }
    let code = try await Disassembly(kernel: kernel, toolchain: toolchain)
    guard let first = code.instructions.keys.min(), let last = code.instructions.keys.max() else {
      throw ToolError("\(kernel) has no instructions")
    }
    let folder = try Files.makeTemporaryFolder()
    defer { try? Files.remove(folder) }
    machine.countsInstructions = true
    // Blocks of one instruction, each logged; the firmware's and the start-up's below the kernel's text are not.
    machine.extraArguments += [
      "-singlestep", "-d", "exec,nochain", "-D", "\(folder)/log",
      "-dfilter", "0x\(String(first, radix: 16))..0x\(String(last, radix: 16))",
    ]
    let report = try await Launcher(machine).run(.init(timeout: 600, input: []))
    guard report.outcome.isSuccess,
      let samples = try SampleReader.read(report.serial).finished.first(where: { $0.name == entry.name })?
        .samples,
      !samples.isEmpty
    else { throw ToolError("\(entry.name): \(report.outcome.sentence)") }
    let median = samples.sorted()[samples.count / 2]
    let trace = ExecutedPath.addresses(
      inLog: try Data(contentsOf: URL(filePath: "\(folder)/log"), options: .mappedIfSafe))
    let window = ExecutedPath.window(in: trace, cost: median) { address in
      // The module's name in a mangled one, with its length.
      code.instructions[address] == "rdtsc" && code.functions[address]?.contains("10Benchmarks") == true
    } function: {
      code.functions[$0] ?? ""
    }
    guard let window else {
      throw ToolError("\(entry.name): no sample of \(median) instructions in the list")
    }
    let names = Array(Set(trace[window].compactMap { code.functions[$0] }))
    let readable = try await Disassembly.readable(names, toolchain: toolchain)
    return ExecutedPath(
      steps: trace[window].map { address in
        let name = code.functions[address] ?? "?"
        return .init(
          function: readable[name] ?? name, address: address,
          instruction: code.instructions[address] ?? "?")
      })
  }
}
