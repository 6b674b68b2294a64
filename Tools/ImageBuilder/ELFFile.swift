import HostSupport

/// An ELF file of x86, 32 or 64 bits wide, as far as the tools need it: headers, segments, sections, symbols.
///
/// Every offset and count of the file is a claim that is checked before it is used; a file that lies is refused with
/// the place of the lie. (System V ABI, chapters 4 and 5; gABI draft of 2013.)
public struct ELFFile: Sendable {
  /// A part of the file that is loaded.
  public struct Segment: Hashable, Sendable {
    /// What kind of segment (`PT_LOAD` is 1, `PT_DYNAMIC` 2, `PT_INTERP` 3, `PT_TLS` 7, `PT_GNU_STACK` 0x6474e551).
    public var type: UInt32
    /// The permission bits: 1 execute, 2 write, 4 read.
    public var flags: UInt32
    /// Where it starts in the file, in bytes.
    public var offset: UInt64
    /// Where it is linked to run.
    public var virtualAddress: UInt64
    /// Where it is loaded.
    public var physicalAddress: UInt64
    /// Bytes in the file.
    public var fileSize: UInt64
    /// Bytes in memory.
    public var memorySize: UInt64

    /// Whether the segment is loaded into memory.
    public var isLoaded: Bool { type == 1 }
    /// Whether code in it may run.
    public var isExecutable: Bool { flags & 1 != 0 }
    /// Whether it may be written to.
    public var isWritable: Bool { flags & 2 != 0 }
    /// The permissions as `rwx`.
    public var permissions: String {
      "\(flags & 4 != 0 ? "r" : "-")\(isWritable ? "w" : "-")\(isExecutable ? "x" : "-")"
    }
  }

  /// A section.
  public struct Section: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Its kind (`SHT_PROGBITS` is 1, `SHT_SYMTAB` 2, `SHT_RELA` 4, `SHT_NOBITS` 8, `SHT_REL` 9).
    public var type: UInt32
    /// Its flags: 1 write, 2 loaded, 4 execute.
    public var flags: UInt64
    /// Where it is linked to run.
    public var address: UInt64
    /// Where it starts in the file, in bytes.
    public var offset: UInt64
    /// Its size in bytes.
    public var size: UInt64
    /// The index of a section that belongs to it.
    public var link: UInt32
    /// The size of one of its entries in bytes, 0 if it has none.
    public var entrySize: UInt64

