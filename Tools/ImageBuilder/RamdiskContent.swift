import FileSystemFormat
import FileSystemImage
import Foundation
import HostSupport

/// The bytes of a ramdisk, whatever it is described by.
public enum RamdiskContent {
  /// Makes the boot module of a folder, an archive or an image.
  ///
  /// | source | without a size | with a size |
  /// |---|---|---|
  /// | folder | a cpio archive; the kernel chooses the size | an image |
  /// | cpio archive | the archive | an image |
  /// | tar archive | an image with 16 MiB of room | an image |
  /// | image | the image | the image, which must have that size |
  ///
  /// Images come without their free end.
  public static func bytes(of source: String, size: Int?) throws -> [UInt8] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: source, isDirectory: &isFolder) else {
      throw ToolError("\(source): there is no such file or folder")
    }
    do {
      if isFolder.boolValue {
        guard let size else { return try CpioArchive(folder: source).bytes }
        return try image(of: Folder.entries(of: source), size: size)
      }
      let bytes = try Files.read(source)
      if ImageReader.isImage(bytes) { return try checked(bytes, source, size) }
      if size == nil, bytes.starts(with: Array("07070".utf8)) { return bytes }
      return try image(of: ArchiveReader.entries(of: bytes), size: size)
    } catch let error as ImageError {
      throw ToolError("\(source): \(error)")
    }
  }

  private static func image(of entries: [TreeEntry], size: Int?) throws -> [UInt8] {
    let image =
      try size.map { try ImageWriter.image(of: entries, byteCount: $0 << 20) }
      ?? ImageWriter.image(of: entries, spareBytes: 16 << 20, spareInodes: 4096)
    return try ImageWriter.trimmed(image)
  }

  private static func checked(_ image: [UInt8], _ source: String, _ size: Int?) throws -> [UInt8] {
    if let finding = ImageReader.check(image).findings.first {
      throw ToolError("\(source): the image is inconsistent: \(finding.line)")
    }
    let bytes = try ImageReader.fullByteCount(of: image)
    guard size == nil || size.map({ $0 << 20 }) == bytes else {
      throw ToolError("\(source): the image has \(bytes) bytes, which `ramdisk-size` cannot change")
    }
    return image
  }
}
