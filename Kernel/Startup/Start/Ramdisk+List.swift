/// What is in the ramdisk that the boot loader brings as a module: a cpio archive.

import Arch
import Archive
import Base
import BootInformation
import CMachine
import Checksum
import Core
import Log
import Runtime

extension Ramdisk {
  /// Lists what is in it: kind or size, SHA-256 of the content as `sha256sum` prints it, name.
  ///
  /// A ramdisk that is damaged is reported with the byte at which it is; what comes before is listed.
  @export(interface)
  public static func list() {
    let reference = NodeReference()
    guard reference.node.boot.moduleCount > 0 else {
      log(.info, "ramdisk", "the boot loader brought none")
      return
    }
    let module = reference.node.boot.module(at: 0)
    guard let bytes = span(of: module) else {
      log(.error, "ramdisk", "it lies outside the direct map, at \(module.start)")
      return
    }
    log(.info, "ramdisk", "\(bytes: module.byteCount) at \(module.start)")
    var reader = ArchiveReader(bytes)
    var files: UInt32 = 0
    var total: UInt64 = 0
    do {
      while let entry = try reader.next() {
        if entry.kind == .file {
          files += 1
          total += UInt64(entry.size)
        }
        reference.node.log.show(describe(entry, reader))
      }
      log(.info, "ramdisk", "\(files) files, \(bytes: total)")
    } catch {
      log(.error, "ramdisk", "\(error.sentence), at byte \(error.offset)")
    }
  }

  private static func describe(_ entry: ArchiveEntry, _ reader: borrowing ArchiveReader) -> Text {
    var line = Text()
    switch entry.kind {
    case .file:
      line.append(decimal: UInt64(entry.size), width: 9)
      line.append("  ")
      let digest = SHA256.digest(of: reader.bytes(in: entry.data))
      for index in 0..<SHA256Digest.size { line.append(hexadecimal: UInt64(digest[index]), width: 2) }
    case .directory:
      line.append("   folder  ")
    case .symbolicLink:
      line.append("     link  -> ")
      line.append(printable: reader.bytes(in: entry.data))
    default:
      line.append("  special  ")
    }
    line.pad(to: 77)
    line.append(printable: reader.bytes(in: entry.name))
    return line
  }
}
