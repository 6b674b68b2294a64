/// The ramdisk's archive becomes the first content of the tree.

import Archive
import Base
import FileSystemFormat
import LinuxABI
import Log
import Runtime
import VirtualFileSystem

/// From an archive to files.
enum Unpacking {
  /// Makes everything that an archive names.
  ///
  /// - Returns: whether the archive is sound and there was room.
  static func unpack(_ bytes: Span<UInt8>) -> Bool {
    let files = ProgramFiles()
    var reader = ArchiveReader(bytes)
    do throws(ErrorNumber) {
      let table = try files.tree.makeFiles()
      let place = try files.tree.makePlace()
      var caller = FileCaller(
        files: table, place: place, process: 0, group: 0, session: 0, now: ProgramFiles.now)
      _ = files.tree.setMask(0, for: caller)
      do throws(ArchiveError) {
        while let entry = try reader.next() {
          caller.now = Timestamp(seconds: Int64(entry.modificationTime))
          do throws(ErrorNumber) { try make(entry, reader, caller) } catch {
            var line: Text = "not unpacked: "
            line.append(printable: reader.bytes(in: entry.name))
            log(.error, "programs", "\(line), error \(UInt32(bitPattern: error.rawValue))")
            guard error != .noSpace else { return false }
          }
        }
      } catch {
        log(.error, "programs", "ramdisk: \(error.sentence), at byte \(error.offset)")
        return false
      }
      files.tree.releaseFiles(table)
      files.tree.releasePlace(place)
      return true
    } catch {
      log(.error, "programs", "no room to unpack the ramdisk")
      return false
    }
  }

  private static func make(
    _ entry: ArchiveEntry, _ reader: borrowing ArchiveReader, _ caller: FileCaller
  ) throws(ErrorNumber) {
    let files = ProgramFiles()
    let name = reader.bytes(in: entry.name)
    if name.count == 0 || name.count == 1 && name[0] == UInt8(ascii: ".") { return }
    switch entry.kind {
    case .file:
      guard
        case .done(let number) = try files.tree.open(
          name, [.create, .truncate, .writeOnly], mode: entry.permissions, for: caller)
      else { return }
      defer { _ = try? files.tree.close(number, for: caller) }
      let data = reader.bytes(in: entry.data)
      var done = 0
      while done < data.count {
        guard
          case .done(let count) = try files.tree.write(
            number, data.extracting(done..<data.count), for: caller)
        else { return }
        guard count > 0 else { throw .noSpace }
        done += count
      }
    case .directory:
      do throws(ErrorNumber) {
        try files.tree.makeDirectory(name, mode: entry.permissions, for: caller)
      } catch {
        guard error == .exists else { throw error }
      }
    case .symbolicLink:
      try files.tree.makeSymbolicLink(to: reader.bytes(in: entry.data), named: name, for: caller)
    default:
      let device = UInt64(entry.deviceMajor) << 8 | UInt64(entry.deviceMinor)
      try files.tree.makeNode(
        name, mode: UInt16(truncatingIfNeeded: entry.kind.rawValue) | entry.permissions, device: device,
        for: caller)
    }
    let node = try files.tree.node(name, follow: false, for: caller)
    try files.tree.setOwner(entry.userID, group: entry.groupID, of: node, for: caller)
    try files.tree.setTimes(accessed: caller.now, modified: caller.now, of: node, for: caller)
  }
}