    /// Whether it is in memory when the program runs.
    public var isLoaded: Bool { flags & 2 != 0 }
  }

  /// A symbol.
  public struct Symbol: Hashable, Sendable {
    /// Its name as the linker knows it, mangled.
    public var name: String
    /// Its address.
    public var address: UInt64
    /// Its size in bytes, 0 where the assembler gave none.
    public var size: UInt64
    /// Its kind: 0 unknown, 1 object, 2 function, 3 section, 4 file.
    public var kind: UInt8
    /// The index of its section, or `nil` if it is undefined, absolute or common.
    public var section: Int?
    /// Whether another file would have to define it.
    public var isUndefined: Bool
  }

  /// The file's name, for messages.
  public let name: String
  /// Whether the file is of the 64-bit class.
  public let is64Bit: Bool
  /// The processor: 3 is i386, 62 is x86-64.
  public let machine: UInt16
  /// The kind of file: 1 relocatable, 2 executable, 3 shared.
  public let type: UInt16
  /// Where it starts to run.
  public let entry: UInt64
  /// Its segments in the file's order.
  public let segments: [Segment]
  /// Its sections in the file's order; the first is the empty one that the format prescribes.
  public let sections: [Section]
  /// The symbols of its symbol table.
  public let symbols: [Symbol]

  private let reader: ByteReader

  /// The content of the file.
  public var bytes: [UInt8] { reader.bytes }

  /// Reads a file.
  ///
  /// - Throws: `ToolError` that says which field cannot be true.
  public init(_ bytes: [UInt8], name: String) throws {
    let reader = ByteReader(bytes: bytes)
    func refuse(_ reason: String) -> ToolError { ToolError("\(name): not a usable ELF file: \(reason)") }
    func need<Value>(_ value: Value?, _ what: String) throws -> Value {
      guard let value else { throw refuse("\(what) lies outside the file of \(bytes.count) bytes") }
      return value
    }

    guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
      throw refuse("it does not start with 7f 45 4c 46")
    }
    guard bytes.count >= 52 else { throw refuse("\(bytes.count) bytes are too few for a header") }
    guard bytes[4] == 1 || bytes[4] == 2 else {
      throw refuse("class \(bytes[4]), allowed: 1 (32 bits), 2 (64 bits)")
    }
    guard bytes[5] == 1 else { throw refuse("byte order \(bytes[5]), allowed: 1 (little-endian)") }
    let wide = bytes[4] == 2
    /// An address-sized field at `narrow` in the 32-bit layout, `broad` in the 64-bit one.
    func word(_ base: Int, _ narrow: Int, _ broad: Int, _ what: String) throws -> UInt64 {
      if wide { return try need(reader.load(base + broad, as: UInt64.self), what) }
      return UInt64(try need(reader.load(base + narrow, as: UInt32.self), what))
    }
    func half(_ offset: Int, _ what: String) throws -> UInt16 { try need(reader.load(offset), what) }

    self.name = name
    self.reader = reader
    is64Bit = wide
    type = try half(16, "the header")
    machine = try half(18, "the header")
    guard machine == (wide ? 62 : 3) else {
      throw refuse("machine \(machine) in a file of \(wide ? 64 : 32) bits, allowed: \(wide ? 62 : 3)")
    }
    entry = try word(0, 24, 24, "the header")

    /// The start of each entry of a table, after checking that all of it lies within the file.
    func table(offset: UInt64, count: UInt16, entrySize: UInt16, least: Int, _ what: String) throws -> [Int] {
      guard count > 0 else { return [] }
      guard Int(entrySize) >= least else {
        throw refuse("\(what) of \(entrySize) bytes, at least \(least) needed")
      }
      let range = try need(
        reader.range(offset, count: UInt64(count) * UInt64(entrySize)), "the table of \(what)")
      return (0..<Int(count)).map { range.lowerBound + $0 * Int(entrySize) }
    }

    let tail = wide ? 54 : 42
    segments = try table(
      offset: word(0, 28, 32, "the header"), count: half(tail + 2, "the header"),
      entrySize: half(tail, "the header"), least: wide ? 56 : 32, "program headers"
    ).map { base in
      let segment = Segment(
        type: try need(reader.load(base), "a program header"),
        flags: try need(reader.load(base + (wide ? 4 : 24)), "a program header"),
        offset: try word(base, 4, 8, "a program header"),
        virtualAddress: try word(base, 8, 16, "a program header"),
        physicalAddress: try word(base, 12, 24, "a program header"),
        fileSize: try word(base, 16, 32, "a program header"),
        memorySize: try word(base, 20, 40, "a program header"))
      if segment.isLoaded {
        _ = try need(
          reader.range(segment.offset, count: segment.fileSize),
          "the content of the segment at 0x\(hexadecimal(segment.virtualAddress))")
        guard segment.fileSize <= segment.memorySize else {
          throw refuse("a segment has more bytes in the file than in memory")
        }
        guard !segment.virtualAddress.addingReportingOverflow(segment.memorySize).overflow else {
          throw refuse(
            "the segment at 0x\(hexadecimal(segment.virtualAddress)) wraps around the address space")
        }
      }
      return segment
    }

    var plain: [(name: UInt32, section: Section)] = try table(
      offset: word(0, 32, 40, "the header"), count: half(tail + 6, "the header"),
      entrySize: half(tail + 4, "the header"), least: wide ? 64 : 40, "section headers"
    ).map { base in
      let section = Section(
        name: "", type: try need(reader.load(base + 4), "a section header"),
        flags: try word(base, 8, 8, "a section header"), address: try word(base, 12, 16, "a section header"),
        offset: try word(base, 16, 24, "a section header"), size: try word(base, 20, 32, "a section header"),
        link: try need(reader.load(base + (wide ? 40 : 24)), "a section header"),
        entrySize: try word(base, 36, 56, "a section header"))
      return (try need(reader.load(base), "a section header"), section)
    }
    let nameIndex = Int(try half(tail + 8, "the header"))
    if !plain.isEmpty && nameIndex != 0 {
      guard nameIndex < plain.count else {
        throw refuse("section \(nameIndex) of \(plain.count) holds the names")
      }
      let names = plain[nameIndex].section
      let range = try need(reader.range(names.offset, count: names.size), "the section names")
      for index in plain.indices {
        let place = range.lowerBound + Int(plain[index].name)
        guard let text = reader.string(at: place, before: range.upperBound) else {
          throw refuse("the name of section \(index) does not end within the section names")
        }
        plain[index].section.name = text
      }
    }
    sections = plain.map(\.section)

    var found: [Symbol] = []
    for section in sections where section.type == 2 {
      let least = wide ? 24 : 16
      guard section.entrySize == UInt64(least) else {
        throw refuse("symbols of \(section.entrySize) bytes, \(least) needed")
      }
      guard Int(section.link) < sections.count else {
        throw refuse("section \(section.link) of \(sections.count) holds the symbols' names")
      }
      let strings = sections[Int(section.link)]
      let names = try need(reader.range(strings.offset, count: strings.size), "the symbols' names")
      let range = try need(reader.range(section.offset, count: section.size), "the symbol table")
      for base in stride(from: range.lowerBound, to: range.upperBound - least + 1, by: least) {
        let nameOffset = Int(try need(reader.load(base, as: UInt32.self), "a symbol"))
        guard let name = reader.string(at: names.lowerBound + nameOffset, before: names.upperBound) else {
          throw refuse("the name of a symbol does not end within the symbols' names")
        }
        let index = Int(try half(base + (wide ? 6 : 14), "a symbol"))
        found.append(
          Symbol(
            name: name, address: try word(base, 4, 8, "a symbol"), size: try word(base, 8, 16, "a symbol"),
            kind: bytes[base + (wide ? 4 : 12)] & 15, section: (1..<0xFF00).contains(index) ? index : nil,
            isUndefined: index == 0))
      }
    }
    symbols = found
  }

  /// The addresses at which code is linked to run.
  public var codeRanges: [Range<UInt64>] {
    segments.filter { $0.isLoaded && $0.isExecutable && $0.memorySize > 0 }
      .map { $0.virtualAddress..<($0.virtualAddress + $0.memorySize) }
  }

  /// The content of a section, empty if it takes no room in the file.
  ///
  /// - Throws: `ToolError` if it does not lie within the file.
  public func content(of section: Section) throws -> ArraySlice<UInt8> {
    if section.type == 8 { return [] }
    guard let range = reader.range(section.offset, count: section.size) else {
      throw ToolError("\(name): the section \(section.name) lies outside the file")
    }
    return reader.bytes[range]
  }
}
