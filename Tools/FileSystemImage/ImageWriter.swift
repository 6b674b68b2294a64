/// Writing an image of a list of files, bit for bit the same each time.

import FileSystem
import FileSystemFormat

/// Makes images.
public enum ImageWriter {
  /// Makes an image that holds `entries`, with `spareBytes` of room and `spareInodes` more files to come.
  ///
  /// - Throws: `ImageError` naming the file that cannot be written.
  public static func image(of entries: [TreeEntry], spareBytes: Int, spareInodes: Int) throws -> [UInt8] {
    let inodes = UInt32(entries.count + spareInodes + 17)
    let blocks = blocks(for: entries, inodes: inodes, spareBytes: spareBytes)
    return try image(of: entries, blocks: blocks, inodes: inodes)
  }

  /// Makes an image of exactly `byteCount` bytes that holds `entries`, with one file for each 16 KiB.
  ///
  /// - Throws: `ImageError` naming the file that cannot be written, or saying how large the image must be.
  public static func image(of entries: [TreeEntry], byteCount: Int) throws -> [UInt8] {
    let inodes = UInt32(max(byteCount >> 14, entries.count + 17))
    let least = blocks(for: entries, inodes: inodes, spareBytes: 0)
    guard least <= byteCount / 4096 else {
      throw ImageError("the files need an image of \((least + 255) / 256) MiB")
    }
    return try image(of: entries, blocks: byteCount / 4096, inodes: inodes)
  }

  /// An image without its free end.
  public static func trimmed(_ image: [UInt8]) throws -> [UInt8] {
    let memory = ImageMemory(image)
    do throws(FileSystemError) {
      return Array(image.prefix(try Superblock.usedByteCount(of: memory.store())))
    } catch {
      throw ImageError("the image could not be read: \(error)")
    }
  }

  private static func blocks(for entries: [TreeEntry], inodes: UInt32, spareBytes: Int) -> Int {
    var blocks = 16 + Int(inodes) / 16
    var needed = 0
    var directories: [String: Int] = [:]
    for entry in entries {
      if case .file(let data) = entry.content { needed += fileBlocks(data.count) }
      if case .symbolicLink(let target) = entry.content, target.count > 168 { needed += 1 }
      directories[parent(entry.path), default: 0] += 8 + 3 + name(entry.path).utf8.count
    }
    // Records do not cross blocks, so a directory's blocks may be a tenth empty and more.
    for size in directories.values { needed += fileBlocks(size * 2 + 4096) }
    blocks += needed + (spareBytes + 4095) / 4096
    return blocks + blocks / 32_768 + Int(inodes) / 32_768 + 2
  }

  private static func image(of entries: [TreeEntry], blocks: Int, inodes: UInt32) throws -> [UInt8] {
    let memory = ImageMemory(count: blocks * 4096)
    let root = entries.first { $0.path.isEmpty }
    let created = root?.modified ?? entries.map(\.modified).max() ?? Timestamp(seconds: 0)
    do {
      var fileSystem = try FileSystem(
        formatting: memory.store(), inodeCount: inodes, rootMode: root?.permissions ?? 0o755, at: created)
      var places: [String: InodeNumber] = ["": .root]
      for entry in entries where !entry.path.isEmpty { try add(entry, to: &fileSystem, &places, created) }
      for entry in entries { try finish(entry, in: &fileSystem, places) }
      _ = try fileSystem.unmount()
    } catch let error as FileSystemError {
      throw ImageError("the image could not be made: \(error)")
    }
    return Array(memory.bytes)
  }

  static func fileBlocks(_ count: Int) -> Int {
    let data = (count + 4095) / 4096
    return data + (data > 40 ? 1 : 0) + (data > 1_064 ? 2 + (data - 1_064) / 1_024 : 0)
  }

  static func parent(_ path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
  }

  static func name(_ path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }

  private static func add(
    _ entry: TreeEntry, to fileSystem: inout FileSystem, _ places: inout [String: InodeNumber],
    _ created: Timestamp
  ) throws {
    guard !entry.path.split(separator: "/").contains("..") else {
      throw ImageError("\(entry.path): leads out of the image")
    }
    let directory = try ensureDirectory(parent(entry.path), in: &fileSystem, &places, created)
    let name = Array(name(entry.path).utf8)
    let attributes = FileAttributes(
      permissions: entry.permissions, owner: entry.owner, group: entry.group, now: entry.modified)
    do throws(FileSystemError) {
      let inode: InodeNumber
      switch entry.content {
      case .directory:
        if places[entry.path] != nil { return }
        inode = try fileSystem.createDirectory(named: name.span, in: directory, attributes)
      case .file(let data):
        inode = try fileSystem.create(named: name.span, in: directory, attributes)
        try write(data, to: inode, in: &fileSystem, entry.modified)
      case .symbolicLink(let target):
        inode = try fileSystem.createSymbolicLink(
          to: target.span, named: name.span, in: directory, attributes)
      case .device(let kind, let number):
        inode = try fileSystem.createDevice(kind, number, named: name.span, in: directory, attributes)
      case .special(let kind):
        inode = try fileSystem.create(kind, named: name.span, in: directory, attributes)
      case .hardLink(let first):
        guard let target = places[first] else { throw .notFound }
        inode = target
        try fileSystem.link(target, as: name.span, in: directory, at: entry.modified)
      }
      places[entry.path] = inode
    } catch {
      throw ImageError("\(entry.path): \(error)")
    }
  }

  /// Writes content block by block, and leaves blocks of zeros out.
  private static func write(
    _ data: [UInt8], to inode: InodeNumber, in fileSystem: inout FileSystem, _ time: Timestamp
  ) throws(FileSystemError) {
    var position = 0
    while position < data.count {
      let end = min(position + 4096, data.count)
      if data[position..<end].contains(where: { $0 != 0 }) {
        let span = data.span.extracting(position..<end)
        guard try fileSystem.write(span, to: inode, at: UInt64(position), now: time) == span.count else {
          throw .noSpace
        }
      }
      position = end
    }
    try fileSystem.truncate(inode, to: UInt64(data.count), at: time)
  }

  private static func ensureDirectory(
    _ path: String, in fileSystem: inout FileSystem, _ places: inout [String: InodeNumber],
    _ created: Timestamp
  ) throws -> InodeNumber {
    if let place = places[path] { return place }
    let above = try ensureDirectory(parent(path), in: &fileSystem, &places, created)
    let inode = try fileSystem.createDirectory(
      named: Array(name(path).utf8).span, in: above, FileAttributes(permissions: 0o755, now: created))
    places[path] = inode
    return inode
  }

  /// Sets attributes and times, which making the files inside has changed.
  private static func finish(
    _ entry: TreeEntry, in fileSystem: inout FileSystem, _ places: [String: InodeNumber]
  ) throws {
    if case .hardLink = entry.content { return }
    guard let inode = places[entry.path] else { return }
    let time = entry.modified
    try fileSystem.setPermissions(entry.permissions, of: inode, at: time)
    try fileSystem.setOwner(entry.owner, group: entry.group, of: inode, at: time)
    try fileSystem.setTimes(accessed: time, modified: time, of: inode, at: time)
  }
}
