import Foundation
import HostSupport

/// Builds a bare-metal product for one architecture: compile, assemble, link, report.
///
/// SwiftPM compiles the Swift and C sources into a static library; nasm assembles the `.asm` files, which SwiftPM does
/// not know; the toolchain's `ld.lld` links both by the project's linker script. Each step is left out when
/// nothing that it reads has changed since it last succeeded: even a `swift build` that finds nothing to do takes
/// longer than booting the kernel.
public struct KernelBuild: Sendable {
  /// The guest kernel of our own.
  private static let guestFolder = "Kernel/Guests/Guest"
  /// What is written for one architecture.
  private static let machineFolder = "Kernel/Machine/Arch"

  /// What is built.
  public let product: KernelProduct
  /// What it is built for.
  public let architecture: Architecture
  /// Where the sources are.
  public let project: Project
  /// What it is built with.
  public let toolchain: Toolchain

  /// Prepares a build; nothing is run.
  public init(product: KernelProduct, architecture: Architecture, project: Project, toolchain: Toolchain) {
    self.product = product
    self.architecture = architecture
    self.project = project
    self.toolchain = toolchain
  }

  /// What a build leaves.
  public struct Result: Sendable {
    /// The linked kernel with symbols and debug information.
    public var kernel: String
    /// The linker's map: which section of which object went where.
    public var map: String
    /// Text, data and bss by module, one line each.
    public var sizes: String
    /// The symbols by address.
    public var symbols: String
    /// Whether anything had to be compiled or linked.
    public var isNew: Bool
  }

  /// Brings the linked kernel up to date.
  ///
  /// - Throws: `ToolError` with the command that failed and what it said.
  public func run() async throws -> Result {
    let folder = project.linkFolder(architecture)
    return try await FolderLock.hold(folder + "/lock") { try await build(in: folder) }
  }

  private func build(in folder: String) async throws -> Result {
    let base = "\(folder)/\(product.rawValue)"
    let result = Result(
      kernel: base + ".elf", map: base + ".map", sizes: base + ".sizes", symbols: base + ".symbols",
      isNew: false)
    let inputs = fingerprint()
    let outputs = [result.kernel, result.map, result.sizes, result.symbols]
    if inputs.matches(stamp: base + ".stamp"),
      outputs.allSatisfy({ FileManager.default.fileExists(atPath: $0) })
    {
      return result
    }

    let library = try await compile()
    var objects: [String] = []
    for source in assemblySources() { objects.append(try await assemble(source, into: folder + "/objects")) }
    try await link(objects: objects, library: library, result)
    try await report(result)
    // Taken before the compiler read the sources: an edit made meanwhile is seen as a change next time.
    try inputs.write(stamp: base + ".stamp")
    return Result(
      kernel: result.kernel, map: result.map, sizes: result.sizes, symbols: result.symbols, isNew: true)
  }

  /// The toolset file with the compiler's flags.
  var toolset: String { project.path("Tools/Toolsets/\(architecture.rawValue).json") }

  /// The linker script.
  var linkerScript: String {
    project.path(
      product == .guestKernel ? "\(Self.guestFolder)/guest.ld" : "Boot/Link/\(architecture.rawValue).ld")
  }

  /// Everything that the linked kernel depends on.
  func fingerprint() -> Fingerprint {
    var inputs = Fingerprint()
    // The reports' form is an input too: another form, another number.
    inputs.add(word: "reports 2")
    inputs.add(word: compileCommand.shellLine)
    inputs.add(word: linkCommand(objects: [], library: "", map: "", output: "").shellLine)
    inputs.add(file: toolchain.path(of: "swift-frontend"))
    inputs.add(file: toolchain.path(of: "lld"))
    inputs.add(file: Executables.path(of: "nasm") ?? "nasm")
    inputs.add(file: project.path("Package.swift"))
    inputs.add(file: toolset)
    let sources: Set<String> = ["swift", "c", "h", "S", "asm", "inc", "ld", "modulemap"]
    for folder in ["Kernel", "Boot", "Tests/Kernels"] {
      inputs.add(folder: project.path(folder), extensions: sources)
    }
    return inputs
  }

  // MARK: Compile

  /// The SwiftPM command that makes the static library.
  var compileCommand: Command {
    // A test process has variables that steer SwiftPM and the test libraries; the nested build must not see them.
    var environment: [String: String?] = ["KERNEL_ARCH": architecture.rawValue]
    for name in ProcessInfo.processInfo.environment.keys
    where ["SWIFTPM_", "SWIFT_TESTING", "XCTest", "LLVM_PROFILE"].contains(where: name.hasPrefix) {
      environment.updateValue(nil, forKey: name)
    }
    return Command(
      toolchain.path(of: "swift"),
      [
        "build", "--package-path", project.root, "--build-system", "native", "--triple", architecture.triple,
        "--toolset", toolset, "--scratch-path", project.scratchFolder(architecture), "-c", "release",
        "--product", product.rawValue,
      ], environment: environment)
  }

