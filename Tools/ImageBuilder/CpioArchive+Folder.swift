import Foundation
import HostSupport

extension CpioArchive {
  /// The most that a file of the archive may hold, in bytes: its size has eight hexadecimal digits.
  private static let largestFile = Int(UInt32.max)

  /// Packs a folder of the host: files, folders, symbolic links and named pipes, sorted by the bytes of their paths.
  ///
  /// Permissions are kept as far as the format of source control keeps them (executable or not), so that a clone with
  /// another umask packs the same archive.
  ///
  /// - Throws: `ToolError` naming a path that cannot be packed.
  public init(folder: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
      throw ToolError(
        "the ramdisk folder \(folder) \(FileManager.default.fileExists(atPath: folder) ? "is no folder" : "does not exist")"
      )
    }
    entries = []
    try add(folder: folder, prefix: "")
    entries.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  private mutating func add(folder: String, prefix: String) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      let source = "\(folder)/\(name)"
      let path = prefix + name
      var status = stat()
      guard lstat(source, &status) == 0 else {
        throw ToolError("cannot look at \(source): \(String(cString: strerror(errno)))")
      }
      let runs = status.st_mode & 0o100 != 0
      switch UInt32(status.st_mode) & Self.formatMask {
      case Self.fileFormat:
        guard status.st_size <= Self.largestFile else {
          throw ToolError(
            "\(source) has \(status.st_size) bytes; a file in a cpio archive has less than 4 GiB")
        }
        entries.append(
          Entry(path: path, permissions: runs ? 0o755 : 0o644, kind: .file(try Files.read(source))))
      case Self.folderFormat:
        entries.append(Entry(path: path, permissions: 0o755, kind: .folder))
        try add(folder: source, prefix: path + "/")
      case Self.linkFormat:
        let target = try FileManager.default.destinationOfSymbolicLink(atPath: source)
        entries.append(Entry(path: path, permissions: 0o777, kind: .link(target)))
      case Self.pipeFormat:
        entries.append(Entry(path: path, permissions: 0o644, kind: .other(mode: Self.pipeFormat)))
      default:
        throw ToolError(
          "\(source) is neither file, folder, symbolic link nor named pipe; a ramdisk folder holds only these"
        )
      }
    }
  }
}
