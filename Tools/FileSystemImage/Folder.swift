/// Folders of the host: read as lists of files, and written from an image.

import FileSystemFormat
import Foundation

/// A folder of the host.
public enum Folder {
  /// All files below `root`, directories before what is in them, in the order of their names' bytes.
  ///
  /// Owner and group are not taken: they are the builder's and would make images differ.
  public static func entries(of root: String) throws -> [TreeEntry] {
    var entries: [TreeEntry] = []
    var firstNames: [String: String] = [:]
    try visit(root, "", &entries, &firstNames)
    return entries
  }

  private static func visit(
    _ root: String, _ path: String, _ entries: inout [TreeEntry], _ firstNames: inout [String: String]
  ) throws {
    let place = path.isEmpty ? root : root + "/" + path
    var status = stat()
    guard lstat(place, &status) == 0 else {
      throw ImageError("\(place): \(String(cString: strerror(errno)))")
    }
    let mode = FileMode(rawValue: UInt16(truncatingIfNeeded: status.st_mode))
    guard let kind = mode.kind else { throw ImageError("\(place): unknown kind of file") }
    var content: TreeEntry.Content
    switch kind {
    case .directory: content = .directory
    case .regular:
      guard let data = FileManager.default.contents(atPath: place) else {
        throw ImageError("\(place): cannot be read")
      }
      content = .file(Array(data))
    case .symbolicLink:
      content = .symbolicLink(Array(try FileManager.default.destinationOfSymbolicLink(atPath: place).utf8))
    case .characterDevice, .blockDevice:
      let number = UInt64(status.st_rdev)
      content = .device(
        kind,
        DeviceNumber(
          major: UInt32(number >> 8 & 0xFFF), minor: UInt32(number & 0xFF | number >> 12 & 0xFFF00)))
    case .pipe, .socket: content = .special(kind)
    }
    if kind != .directory, status.st_nlink > 1 {
      let key = "\(status.st_dev):\(status.st_ino)"
      if let first = firstNames[key] { content = .hardLink(to: first) } else { firstNames[key] = path }
    }
    entries.append(
      TreeEntry(
        path: path, permissions: mode.permissions,
        modified: Timestamp(
          seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(status.st_mtim.tv_nsec)),
        content: content))
    guard kind == .directory else { return }
    for name in try FileManager.default.contentsOfDirectory(atPath: place).sorted(by: {
      $0.utf8.lexicographicallyPrecedes($1.utf8)
    }) {
      try visit(root, path.isEmpty ? name : path + "/" + name, &entries, &firstNames)
    }
  }
}