  private func compile() async throws -> String {
    Terminal.shared.step("compiling \(product.rawValue) for \(architecture.rawValue)")
    let library =
      "\(project.scratchFolder(architecture))/\(architecture.triple)/release/lib\(product.rawValue).a"
    // SwiftPM updates an archive in place, so the order of its members would tell in what order files were once added,
    // and code that several objects bring is taken from the first: the same sources would link differently.
    try Files.remove(library)
    let said = try await compileCommand.output()
    for line in said.split(separator: "\n") where line.contains("warning:") {
      Terminal.shared.note(String(line))
    }
    guard FileManager.default.fileExists(atPath: library) else {
      throw ToolError("\(compileCommand.shellLine) succeeded but made no \(library)")
    }
    return library
  }

  // MARK: Assemble

  /// The assembler sources of this architecture, sorted by path so that the link order never varies.
  func assemblySources() -> [String] {
    let guest = "\(Self.guestFolder)/Entry"
    if product == .guestKernel { return sources(in: [guest]) }
    let shared = product == .benchKernel && architecture == .i686 ? ["\(guest)/Jacobi.asm"] : []
    return shared
      + sources(in: [
        "Boot/Entry/\(architecture.rawValue)", "\(Self.machineFolder)/\(architecture.kernelFolder)",
        "\(Self.machineFolder)/X86",
      ])
  }

  private func sources(in folders: [String]) -> [String] {
    folders.flatMap { folder in
      let names = (try? FileManager.default.contentsOfDirectory(atPath: project.path(folder))) ?? []
      return names.filter { $0.hasSuffix(".asm") }.sorted().map { "\(folder)/\($0)" }
    }
  }

  /// The command that assembles `source` (relative to the project) to `object`.
  func assembleCommand(_ source: String, to object: String) -> Command {
    Command(
      "nasm",
      [
        "-f", architecture.objectFormat, "-D", architecture.assemblerDefinition, "-I", "Boot/Entry/", "-I",
        "\(Self.machineFolder)/", "-o", object, source,
      ], directory: project.root)
  }

  private func assemble(_ source: String, into folder: String) async throws -> String {
    let object = "\(folder)/\(source.replacingOccurrences(of: "/", with: "-")).o"
    var inputs = Fingerprint()
    inputs.add(word: assembleCommand(source, to: object).shellLine)
    inputs.add(file: Executables.path(of: "nasm") ?? "nasm")
    // Includes are not followed: any file that may be included counts.
    inputs.add(file: project.path(source))
    for folder in ["Boot/Entry", Self.machineFolder] {
      inputs.add(folder: project.path(folder), extensions: ["inc"])
    }
    if inputs.matches(stamp: object + ".stamp"), FileManager.default.fileExists(atPath: object) {
      return object
    }

    Terminal.shared.step("assembling \(source)")
    try await Files.replace(object) { temporary in
      try await assembleCommand(source, to: temporary).output()
    }
    try inputs.write(stamp: object + ".stamp")
    return object
  }

  // MARK: Link

  func linkCommand(objects: [String], library: String, map: String, output: String) -> Command {
    Command(
      toolchain.path(of: "ld.lld"),
      [
        "-m", architecture.linkerEmulation, "-static", "-nostdlib", "-z", "max-page-size=4096", "-z",
        "noexecstack", "--gc-sections", "--build-id=none", "-T", linkerScript, "-Map=\(map)",
      ] + objects + [library, "-o", output])
  }

  private func link(objects: [String], library: String, _ result: Result) async throws {
    Terminal.shared.step("linking \(product.rawValue) for \(architecture.rawValue)")
    try await Files.replace(result.map) { map in
      try await Files.replace(result.kernel) { output in
        try await linkCommand(objects: objects, library: library, map: map, output: output).output()
      }
    }
  }

  // MARK: Report

  private func report(_ result: Result) async throws {
    let map = String(decoding: try Files.read(result.map), as: UTF8.self)
    // The report of the link before stays beside it, for `apus sizes` to show the change.
    if let previous = try? Files.read(result.sizes) {
      try Files.write(previous, to: result.sizes + ".previous", evenIfEqual: true)
    }
    try Files.write(SizeReport(map: map, owners: objectOwners()).text, to: result.sizes)
    let file = try ELFFile(Files.read(result.kernel), name: result.kernel)
    let symbols = file.symbols.filter { !$0.name.isEmpty && $0.section != nil }
      .sorted { ($0.address, $0.name) < ($1.address, $1.name) }
    let digits = file.is64Bit ? 16 : 8
    try Files.write(
      symbols.map { "\(hexadecimal($0.address, digits: digits)) \($0.size) \($0.name)\n" }.joined(),
      to: result.symbols)
  }
}

extension KernelBuild {
  /// The module of each object that SwiftPM made, by the object's name; two modules with objects of one name share it.
  func objectOwners() -> [String: String] {
    let folder = "\(project.scratchFolder(architecture))/\(architecture.triple)/release"
    var owners: [String: Set<String>] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    where name.hasSuffix(".build") {
      let objects = FileManager.default.enumerator(atPath: "\(folder)/\(name)")
      while let path = objects?.nextObject() as? String {
        guard path.hasSuffix(".o") else { continue }
        owners[URL(filePath: path).lastPathComponent, default: []].insert(String(name.dropLast(6)))
      }
    }
    return owners.mapValues { $0.sorted().joined(separator: "+") }
  }
}

/// `value` in hexadecimal with leading zeros, without a prefix.
public func hexadecimal(_ value: UInt64, digits: Int = 1) -> String {
  let text = String(value, radix: 16)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}
