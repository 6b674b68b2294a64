/// Writes archives by the book, with any field of any header replaced.
struct ArchiveBuilder {
  var bytes: [UInt8] = []

  /// The offsets in the header of the fields that tests change.
  enum Field: Int {
    case inode = 6, mode = 14, links = 38, size = 54, major = 78, minor = 86, nameSize = 94, sum = 102
  }

  mutating func add(
    _ name: String, mode: Int = 0o100644, data: [UInt8] = [], magic: String = "070701",
    _ changes: [Field: Int] = [:]
  ) {
    var fields = [1, mode, 1000, 100, 1, 0x5F00_0000, data.count, 8, 1, 0, 0, name.utf8.count + 1, 0]
    if magic == "070702" { fields[12] = data.reduce(0) { $0 + Int($1) } }
    for (field, value) in changes { fields[(field.rawValue - 6) / 8] = value }
    bytes += Array(magic.utf8)
    for field in fields {
      let digits = String(field, radix: 16)
      bytes += Array((String(repeating: "0", count: 8 - digits.count) + digits).utf8)
    }
    bytes += Array(name.utf8) + [0]
    pad()
    bytes += data
    pad()
  }

  mutating func end() { add("TRAILER!!!", mode: 0) }

  private mutating func pad() { while bytes.count % 4 != 0 { bytes.append(0) } }

  static func archive(_ body: (inout Self) -> Void) -> [UInt8] {
    var builder = Self()
    body(&builder)
    return builder.bytes
  }

  /// Two files and a folder: names at 110, 240 and 364.
  static var small: [UInt8] {
    archive {
      $0.add("a", data: [1, 2, 3])
      $0.add("folder", mode: 0o040755)
      $0.add("folder/b", data: Array("hello".utf8), magic: "070702")
      $0.end()
    }
  }
}
