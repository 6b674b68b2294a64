import Foundation
import HostSupport
import ImageBuilder

/// Builds what a machine's description asks for.
public struct MachineBuild: Sendable {
  /// The machine.
  public var description: MachineDescription
  /// Where the sources are.
  public var project: Project
  /// With what they are compiled.
  public var toolchain: Toolchain

  /// Prepares a build; nothing is made.
  public init(_ description: MachineDescription, project: Project, toolchain: Toolchain) {
    self.description = description
    self.project = project
    self.toolchain = toolchain
  }

  /// The folder of the machine's files, below `Images/built`.
  public var folder: String { "\(project.builtFolder)/\(description.name)" }

  /// Assembles one of the start-up programs of `Boot/Reset`.
  public func assemble(_ name: String) async throws -> [UInt8] {
    let output = "\(folder)/\(name).bin"
    try Files.makeFolder(folder)
    try await Files.replace(output) { temporary in
      try await Command(
        "nasm", ["-f", "bin", "-I", "Boot/Reset/", "-o", temporary, "Boot/Reset/\(name).asm"],
        directory: project.root
      ).output()
    }
    return try Files.read(output)
  }

  /// What is placed: the nodes' memory, further images, and each kernel with its symbols.
  private typealias Placed = (placements: [Placement], images: [Placement], kernels: [String])

  /// Compiles the kernels, packs the ramdisks, and places them.
  private func place() async throws -> Placed {
    var kernels: [String: FlatKernel] = [:]
    var paths: [String] = []
    var ramdisks: [String: [UInt8]] = [:]
    var placements: [Placement] = []
    for node in description.nodes + description.images {
      let key = "\(node.kernel.rawValue)-\(node.architecture.rawValue)"
      if kernels[key] == nil {
        let path = try await KernelBuild(
          product: node.kernel, architecture: node.architecture, project: project, toolchain: toolchain
        ).run().kernel
        kernels[key] = try FlatKernel(ELFFile(Files.read(path), name: path))
        paths.append(path)
      }
      if let source = node.ramdisk, ramdisks[source] == nil {
        ramdisks[source] = try CpioArchive(folder: source).bytes
      }
      // The first module is the ramdisk, with nothing in it if there is none: the images of others are the second.
      let ramdisk =
        node.ramdisk.flatMap { ramdisks[$0] } ?? (node.number == 0 ? CpioArchive(entries: []).bytes : nil)
      guard let kernel = kernels[key] else { continue }
      placements.append(try Placement(node: node, of: description, kernel: kernel, ramdisk: ramdisk))
    }
    let count = description.nodes.count
    return (Array(placements[..<count]), Array(placements[count...]), paths)
  }

  /// Makes what a boot loader brings to the first node: its kernel, its ramdisk and the images of all nodes.
  public func loaderFiles() async throws -> (kernel: String, modules: [String], kernels: [String]) {
    let (placements, more, kernels) = try await place()
    guard let first = description.nodes.first, let kernel = kernels.first else {
      throw ToolError("\(description.name) has no node")
    }
    // The first module is the first node's ramdisk, with nothing in it if it has none.
    let empty = try Files.makeTemporaryFolder()
    defer { try? Files.remove(empty) }
    let ramdisk = "\(folder)/\(ImageBuild.ramdiskName)"
    try Files.write(try CpioArchive(folder: first.ramdisk ?? empty).bytes, to: ramdisk)
    let images = "\(folder)/nodes.image"
    try Files.write(
      NodeImageFile(placements + more, trampoline: try await assemble("Trampoline")).bytes, to: images)
    return (kernel, [ramdisk, images], kernels)
  }

  /// Makes the parts that the management console loads; see `MergedMachine`.
  public func merge(into folder: String? = nil) async throws -> (machine: MergedMachine, kernels: [String]) {
    var (placements, more, kernels) = try await place()
    let rom = try await assemble("ROM")
    if placements.count > 1 {
      let images = NodeImageFile(placements + more, trampoline: try await assemble("Trampoline")).bytes
      if !placements[0].add(images: images) {
        Terminal.shared.note(
          "node 0 has no room for \(images.count >> 10) KiB of images: no node can be started again")
      }
    }
    let merged = MergedMachine(folder: folder ?? self.folder)
    Terminal.shared.step("merging \(description.name)")
    try merged.write(placements, rom: rom)
    return (merged, kernels)
  }
}
