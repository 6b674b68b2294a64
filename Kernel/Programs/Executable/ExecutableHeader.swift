/// The beginning of an ELF file: what it is for, and where its program headers are.
///
/// System V ABI, chapter 4 (ELF header) and chapter 5 (program header).

/// The two classes of ELF files.
public enum ExecutableClass: UInt8, BitwiseCopyable, CaseIterable, Sendable {
  /// ELF32 for the i386.
  case bits32 = 1
  /// ELF64 for the x86-64.
  case bits64 = 2

  /// Bytes of a pointer of the program.
  @inlinable public var wordSize: Int { self == .bits32 ? 4 : 8 }
  /// Bytes of the header.
  @inlinable public var headerSize: Int { self == .bits32 ? 52 : 64 }
  /// Bytes of a program header.
  @inlinable public var programHeaderSize: Int { self == .bits32 ? 32 : 56 }
  /// The number of the processor: EM_386, EM_X86_64.
  var machine: UInt64 { self == .bits32 ? 3 : 62 }
}

/// The classes that a kernel can run.
public struct ExecutableClasses: OptionSet, BitwiseCopyable, Sendable {
  /// One bit for each class.
  public let rawValue: UInt8
  /// Makes a set of its bits.
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
  /// ELF32.
  public static let bits32 = ExecutableClasses(rawValue: 1)
  /// ELF64.
  public static let bits64 = ExecutableClasses(rawValue: 2)
  /// Whether the set has `member`.
  func has(_ member: ExecutableClass) -> Bool { rawValue & member.rawValue != 0 }
}

/// The header of an ELF file, checked.
public struct ExecutableHeader: BitwiseCopyable, Equatable, Sendable {
  /// The bytes that are enough for any header.
  @inlinable public static var byteCount: Int { 64 }
  /// The bytes that are enough for the program headers of any file that is accepted.
  @inlinable public static var largestTable: Int { 64 * 56 }

  /// ELF32 or ELF64.
  public let fileClass: ExecutableClass
  /// Whether it may lie anywhere: static-PIE.
  public let isPositionIndependent: Bool
  /// Where the program starts, before it was moved.
  public let entry: UInt64
  /// Where in the file the program headers are.
  public let tableOffset: UInt64
  /// How many program headers there are, 1 to 64.
  public let tableCount: Int

  /// The bytes of the program headers.
  public var tableSize: Int { tableCount * fileClass.programHeaderSize }

  /// Reads the header of a file.
  ///
  /// - Parameters:
  ///   - bytes: the file's first `byteCount` bytes, or all if it has less. They must not change meanwhile.
  ///   - fileSize: the bytes of the whole file.
  ///   - classes: what the kernel can run.
  @export(interface)
  public init(
    _ bytes: Span<UInt8>, fileSize: UInt64, classes: ExecutableClasses
  ) throws(ExecutableError) {
    guard bytes.count >= 20 else { throw ExecutableError(.tooShort, value: UInt64(bytes.count)) }
    let reader = FieldReader(bytes)
    let magic = reader.field(0, 4)
    guard magic == 0x464C_457F else { throw ExecutableError(.magic, value: magic) }
    guard let fileClass = ExecutableClass(rawValue: bytes[4]), classes.has(fileClass) else {
      throw ExecutableError(.fileClass, value: UInt64(bytes[4]))
    }
    guard bytes[5] == 1 else { throw ExecutableError(.byteOrder, value: UInt64(bytes[5])) }
    guard bytes[6] == 1 else { throw ExecutableError(.identificationVersion, value: UInt64(bytes[6])) }
    guard bytes[7] == 0 || bytes[7] == 3 else {
      throw ExecutableError(.systemInterface, value: UInt64(bytes[7]))
    }
    guard bytes.count >= fileClass.headerSize, fileSize >= UInt64(fileClass.headerSize) else {
      throw ExecutableError(.tooShort, value: UInt64(bytes.count))
    }
    let (type, machine) = (reader.field(16, 2), reader.field(18, 2))
    guard type == 2 || type == 3 else { throw ExecutableError(.type, value: type) }
    guard machine == fileClass.machine else { throw ExecutableError(.machine, value: machine) }
    guard reader.field(20, 4) == 1 else { throw ExecutableError(.version, value: reader.field(20, 4)) }
    let word = fileClass.wordSize
    self.fileClass = fileClass
    isPositionIndependent = type == 3
    entry = reader.field(24, word)
    tableOffset = reader.field(24 + word, word)
    // Behind them e_shoff, a word, and e_flags, four bytes.
    let sizes = 24 + 3 * word + 4
    guard reader.field(sizes, 2) == UInt64(fileClass.headerSize) else {
      throw ExecutableError(.headerSize, value: reader.field(sizes, 2))
    }
    guard reader.field(sizes + 2, 2) == UInt64(fileClass.programHeaderSize) else {
      throw ExecutableError(.programHeaderSize, value: reader.field(sizes + 2, 2))
    }
    let count = reader.field(sizes + 4, 2)
    guard (1...64).contains(count) else { throw ExecutableError(.programHeaderCount, value: count) }
    tableCount = Int(count)
    let (end, overflow) = tableOffset.addingReportingOverflow(
      UInt64(Int(count) * fileClass.programHeaderSize))
    guard !overflow, end <= fileSize else {
      throw ExecutableError(.programHeaderOffset, value: tableOffset)
    }
  }
}

/// Little-endian fields of bytes that somebody else wrote.
struct FieldReader: ~Escapable {
  let bytes: Span<UInt8>

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>) { self.bytes = bytes }

  /// The field of `size` bytes at `offset`; outside of the bytes it traps, which callers rule out.
  func field(_ offset: Int, _ size: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<size { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
    return value
  }
}
