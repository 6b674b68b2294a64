/// Reading tar (ustar, pax and GNU long names) and cpio (newc) archives as lists of files.

import FileSystemFormat

/// The archive formats that an image can be made of.
public enum ArchiveReader {
  /// Reads an archive of either format.
  ///
  /// - Throws: `ImageError` when it is neither, or malformed.
  public static func entries(of bytes: [UInt8]) throws -> [TreeEntry] {
    if bytes.starts(with: Array("07070".utf8)) { return try cpio(bytes) }
    guard bytes.count >= 512 else { throw ImageError("this is neither a tar nor a cpio archive") }
    return try tar(bytes)
  }

  // MARK: - cpio, format newc

  private static func cpio(_ bytes: [UInt8]) throws -> [TreeEntry] {
    var entries: [TreeEntry] = []
    var firstNames: [String: String] = [:]
    var position = 0
    while true {
      guard position + 110 <= bytes.count, bytes[position..<(position + 5)].elementsEqual("07070".utf8) else {
        throw ImageError("the cpio archive has no header at byte \(position)")
      }
      func field(_ index: Int) throws -> UInt32 {
        let start = position + 6 + index * 8
        guard let value = UInt32(String(decoding: bytes[start..<(start + 8)], as: UTF8.self), radix: 16)
        else {
          throw ImageError("the cpio archive has a malformed number at byte \(start)")
        }
        return value
      }
      let (size, nameSize) = (Int(try field(6)), Int(try field(11)))
      let dataStart = (position + 110 + nameSize + 3) & ~3
      guard nameSize > 0, dataStart + size <= bytes.count else {
        throw ImageError("the cpio archive ends inside the file at byte \(position)")
      }
      let name = String(decoding: bytes[(position + 110)..<(position + 109 + nameSize)], as: UTF8.self)
      if name == "TRAILER!!!" { break }
      let mode = FileMode(rawValue: UInt16(truncatingIfNeeded: try field(1)))
      guard let kind = mode.kind else { throw ImageError("\(name): unknown kind in the cpio archive") }
      let data = Array(bytes[dataStart..<(dataStart + size)])
      var content = content(
        kind, data, DeviceNumber(major: try field(9), minor: try field(10)), target: data)
      if kind == .regular, try field(4) > 1 {
        let key = "\(try field(7)):\(try field(8)):\(try field(0))"
        if let first = firstNames[key] {
          // The content comes with the last name: give it to the first.
          if size > 0, let index = entries.firstIndex(where: { $0.path == first }) {
            entries[index].content = content
          }
          content = .hardLink(to: first)
        } else {
          firstNames[key] =
            TreeEntry(path: name, permissions: 0, modified: Timestamp(seconds: 0), content: content).path
        }
      }
      entries.append(
        TreeEntry(
          path: name, permissions: mode.permissions, owner: try field(2), group: try field(3),
          modified: Timestamp(seconds: Int64(try field(5))), content: content))
      position = (dataStart + size + 3) & ~3
    }
    return entries
  }

  private static func content(
    _ kind: FileKind, _ data: [UInt8], _ device: DeviceNumber, target: [UInt8]
  ) -> TreeEntry.Content {
    switch kind {
    case .directory: .directory
    case .regular: .file(data)
    case .symbolicLink: .symbolicLink(target)
    case .characterDevice, .blockDevice: .device(kind, device)
    case .pipe, .socket: .special(kind)
    }
  }

  // MARK: - tar

