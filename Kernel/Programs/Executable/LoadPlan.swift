/// From the program headers of an ELF file to what is to be mapped where.
///
/// All that the headers claim is checked here, once, on a copy that nobody else can change. What a plan says is
/// true afterwards: segments lie apart, each in pages of its own and inside the limits, none is both writable and
/// executable, and the program begins inside one that is executable.
///
/// Left out on purpose: dynamic linking (a program that asks for an interpreter is refused), thread-local storage
/// and relocation, which static programs do themselves, and executable stacks (asked for, not given).

import Base

/// A part of the file in memory.
public struct LoadSegment: BitwiseCopyable, Equatable, Sendable {
  /// Where its first byte is in memory, before the program was moved; anywhere in a page.
  public internal(set) var address: UInt64 = 0
  /// Where its first byte is in the file, at the same place in a page.
  public internal(set) var fileOffset: UInt64 = 0
  /// Bytes that come from the file.
  public internal(set) var fileSize: UInt64 = 0
  /// Bytes in memory, not 0; those after the file's are zero.
  public internal(set) var memorySize: UInt64 = 0
  /// What the program may do with it, at least read.
  public internal(set) var access: Access = .readOnly

  /// The first page.
  public var firstPage: UInt64 { address >> 12 }
  /// One past the last page.
  public var endPage: UInt64 { (address + memorySize + 4095) >> 12 }
  /// One past the last page that has bytes of the file; `firstPage` if none has.
  public var endOfFilePages: UInt64 { fileSize == 0 ? firstPage : (address + fileSize + 4095) >> 12 }
  /// The page of the file that `firstPage` shows.
  public var filePage: UInt64 { fileOffset >> 12 }
  /// One past the last byte of the file that shows; what a page has after it is zero.
  public var fileEnd: UInt64 { fileOffset + fileSize }
}

/// What to map for a program, and where it starts.
public struct LoadPlan: BitwiseCopyable, Sendable {
  /// The most segments of a plan.
  @inlinable public static var capacity: Int { 16 }

  /// ELF32 or ELF64.
  public let fileClass: ExecutableClass
  /// Whether all addresses here are to be moved by one whole number of pages.
  public let isPositionIndependent: Bool
  /// Where the program starts.
  public let entry: UInt64
  /// Where the program finds its own program headers, for AT_PHDR; 0 if no segment has them.
  public private(set) var programHeaders: UInt64 = 0
  /// How many program headers there are, for AT_PHNUM.
  public let programHeaderCount: Int
  /// Whether the program asked for a stack that can be executed.
  public private(set) var wantsExecutableStack = false
  /// How many segments there are, at least 1.
  public private(set) var segmentCount = 0
  private var segments: InlineArray<16, LoadSegment> = .init(repeating: LoadSegment())

  /// The segment `index`, in the order of addresses.
  public func segment(_ index: Int) -> LoadSegment {
    precondition(index < segmentCount, "a load plan has no such segment")
    return segments[index]
  }

  /// The first page of all.
  public var firstPage: UInt64 { segments[0].firstPage }
  /// One past the last page of all: where `brk` begins.
  public var endPage: UInt64 { segments[segmentCount - 1].endPage }

  /// Decodes program headers.
  ///
  /// - Parameters:
  ///   - header: the file's header.
  ///   - table: the `tableSize` bytes at `tableOffset` of the file. They must not change meanwhile.
  ///   - fileSize: the bytes of the whole file.
  ///   - lowest: the lowest address that a program may have, a page's first.
  ///   - limit: one past the highest; for a program that can be moved, the most that it may span.
  @export(interface)
  public init(
    _ header: ExecutableHeader, table: Span<UInt8>, fileSize: UInt64, lowest: UInt64, limit: UInt64
  ) throws(ExecutableError) {
    guard table.count >= header.tableSize else {
      throw ExecutableError(.programHeaderOffset, value: header.tableOffset)
    }
    (fileClass, isPositionIndependent) = (header.fileClass, header.isPositionIndependent)
    (entry, programHeaderCount) = (header.entry, header.tableCount)
    let reader = FieldReader(table)
    let limits = (file: fileSize, lowest: isPositionIndependent ? 0 : lowest, limit: limit)
    var ownAddress: UInt64?
    for index in 0..<header.tableCount {
      let fields = ProgramHeader(
        reader, at: index * fileClass.programHeaderSize, fileClass: header.fileClass)
      switch fields.type {
      case 1:
        if fields.memorySize > 0 || fields.fileSize > 0 { try append(fields, index, limits) }
      case 3: throw ExecutableError(.interpreter, header: index)
      case 6: ownAddress = fields.address
      case 0x6474_E551: wantsExecutableStack = fields.flags & 1 != 0
      default: break
      }
    }
    guard segmentCount > 0 else { throw ExecutableError(.noSegment) }
    try checkEntry()
    try findProgramHeaders(header, ownAddress)
  }

