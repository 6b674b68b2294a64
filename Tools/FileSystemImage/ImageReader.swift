/// Looking into images: checking, listing, and bringing their tree back to the host.

import FileSystem
import FileSystemCheck
import FileSystemFormat
import Foundation

/// Findings as a list.
public struct FindingList: FindingSink {
  /// The findings, in the order in which they were made.
  public private(set) var findings: [Finding] = []
  /// Takes one finding.
  public mutating func found(_ finding: Finding) { findings.append(finding) }
}

extension Finding {
  /// The finding as a line for a person.
  public var line: String {
    var line = "\(kind.phrase)"
    if kind == .superblock, let reason = Corruption(rawValue: UInt8(truncatingIfNeeded: value)) {
      return line + ": \(reason.reason)"
    }
    if inode != 0 { line += ", inode \(inode)" }
    if value != 0 || expected != 0 { line += ", value \(value)" }
    if expected != 0 { line += ", expected \(expected)" }
    return line
  }
}

/// Looks into images; the free end of one may be missing.
public enum ImageReader {
  /// Whether bytes begin as an image does.
  public static func isImage(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 8
      && (0..<8).allSatisfy { bytes[$0] == UInt8(truncatingIfNeeded: Superblock.magic >> (8 * $0)) }
  }

  /// The bytes of an image with its free end.
  public static func fullByteCount(of image: [UInt8]) throws -> Int {
    let count = ImageMemory.fullByteCount(of: image)
    guard count > 0 else { throw ImageError("this is no image, or it lacks more than its free end") }
    return count
  }

  /// Checks an image; see Docs/filesystem.md for what is found.
  public static func check(_ image: [UInt8]) -> (summary: CheckSummary, findings: [Finding]) {
    let memory = ImageMemory(image)
    var count = 4096
    if let superblock = try? Superblock(of: memory.store(), ignoringChecksum: true) {
      count = FileSystemCheck<FindingList>.scratchByteCount(for: superblock.geometry)
    }
    let scratch = ImageMemory(count: count)
    let outcome = FileSystemCheck.run(memory.store(), scratch: scratch.store(), into: FindingList())
    return (outcome.summary, outcome.sink.findings)
  }

  /// All files of an image, directories before what is in them.
  ///
  /// - Throws: `ImageError` for an image with findings: a tree that contradicts itself has no list of files.
  public static func entries(of image: [UInt8]) throws -> [TreeEntry] {
    if let first = check(image).findings.first {
      throw ImageError("the image is inconsistent: \(first.line)")
    }
    let memory = ImageMemory(image)
    do {
      let fileSystem = try FileSystem(mounting: memory.store(), readOnly: true)
      var entries: [TreeEntry] = []
      var firstNames: [UInt32: String] = [:]
      try visit(.root, "", fileSystem, &entries, &firstNames)
      return entries
    } catch let error as FileSystemError {
      throw ImageError("the image could not be read: \(error)")
    }
  }

  private static func visit(
    _ inode: InodeNumber, _ path: String, _ fileSystem: borrowing FileSystem, _ entries: inout [TreeEntry],
    _ firstNames: inout [UInt32: String]
  ) throws {
    let status = try fileSystem.status(of: inode)
    var content: TreeEntry.Content
    switch status.kind {
    case .directory: content = .directory
    case .regular:
      var data = [UInt8](repeating: 0, count: firstNames[inode.rawValue] == nil ? Int(status.size) : 0)
      var span = data.mutableSpan
      _ = try fileSystem.read(inode, at: 0, into: &span)
      content = .file(data)
    case .symbolicLink:
      let (offset, count) = try fileSystem.target(of: inode)
      content = .symbolicLink((0..<count).map { fileSystem.store.load(UInt8.self, at: offset + $0) })
    case .characterDevice, .blockDevice: content = .device(status.kind, status.device)
    case .pipe, .socket: content = .special(status.kind)
    }
    if status.kind != .directory, status.linkCount > 1 {
      if let first = firstNames[inode.rawValue] {
        content = .hardLink(to: first)
      } else {
        firstNames[inode.rawValue] = path
      }
    }
    entries.append(
      TreeEntry(
        path: path, permissions: status.mode.permissions, owner: status.owner, group: status.group,
        modified: status.modified, content: content))
    guard status.kind == .directory else { return }
    var position: UInt64 = 2
    while let entry = try fileSystem.entry(of: inode, at: position) {
      position = entry.next
      guard let place = entry.namePlace else { continue }
      let name = String(
        decoding: (0..<entry.nameLength).map { fileSystem.store.load(UInt8.self, at: place + $0) },
        as: UTF8.self)
      try visit(entry.inode, path.isEmpty ? name : path + "/" + name, fileSystem, &entries, &firstNames)
    }
  }

  /// Writes the tree of an image into a folder that is made for it.
  ///
  /// Device nodes are left out and named.
  ///
  /// - Returns: the paths of what was left out.
  public static func extract(_ image: [UInt8], to folder: String) throws -> [String] {
    let entries = try entries(of: image)
    var leftOut: [String] = []
    let files = FileManager.default
    guard !files.fileExists(atPath: folder) else { throw ImageError("\(folder) is there already") }
    for entry in entries {
      let place = entry.path.isEmpty ? folder : folder + "/" + entry.path
      switch entry.content {
      case .directory: try files.createDirectory(atPath: place, withIntermediateDirectories: false)
      case .file(let data):
        guard files.createFile(atPath: place, contents: Data(data)) else {
          throw ImageError("\(place): cannot be made")
        }
      case .symbolicLink(let target):
        try files.createSymbolicLink(
          atPath: place, withDestinationPath: String(decoding: target, as: UTF8.self))
      case .hardLink(let first): try files.linkItem(atPath: folder + "/" + first, toPath: place)
      case .device, .special: leftOut.append(entry.path)
      }
    }
    // Deepest first, so that a directory without write permission and its time come last.
    for entry in entries.reversed() {
      let place = entry.path.isEmpty ? folder : folder + "/" + entry.path
      switch entry.content {
      case .directory, .file:
        guard chmod(place, mode_t(entry.permissions)) == 0 else {
          throw ImageError("\(place): mode cannot be set")
        }
        let time = timespec(tv_sec: Int(entry.modified.seconds), tv_nsec: Int(entry.modified.nanoseconds))
        _ = utimensat(AT_FDCWD, place, [time, time], 0)
      default: break
      }
    }
    return leftOut
  }
}
