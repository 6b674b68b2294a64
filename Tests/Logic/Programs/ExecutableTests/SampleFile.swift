import Executable

/// An executable file in the making, field by field, by the offsets of the System V ABI.
struct SampleFile {
  struct Segment {
    var type: UInt64 = 1
    var flags: UInt64 = 5
    var offset: UInt64 = 0
    var address: UInt64 = 0
    var fileSize: UInt64 = 0
    var memorySize: UInt64 = 0
    var alignment: UInt64 = 4096
  }

  var fileClass: ExecutableClass = .bits64
  var type: UInt64 = 2
  var entry: UInt64 = 0x40_1000
  var segments: [Segment] = [
    Segment(flags: 4, offset: 0, address: 0x40_0000, fileSize: 0x200, memorySize: 0x200),
    Segment(flags: 5, offset: 0x1000, address: 0x40_1000, fileSize: 0x800, memorySize: 0x800),
    Segment(flags: 6, offset: 0x1800, address: 0x40_3800, fileSize: 0x100, memorySize: 0x2100),
    Segment(type: 0x6474_E551, flags: 6),
  ]
  var fileSize: UInt64 = 0x2000

  /// The file's beginning, with the program headers behind the header.
  var bytes: [UInt8] {
    var result: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, fileClass.rawValue, 1, 1, 0]
    result += [UInt8](repeating: 0, count: 8)
    let word = fileClass.wordSize
    func append(_ value: UInt64, _ size: Int) {
      for index in 0..<size { result.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }
    append(type, 2)
    append(fileClass == .bits32 ? 3 : 62, 2)
    append(1, 4)
    append(entry, word)
    append(UInt64(fileClass.headerSize), word)
    append(0, word)
    append(0, 4)
    for value in [fileClass.headerSize, fileClass.programHeaderSize, segments.count, 0, 0, 0] {
      append(UInt64(value), 2)
    }
    for segment in segments {
      append(segment.type, 4)
      if word == 8 { append(segment.flags, 4) }
      append(segment.offset, word)
      append(segment.address, word)
      append(segment.address, word)
      append(segment.fileSize, word)
      append(segment.memorySize, word)
      if word == 4 { append(segment.flags, 4) }
      append(segment.alignment, word)
    }
    return result
  }
}

/// Decodes a file as the kernel does.
func plan(
  _ bytes: [UInt8], fileSize: UInt64, classes: ExecutableClasses = [.bits32, .bits64],
  lowest: UInt64 = 0x1_0000, limit: UInt64 = 0x7FFF_FFFF_F000
) throws(ExecutableError) -> LoadPlan {
  let header = try ExecutableHeader(
    Array(bytes.prefix(ExecutableHeader.byteCount)).span, fileSize: fileSize, classes: classes)
  let table = bytes.dropFirst(Int(clamping: header.tableOffset)).prefix(header.tableSize)
  return try LoadPlan(header, table: Array(table).span, fileSize: fileSize, lowest: lowest, limit: limit)
}

func plan(_ file: SampleFile) throws(ExecutableError) -> LoadPlan {
  try plan(file.bytes, fileSize: file.fileSize)
}
