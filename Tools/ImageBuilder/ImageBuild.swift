import HostSupport

/// Builds what a description asks for, below `Images/built/NAME`.
///
/// The files are only rewritten when their content changes, and the discs are only made when what is on them changed.
public struct ImageBuild: Sendable {
  /// What is built.
  public var description: ImageDescription
  /// Where.
  public var project: Project
  /// With what.
  public var toolchain: Toolchain

  /// Prepares a build; nothing is made.
  public init(_ description: ImageDescription, project: Project, toolchain: Toolchain) {
    self.description = description
    self.project = project
    self.toolchain = toolchain
  }

  /// The name of the module with the ramdisk, by which the kernel knows it.
  public static let ramdiskName = "ramdisk.cpio"

  /// The folder of the image's files.
  public var folder: String { "\(project.builtFolder)/\(description.name)" }
  /// The packed ramdisk.
  public var ramdiskPath: String { "\(folder)/\(Self.ramdiskName)" }

  /// The disc that boots by a protocol.
  public func discPath(_ bootProtocol: GrubDisc.BootProtocol) -> String {
    "\(folder)/\(description.name)\(bootProtocol == .multiboot1 ? "" : "-multiboot2").iso"
  }

  /// Brings the linked kernel up to date and checks that loaders will find its headers.
  public func kernel() async throws -> KernelBuild.Result {
    let result = try await KernelBuild(
      product: description.kernel, architecture: description.architecture, project: project,
      toolchain: toolchain
    ).run()
    guard result.isNew else { return result }
    let bytes = try Files.read(result.kernel)
    let problems = MultibootHeader(bytes).problems(is64Bit: description.architecture == .x86_64)
    guard problems.isEmpty else { throw ToolError("\(result.kernel): \(problems.joined(separator: "; "))") }
    return result
  }

  /// Packs the ramdisk; returns its path, or `nil` if the description has none.
  public func ramdisk() async throws -> String? {
    guard let source = description.ramdisk else { return nil }
    let bytes = try RamdiskContent.bytes(of: source, size: description.ramdiskSize)
    try await FolderLock.hold(folder + "/lock") { try Files.write(bytes, to: ramdiskPath) }
    return ramdiskPath
  }

  /// Makes the disc that boots by `bootProtocol`; returns its path.
  ///
  /// - Parameter commandLine: the kernel's command line, if not the description's own.
  public func disc(_ bootProtocol: GrubDisc.BootProtocol) async throws -> String {
    let kernel = try await kernel().kernel
    let modules =
      try await ramdisk().map { [GrubDisc.Module(name: Self.ramdiskName, content: try Files.read($0))] } ?? []
    let disc = GrubDisc(
      kernel: kernel, modules: modules, commandLine: description.commandLine, bootProtocol: bootProtocol,
      toolchain: toolchain)
    let path = discPath(bootProtocol)
    return try await FolderLock.hold(folder + "/lock") {
      var inputs = Fingerprint()
      inputs.add(word: try disc.configuration)
      inputs.add(word: GrubDisc.grubModules.joined(separator: " "))
      inputs.add(word: "\(GrubDisc.date)")
      inputs.add(file: kernel)
      if description.ramdisk != nil { inputs.add(file: ramdiskPath) }
      // The tools themselves are in the fingerprint by their files: an upgrade makes the disc anew.
      for tool in ["grub-mkimage", "xorriso"] { inputs.add(file: Executables.path(of: tool) ?? tool) }
      if inputs.matches(stamp: path + ".stamp"), (try? Files.read(path)) != nil { return path }
      Terminal.shared.step("making \(path)")
      try await disc.write(to: path)
      try inputs.write(stamp: path + ".stamp")
      return path
    }
  }
}
