import ArgumentParser
import FileSystemImage
import Foundation

/// `mkimage check`: says whether a file system image is consistent.
struct FileSystemCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Finds every inconsistency of a file system image.",
    discussion: "Ends with status 0 when there is none, and with 1 when there is one.")

  @Argument(help: "The image.") var image: String

  func run() throws {
    let (summary, findings) = ImageReader.check(try readFile(image))
    for finding in findings { print("\(image): \(finding.line)") }
    guard findings.isEmpty else { throw ExitCode(1) }
    print(
      "\(image): \(summary.inodes) files, \(summary.directories) directories, \(summary.blocks) blocks, consistent"
    )
  }
}

/// `mkimage fs`: makes file system images and looks into them.
struct FileSystemCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fs", abstract: "Makes file system images and looks into them.",
    subcommands: [Create.self, List.self, Extract.self])

  /// `mkimage fs create`.
  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes an image of a folder, or of a tar or cpio archive.")

    @Argument(help: "A folder, or a tar (ustar, pax, GNU) or cpio (newc) archive, not compressed.")
    var source: String
    @Argument(help: "The image to write.") var image: String
    @Option(help: "MiB of room for what programs write.") var spare = 16
    @Option(help: "How many files programs can make.") var spareFiles = 4096

    func validate() throws {
      guard (0...4096).contains(spare) else { throw ValidationError("--spare is 0 to 4096 MiB") }
      guard (0...1_000_000).contains(spareFiles) else {
        throw ValidationError("--spare-files is 0 to 1000000")
      }
    }

    func run() throws {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: source, isDirectory: &isFolder) else {
        throw ImageError("\(source): there is no such file or folder")
      }
      let entries =
        isFolder.boolValue ? try Folder.entries(of: source) : try ArchiveReader.entries(of: readFile(source))
      let bytes = try ImageWriter.image(of: entries, spareBytes: spare << 20, spareInodes: spareFiles)
      try Data(bytes).write(to: URL(fileURLWithPath: image), options: .atomic)
      print("\(image): \(entries.count) files, \(bytes.count) bytes")
    }
  }

  /// `mkimage fs list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the files of an image.")

    @Argument(help: "The image.") var image: String

    func run() throws {
      for entry in try ImageReader.entries(of: readFile(image)) {
        var line = String(entry.permissions, radix: 8) + " \(entry.owner):\(entry.group) /\(entry.path)"
        switch entry.content {
        case .directory: line += entry.path.isEmpty ? "" : "/"
        case .file(let data): line += "  \(data.count) bytes"
        case .symbolicLink(let target): line += " -> " + String(decoding: target, as: UTF8.self)
        case .device(let kind, let number): line += "  \(kind) \(number.major):\(number.minor)"
        case .special(let kind): line += "  \(kind)"
        case .hardLink(let first): line += " = /\(first)"
        }
        print(line)
      }
    }
  }

  /// `mkimage fs extract`.
  struct Extract: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes the files of an image into a new folder.")

    @Argument(help: "The image.") var image: String
    @Argument(help: "The folder to make.") var folder: String

    func run() throws {
      for path in try ImageReader.extract(readFile(image), to: folder) {
        FileHandle.standardError.write(Data("left out: /\(path)\n".utf8))
      }
    }
  }
}

private func readFile(_ path: String) throws -> [UInt8] {
  guard let data = FileManager.default.contents(atPath: path) else {
    throw ImageError("\(path): cannot be read")
  }
  return Array(data)
}
