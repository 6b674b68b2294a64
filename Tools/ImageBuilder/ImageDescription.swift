import Foundation
import HostSupport
import TOMLKit

/// What an image consists of and the machine that it is meant for: a file `Images/*.toml`, checked.
///
/// Paths are relative to the description's own folder. Every mistake is told with file, line and column, what was
/// found there and what is allowed; a key that nobody reads is a mistake too.
public struct ImageDescription: Equatable, Sendable {
  /// The image's name, from which its files are named.
  public var name: String
  /// Which bare-metal product it boots.
  public var kernel = KernelProduct.kernel
  /// The processor architecture.
  public var architecture: Architecture
  /// The kernel's command line.
  public var commandLine = ""
  /// The absolute path of what becomes the ramdisk, if there is one: a folder, an archive or an image.
  public var ramdisk: String?
  /// The size in MiB of the ramdisk's file system, or `nil` for what the kernel thinks right.
  public var ramdiskSize: Int?
  /// The number of processors.
  public var cpus = 1
  /// Memory in MiB.
  public var memory = 128

  /// The processors that a machine may have.
  public static let allowedCPUs = 1...255
  /// The size, in MiB, that a ramdisk may have.
  public static let allowedRamdiskSize = 1...2047
  /// The memory, in MiB, that a machine may have.
  public static let allowedMemory = 16...65_536

  /// Reads a description.
  ///
  /// - Throws: `ToolError`; see above.
  public init(file: String) throws {
    try self.init(text: String(decoding: Files.read(file), as: UTF8.self), file: file)
  }

  /// Reads the text of a description that came from `file`.
  public init(text: String, file: String) throws {
    let table: TOMLTable
    do {
      table = try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      let place = error.source.begin
      throw ToolError("\(file):\(place.line):\(place.column): \(error.description)")
    }
    var keys = DescriptionKeys(table: table, locator: TOMLLocator(text), file: file)

    name = try keys.string("name") ?? URL(filePath: file).deletingPathExtension().lastPathComponent
    guard !name.isEmpty, name.utf8.allSatisfy(Self.isNameByte), name.first != "." else {
      throw keys.wrong("name", found: "\"\(name)\"", allowed: "letters, digits, `-`, `_` and `.`")
    }
    guard let architecture = try keys.choice("architecture", Architecture.self) else {
      throw ToolError("\(file): the key `architecture` is missing; allowed: \(Architecture.allowedNames)")
    }
    self.architecture = architecture
    if let kernel = try keys.choice("kernel", KernelProduct.self) { self.kernel = kernel }
    commandLine = try keys.string("command-line") ?? ""
    guard !commandLine.contains(where: { $0.isNewline || $0 == "'" }) else {
      throw keys.wrong("command-line", found: "a line end or '", allowed: "one line without '")
    }
    if let folder = try keys.string("ramdisk") {
      let path = URL(filePath: folder, relativeTo: URL(filePath: file).deletingLastPathComponent())
        .standardizedFileURL.path
      guard FileManager.default.fileExists(atPath: path) else {
        throw keys.wrong(
          "ramdisk", found: "\"\(folder)\" (nothing at \(path))",
          allowed: "a folder, a cpio or tar archive or an image, relative to this file")
      }
      ramdisk = path
    }
    ramdiskSize = try keys.integer("ramdisk-size", in: Self.allowedRamdiskSize, unit: " (MiB)")
    if let cpus = try keys.integer("cpus", in: Self.allowedCPUs, unit: "") { self.cpus = cpus }
    if let memory = try keys.integer("memory", in: Self.allowedMemory, unit: " (MiB)") {
      self.memory = memory
    }
    try keys.refuseOthers()
  }

  /// All descriptions of a project, sorted by file name.
  ///
  /// - Throws: `ToolError` if one is wrong, or two bear one name.
  public static func all(in project: Project) throws -> [ImageDescription] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: project.imagesFolder)) ?? []
    let images = try names.filter { $0.hasSuffix(".toml") }.sorted().compactMap { name in
      let file = "\(project.imagesFolder)/\(name)"
      let text = String(decoding: try Files.read(file), as: UTF8.self)
      // A machine of several nodes is not one image; Tools/SCC reads it.
      return text.contains("[[node]]") ? nil : try ImageDescription(text: text, file: file)
    }
    var seen: Set<String> = []
    for image in images where !seen.insert(image.name).inserted {
      throw ToolError("two descriptions in \(project.imagesFolder) have the name \(image.name)")
    }
    return images
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}