  private mutating func append(
    _ fields: ProgramHeader, _ index: Int, _ limits: (file: UInt64, lowest: UInt64, limit: UInt64)
  ) throws(ExecutableError) {
    guard fields.fileSize <= fields.memorySize else {
      throw ExecutableError(.fileSize, header: index, value: fields.fileSize)
    }
    let (fileEnd, fileOverflow) = fields.offset.addingReportingOverflow(fields.fileSize)
    guard !fileOverflow, fileEnd <= limits.file else {
      throw ExecutableError(.segmentOffset, header: index, value: fields.offset)
    }
    let (end, overflow) = fields.address.addingReportingOverflow(fields.memorySize)
    guard !overflow, fields.address >= limits.lowest, end <= limits.limit else {
      throw ExecutableError(.segmentAddress, header: index, value: fields.address)
    }
    guard fields.alignment & (fields.alignment &- 1) == 0 else {
      throw ExecutableError(.alignment, header: index, value: fields.alignment)
    }
    // Without bytes of the file nothing of it is mapped, and linkers write any offset.
    guard fields.fileSize == 0 || fields.offset & 4095 == fields.address & 4095 else {
      throw ExecutableError(.offsetAgainstAddress, header: index, value: fields.offset)
    }
    var access: Access = .readOnly
    if fields.flags & 2 != 0 { access.insert(.write) }
    if fields.flags & 1 != 0 { access.insert(.execute) }
    guard !access.contains([.write, .execute]) else {
      throw ExecutableError(.writableText, header: index, value: fields.flags)
    }
    guard segmentCount < Self.capacity else { throw ExecutableError(.tooManySegments, header: index) }
    guard segmentCount == 0 || fields.address >> 12 >= segments[segmentCount - 1].endPage else {
      throw ExecutableError(.segmentOrder, header: index, value: fields.address)
    }
    segments[segmentCount].address = fields.address
    segments[segmentCount].fileOffset = fields.offset
    segments[segmentCount].fileSize = fields.fileSize
    segments[segmentCount].memorySize = fields.memorySize
    segments[segmentCount].access = access
    segmentCount += 1
  }

  private func checkEntry() throws(ExecutableError) {
    for index in 0..<segmentCount where segments[index].access.contains(.execute) {
      if entry >= segments[index].address, entry - segments[index].address < segments[index].memorySize {
        return
      }
    }
    throw ExecutableError(.entry, value: entry)
  }

  /// Finds the segment that has the program headers' part of the file; what PT_PHDR says must agree.
  private mutating func findProgramHeaders(
    _ header: ExecutableHeader, _ claimed: UInt64?
  ) throws(ExecutableError) {
    let end = header.tableOffset + UInt64(header.tableSize)
    for index in 0..<segmentCount {
      guard header.tableOffset >= segments[index].fileOffset, end <= segments[index].fileEnd else { continue }
      programHeaders = segments[index].address + (header.tableOffset - segments[index].fileOffset)
      break
    }
    if let claimed, claimed != programHeaders {
      throw ExecutableError(.programHeadersAddress, value: claimed)
    }
  }
}

/// The fields of one program header, as they stand there.
private struct ProgramHeader {
  let type, flags, offset, address, fileSize, memorySize, alignment: UInt64

  init(_ reader: borrowing FieldReader, at start: Int, fileClass: ExecutableClass) {
    type = reader.field(start, 4)
    switch fileClass {
    case .bits32:
      offset = reader.field(start + 4, 4)
      address = reader.field(start + 8, 4)
      fileSize = reader.field(start + 16, 4)
      memorySize = reader.field(start + 20, 4)
      flags = reader.field(start + 24, 4)
      alignment = reader.field(start + 28, 4)
    case .bits64:
      flags = reader.field(start + 4, 4)
      offset = reader.field(start + 8, 8)
      address = reader.field(start + 16, 8)
      fileSize = reader.field(start + 32, 8)
      memorySize = reader.field(start + 40, 8)
      alignment = reader.field(start + 48, 8)
    }
  }
}