  private static func tar(_ bytes: [UInt8]) throws -> [TreeEntry] {
    var entries: [TreeEntry] = []
    var position = 0
    var longName: String?
    var longTarget: String?
    var attributes: [String: String] = [:]
    while position + 512 <= bytes.count {
      let header = Array(bytes[position..<(position + 512)])
      if header.allSatisfy({ $0 == 0 }) { return entries }
      var sum = 8 * 32
      for index in header.indices where !(148..<156).contains(index) { sum += Int(header[index]) }
      guard try number(header[148..<156]) == Int64(sum) else {
        throw ImageError("the tar archive has a wrong checksum at byte \(position)")
      }
      // A pax header may give the size of the file after it, but not its own.
      let isAttribute = "xgLK".utf8.contains(header[156])
      let paxSize = isAttribute ? nil : attributes["size"].flatMap { Int64($0) }
      let claimed = try paxSize ?? number(header[124..<136])
      guard let size = Int(exactly: claimed), size >= 0, size <= bytes.count - position - 512 else {
        throw ImageError("the tar archive ends inside the file at byte \(position)")
      }
      let data = Array(bytes[(position + 512)..<(position + 512 + size)])
      position += 512 + (size + 511) / 512 * 512
      switch header[156] {
      case UInt8(ascii: "L"): longName = text(data[...])
      case UInt8(ascii: "K"): longTarget = text(data[...])
      case UInt8(ascii: "g"): break
      case UInt8(ascii: "x"): attributes = try paxAttributes(data)
      default:
        let prefix = text(header[257..<263]) == "ustar" ? text(header[345..<500]) : ""
        let short = (prefix.isEmpty ? "" : prefix + "/") + text(header[0..<100])
        let name = attributes["path"] ?? longName ?? short
        let target = attributes["linkpath"] ?? longTarget ?? text(header[157..<257])
        entries.append(try entry(header, name, target, data, attributes))
        (longName, longTarget, attributes) = (nil, nil, [:])
      }
    }
    return entries
  }

  private static func entry(
    _ header: [UInt8], _ name: String, _ target: String, _ data: [UInt8], _ attributes: [String: String]
  ) throws -> TreeEntry {
    let device = DeviceNumber(
      major: UInt32(truncatingIfNeeded: try number(header[329..<337])),
      minor: UInt32(truncatingIfNeeded: try number(header[337..<345])))
    let content: TreeEntry.Content
    switch header[156] {
    case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): content = name.hasSuffix("/") ? .directory : .file(data)
    case UInt8(ascii: "1"):
      content = .hardLink(
        to: TreeEntry(path: target, permissions: 0, modified: Timestamp(seconds: 0), content: .directory).path
      )
    case UInt8(ascii: "2"): content = .symbolicLink(Array(target.utf8))
    case UInt8(ascii: "3"): content = .device(.characterDevice, device)
    case UInt8(ascii: "4"): content = .device(.blockDevice, device)
    case UInt8(ascii: "5"): content = .directory
    case UInt8(ascii: "6"): content = .special(.pipe)
    default: throw ImageError("\(name): a kind of file in the tar archive that is not known")
    }
    func attribute(_ key: String, _ field: Range<Int>) throws -> Int64 {
      try attributes[key].flatMap { Int64($0.split(separator: ".").first ?? "") } ?? number(header[field])
    }
    return TreeEntry(
      path: name, permissions: UInt16(truncatingIfNeeded: try number(header[100..<108])) & 0o7777,
      owner: UInt32(truncatingIfNeeded: try attribute("uid", 108..<116)),
      group: UInt32(truncatingIfNeeded: try attribute("gid", 116..<124)),
      modified: Timestamp(seconds: try attribute("mtime", 136..<148)), content: content)
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// A number in octal, or in base 256 when its first bit is set, as GNU writes large ones.
  private static func number(_ bytes: ArraySlice<UInt8>) throws -> Int64 {
    if let first = bytes.first, first & 0x80 != 0 {
      return bytes.dropFirst().reduce(Int64(first & 0x7F)) { $0 << 8 | Int64($1) }
    }
    let digits = text(bytes).filter { $0 != " " }
    guard let value = Int64(digits.isEmpty ? "0" : digits, radix: 8) else {
      throw ImageError("the tar archive has a malformed number")
    }
    return value
  }

  /// The records of a pax header: `LENGTH KEY=VALUE\n`.
  private static func paxAttributes(_ data: [UInt8]) throws -> [String: String] {
    var attributes: [String: String] = [:]
    var position = 0
    while position < data.count {
      guard let space = data[position...].firstIndex(of: UInt8(ascii: " ")),
        let length = Int(String(decoding: data[position..<space], as: UTF8.self)),
        length > space - position + 1, length <= data.count - position,
        let equals = data[space..<(position + length)].firstIndex(of: UInt8(ascii: "="))
      else { throw ImageError("the tar archive has a malformed pax header") }
      let key = String(decoding: data[(space + 1)..<equals], as: UTF8.self)
      attributes[key] = String(decoding: data[(equals + 1)..<(position + length - 1)], as: UTF8.self)
      position += length
    }
    return attributes
  }
}
