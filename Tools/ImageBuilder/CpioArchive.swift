import HostSupport

/// A cpio archive in the "new ASCII" form (`newc`), the form in which the ramdisk comes to the kernel.
///
/// An entry is a header of 110 characters, magic `070701` and thirteen numbers of eight hexadecimal digits, then the
/// name with a zero byte and the content, each filled up to a multiple of four bytes; `TRAILER!!!` ends the archive
/// (Linux, Documentation/driver-api/early-userspace/buffer-format.rst).
public struct CpioArchive: Equatable, Sendable {
  /// What an entry is.
  public enum Kind: Equatable, Sendable {
    /// A file and its content.
    case file([UInt8])
    /// A folder.
    case folder
    /// A symbolic link and where it points.
    case link(String)
    /// Anything else, by its mode: devices, pipes, sockets.
    ///
    /// Of them only pipes are taken from a folder.
    case other(mode: UInt32)
  }

  /// A file, folder or link.
  public struct Entry: Equatable, Sendable {
    /// Its path, relative, without a leading `./`.
    public var path: String
    /// The nine permission bits, and set-id and sticky bits.
    public var permissions: UInt32
    /// What it is.
    public var kind: Kind

    /// An entry with known content.
    public init(path: String, permissions: UInt32, kind: Kind) {
      self.path = path
      self.permissions = permissions
      self.kind = kind
    }
  }

  /// The entries in the archive's order.
  public var entries: [Entry]

  /// An archive with known entries.
  public init(entries: [Entry]) { self.entries = entries }

  static let magic = Array("070701".utf8)
  static let headerSize = 110
  static let trailer = "TRAILER!!!"

  // The format bits of a mode (POSIX sys/stat.h).
  static let formatMask: UInt32 = 0o170000
  static let fileFormat: UInt32 = 0o100000
  static let folderFormat: UInt32 = 0o040000
  static let linkFormat: UInt32 = 0o120000
  static let pipeFormat: UInt32 = 0o010000

  // MARK: Writing

  /// The archive as bytes: the same for the same entries, whoever packs them, wherever and whenever.
  ///
  /// Owner and times are zero, and inodes are numbered in order.
  public var bytes: [UInt8] {
    var output: [UInt8] = []
    for (index, entry) in entries.enumerated() {
      let (format, content): (UInt32, [UInt8]) =
        switch entry.kind {
        case .file(let content): (Self.fileFormat, content)
        case .folder: (Self.folderFormat, [])
        case .link(let target): (Self.linkFormat, Array(target.utf8))
        case .other(let mode): (mode & Self.formatMask, [])
        }
      Self.append(
        name: entry.path, inode: UInt32(index + 1), mode: format | entry.permissions,
        links: entry.kind == .folder ? 2 : 1, content: content, to: &output)
    }
    Self.append(name: Self.trailer, inode: 0, mode: 0, links: 1, content: [], to: &output)
    return output
  }

  private static func append(
    name: String, inode: UInt32, mode: UInt32, links: UInt32, content: [UInt8], to output: inout [UInt8]
  ) {
    let nameBytes = Array(name.utf8) + [0]
    // Inode, mode, uid, gid, links, time, size, device (two), device of a node (two), name's size, checksum (unused).
    let fields: [UInt32] = [
      inode, mode, 0, 0, links, 0, UInt32(content.count), 0, 0, 0, 0, UInt32(nameBytes.count), 0,
    ]
    output += magic
    for field in fields { output += Array(hexadecimal(UInt64(field), digits: 8).utf8) }
    output += nameBytes
    pad(&output)
    output += content
    pad(&output)
  }

  private static func pad(_ output: inout [UInt8]) {
    while !output.count.isMultiple(of: 4) { output.append(0) }
  }

  // MARK: Reading

  /// Reads an archive that nobody vouches for.
  ///
  /// - Throws: `ToolError` naming the entry, by its offset in bytes, and what is wrong with it.
  public init(_ bytes: [UInt8], name archive: String) throws {
    entries = []
    var offset = 0
    while true {
      func refuse(_ reason: String) -> ToolError {
        ToolError("\(archive): entry at byte \(offset): \(reason)")
      }
      guard bytes.count - offset >= Self.headerSize else {
        throw refuse("the archive ends without a trailer")
      }
      guard bytes[offset..<(offset + 6)].elementsEqual(Self.magic) else {
        throw refuse("it does not start with 070701")
      }
      func field(_ index: Int) throws -> Int {
        let start = offset + 6 + 8 * index
        let digits = String(decoding: bytes[start..<(start + 8)], as: UTF8.self)
        guard let value = UInt32(digits, radix: 16), digits.first != "+" else {
          throw refuse("`\(digits)` is no number of eight hexadecimal digits")
        }
        return Int(value)
      }
      let mode = UInt32(try field(1))
      let size = try field(6)
      let nameSize = try field(11)
      let nameStart = offset + Self.headerSize
      guard nameSize > 0, nameSize <= bytes.count - nameStart else {
        throw refuse("its name leaves the archive")
      }
      guard bytes[nameStart + nameSize - 1] == 0 else { throw refuse("its name does not end in a zero byte") }
      let nameBytes = bytes[nameStart..<(nameStart + nameSize - 1)]
      guard !nameBytes.contains(0) else { throw refuse("its name has a zero byte inside") }
      let path = String(decoding: nameBytes, as: UTF8.self)
      let start = (nameStart + nameSize + 3) & ~3
      guard start <= bytes.count, size <= bytes.count - start else {
        throw refuse("its content leaves the archive")
      }
      if path == Self.trailer { return }
      let content = Array(bytes[start..<(start + size)])
      let kind: Kind =
        switch mode & Self.formatMask {
        case Self.fileFormat: .file(content)
        case Self.folderFormat: .folder
        case Self.linkFormat: .link(String(decoding: content, as: UTF8.self))
        default: .other(mode: mode)
        }
      entries.append(Entry(path: path, permissions: mode & 0o7777, kind: kind))
      offset = (start + size + 3) & ~3
      guard offset <= bytes.count else { throw refuse("the archive ends without a trailer") }
    }
  }
}
