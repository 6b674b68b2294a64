import Base
import Foundation
import HostSupport
import ImageBuilder
import Partition

/// What `mkimage merge --machine` makes of a description: the parts that the management console loads.
///
///     rom.bin              start-up code, with the instruction at the reset vector
///     node-00.flat ...     each node's boot structure, kernel and ramdisk as one flat image from core address 0
///     controller-0.object  what goes into the memory of each memory controller, with the system addresses
///     lut.rules            every row of every core's lookup table
public struct MergedMachine: Sendable {
  /// The folder with the parts.
  public let folder: String

  /// The parts in a folder; nothing is read.
  public init(folder: String) { self.folder = folder }

  /// The start-up ROM.
  public var rom: String { folder + "/rom.bin" }
  /// The rules of all lookup tables.
  public var rules: String { folder + "/lut.rules" }
  /// A node's flat image.
  public func flat(_ node: Int) -> String { folder + "/node-\(node < 10 ? "0" : "")\(node).flat" }
  /// A memory controller's object.
  public func object(_ controller: Int) -> String { folder + "/controller-\(controller).object" }

  /// Writes the parts for nodes that have been placed.
  public func write(_ placements: [Placement], rom: [UInt8]) throws {
    try Files.makeFolder(folder)
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    where name.hasSuffix(".flat") || name.hasSuffix(".object") {
      try Files.remove("\(folder)/\(name)")
    }
    try Files.write(rom, to: self.rom)
    var objects: [ObjectFile] = (0..<Mesh.controllerCount).map { _ in ObjectFile() }
    for placement in placements {
      let node = placement.node.number
      try Files.write(placement.flatImage, to: flat(node))
      for part in placement.parts {
        objects[Mesh.controller(ofCore: node)].records.append(
          .init(address: try placement.system(part.core), bytes: part.bytes))
      }
    }
    for controller in objects.indices { try Files.write(objects[controller].encoded, to: object(controller)) }
    try Files.write(placements.map { LookupRules(placement: $0).text }.joined(), to: rules)
  }
}

/// Bytes with the system addresses that they belong to.
///
///     "APUSOBJ1"  count, 4 bytes  reserved, 4 bytes, then for each record: address, 8 bytes; length, 8 bytes; bytes
public struct ObjectFile: Sendable {
  /// Bytes for one place.
  public struct Record: Sendable {
    /// The system address of the first byte.
    public var address: UInt64
    /// The bytes.
    public var bytes: [UInt8]

    /// Bytes for a place.
    public init(address: UInt64, bytes: [UInt8]) {
      self.address = address
      self.bytes = bytes
    }
  }

  /// The records in the order in which they are loaded.
  public var records: [Record] = []

  static let magic = Array("APUSOBJ1".utf8)

  /// An object without records.
  public init() {}

  /// Reads a file.
  ///
  /// - Throws: `ToolError` if a count or a length is wrong.
  public init(_ bytes: [UInt8], name: String) throws {
    func number(_ offset: Int, _ count: Int) throws -> UInt64 {
      guard offset >= 0, offset + count <= bytes.count else {
        throw ToolError("\(name) ends at byte \(bytes.count), in the middle of a record")
      }
      return (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
    }
    guard bytes.starts(with: Self.magic) else { throw ToolError("\(name) is no object file") }
    var offset = 16
    for _ in 0..<(try number(8, 4)) {
      let start = try number(offset, 8)
      let length = try number(offset + 8, 8)
      guard length <= UInt64(bytes.count - offset - 16) else {
        throw ToolError("\(name): a record of \(length) bytes passes the end of the file")
      }
      records.append(Record(address: start, bytes: Array(bytes[(offset + 16)..<(offset + 16 + Int(length))])))
      offset += 16 + Int(length)
    }
  }

  /// The file's bytes.
  public var encoded: [UInt8] {
    var bytes = Self.magic + littleEndian(UInt32(records.count)) + littleEndian(UInt32(0))
    for record in records {
      bytes += littleEndian(record.address) + littleEndian(UInt64(record.bytes.count)) + record.bytes
    }
    return bytes
  }
}

/// The rules of one core's lookup table, as text that a person can read and change.
public struct LookupRules: Sendable {
  /// The core.
  public var core: Int
  /// Its table.
  public var table: LookupTable
  /// Whether the core's kernel is compiled for long mode.
  public var isWide: Bool

  /// The rules of a node's core.
  public init(placement: Placement) {
    core = placement.node.number
    table = placement.structure.table
    isWide = placement.node.architecture == .x86_64
  }

  init(core: Int, isWide: Bool) {
    self.core = core
    self.isWide = isWide
    table = LookupTable()
  }

  /// A line for each row that maps something.
  public var text: String {
    var text = "core \(core) \(isWide ? 64 : 32)\n"
    for row in 0..<LookupTable.count where table[row].kind != .none {
      let segment = table[row]
      text += "  row 0x\(hexadecimal(UInt64(row), digits: 2)) \(segment.kind) \(letters(segment.access))"
      text += " owner \(segment.owner) system \(address(segment.system.rawValue))\n"
    }
    return text
  }

  /// Reads the rules of all cores.
  ///
  /// - Throws: `ToolError` with the line that is wrong.
  public static func read(_ text: String, name: String) throws -> [LookupRules] {
    var all: [LookupRules] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      func wrong(_ reason: String) -> ToolError { ToolError("\(name):\(index + 1): \(reason)") }
      let words = line.split(separator: " ")
      guard let first = words.first else { continue }
      if first == "core" {
        guard words.count == 3, let core = Int(words[1]), (0..<CoreRegisters.mostCores).contains(core),
          words[2] == "32" || words[2] == "64"
        else { throw wrong("a core is `core NUMBER 32` or `core NUMBER 64`") }
        all.append(LookupRules(core: core, isWide: words[2] == "64"))
        continue
      }
      guard !all.isEmpty, words.count == 8, first == "row", let row = number(words[1]), row < 256,
        let kind = SegmentKind.allCases.first(where: { "\($0)" == words[2] }), words[4] == "owner",
        let owner = UInt8(words[5]), words[6] == "system", let system = number(words[7])
      else { throw wrong("a row is `row 0xNN KIND rwx owner NUMBER system 0xNNNNNNNN`") }
      var access: Access = []
      if words[3].contains("r") { access.insert(.read) }
      if words[3].contains("w") { access.insert(.write) }
      if words[3].contains("x") { access.insert(.execute) }
      all[all.count - 1].table[Int(row)] = Segment(
        kind, access, owner: owner, system: PhysicalAddress(system))
    }
    return all
  }

  private static func number(_ word: Substring) -> UInt64? {
    word.hasPrefix("0x") ? UInt64(word.dropFirst(2), radix: 16) : nil
  }
}

/// The bytes of a number, the lowest first.
func littleEndian<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value) -> [UInt8] {
  (0..<(Value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> Value(8 * $0)) }
}
