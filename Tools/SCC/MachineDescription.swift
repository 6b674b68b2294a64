import Base
import Foundation
import HostSupport
import ImageBuilder
import Partition
import TOMLKit

/// A machine of several nodes, a file `Images/*.toml` with `[[node]]` in it, checked before anything is built.
///
///     architecture = "i686"
///     start = "reset"                # reset: from 0xfffffff0, without a boot loader; loader: by Multiboot
///     memory = 2048                  # MiB; as much as is needed if it is left out
///
///     [window]                       # what all nodes share
///     row = 0x80                     # where each sees it
///     megabytes = 32
///
///     [[node]]
///     count = 48                     # so many nodes like this
///     memory = 32                    # MiB
///     command-line = ""
///     ramdisk = "ramdisk"
///
///     [[image]]                      # what no node runs at first, and one may be loaded with: after the nodes, in order
///     architecture = "x86_64"
///     kernel = "Kernel"
///     ramdisk = "tools"
///     command-line = ""
///
///     [[node.row]]                   # rows of its lookup table beyond the usual ones
///     row = 0xC0
///     kind = "messageBuffer"
///     system = 0x7f000000
///     access = "rw"
///
/// A node's memory fills its rows from 0 on, with the next system memory that no node has yet; a private row of its own
/// takes the place of that. The last two rows are the interrupt controllers' registers and the start-up code.
public struct MachineDescription: Sendable {
  /// How the nodes begin.
  public enum Start: String, CaseIterable, Sendable {
    /// Every core fetches its first instruction at the reset vector; there is no BIOS and no loader.
    case reset
    /// A loader starts the first node, and that node starts the others.
    case loader
  }

  /// A row of a node's table, and the line that it comes from.
  public struct Row: Sendable {
    /// The row's number.
    public var number: Int
    /// What it says.
    public var segment: Segment
    /// `file:line:column` of what asked for it.
    public var place: String
  }

  /// One node.
  public struct Node: Sendable {
    /// Its number, which is its core's.
    public var number: Int
    /// What its kernel is compiled for.
    public var architecture: Architecture
    /// Bytes of private memory from core address 0.
    public var memoryBytes: UInt64
    /// Which kernel it runs.
    public var kernel = KernelProduct.kernel
    /// The folder that becomes its ramdisk.
    public var ramdisk: String?
    /// Its kernel's command line.
    public var commandLine = ""
    /// `file:line:column` of its description.
    public var place = ""
    /// The rows of its table that map something, by number.
    public var rows: [Row] = []

    /// Its lookup table.
    public var table: LookupTable {
      var table = LookupTable()
      for row in rows { table[row.number] = row.segment }
      return table
    }

    /// Where its core address 0 lies.
    public var systemBase: UInt64 { rows.first?.segment.system.rawValue ?? 0 }
  }

  /// The machine's name.
  public var name: String
  /// How the nodes begin.
  public var start = Start.reset
  /// Memory in MiB.
  public var memory = 0
  /// The shared window: the row where every node sees it, its system address, its bytes.
  public var window = (row: 0x80, system: UInt64(0), bytes: UInt64(32 << 20))
  /// The nodes; a node's number is its index.
  public var nodes: [Node] = []
  /// Further images that nodes can be loaded with, each as the last node would have it.
  public var images: [Node] = []

  /// Reads and checks a description.
  ///
  /// - Parameters:
  ///   - cores: so many nodes at most.
  ///   - architecture: what all nodes are compiled for, if not what the description says.
  /// - Throws: `ToolError` with file, line and the rows that disagree.
  public init(file: String, cores: Int? = nil, architecture: Architecture? = nil) throws {
    try self.init(
      text: String(decoding: Files.read(file), as: UTF8.self), file: file, cores: cores,
      architecture: architecture)
  }

  /// Reads and checks the text of a description that came from `file`.
  public init(text: String, file: String, cores: Int? = nil, architecture wanted: Architecture? = nil) throws
  {
    let table: TOMLTable
    do {
      table = try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      let place = error.source.begin
      throw ToolError("\(file):\(place.line):\(place.column): \(error.description)")
    }
    var keys = DescriptionKeys(table: table, locator: TOMLLocator(text), file: file)
    name = try keys.string("name") ?? URL(filePath: file).deletingPathExtension().lastPathComponent
    let architecture = try keys.choice("architecture", Architecture.self) ?? .i686
    if let start = try keys.choice("start", Start.self) { self.start = start }
    if let memory = try keys.integer("memory", in: 32...3584, unit: " (MiB)") { self.memory = memory }
    var windowPlace = keys.place("memory")
    if var inner = try keys.table("window") {
      windowPlace = inner.place()
      if let row = try inner.integer("row", in: 1...0xEF, unit: "") { window.row = row }
      if let size = try inner.integer("megabytes", in: 16...64, unit: " (MiB)") {
        guard size % 16 == 0 else {
          throw inner.wrong("megabytes", found: "\(size)", allowed: "a multiple of 16")
        }
        window.bytes = UInt64(size) << 20
      }
      try inner.refuseOthers()
    }
    var reader = NodeReader(
      folder: URL(filePath: file).deletingLastPathComponent(), architecture: wanted ?? architecture,
      isForced: wanted != nil,
      // What a loader finds is memory from 0. From reset, the first 16 MiB hold the cores' registers.
      nextSystem: start == .reset ? segmentSize : 0)
    for node in try keys.tables("node") { try reader.read(node, limit: cores ?? CoreRegisters.mostCores) }
    let imageTables = try keys.tables("image")
    try keys.refuseOthers()
    nodes = reader.nodes
    guard !nodes.isEmpty else { throw ToolError("\(file): a machine needs at least one `[[node]]`") }
    if let cores, nodes.count < cores {
      throw ToolError("\(file) describes \(nodes.count) nodes, not \(cores)")
    }
    window.system = reader.nextSystem
    try addWindow(place: windowPlace)
    let end = window.system + window.bytes
    if memory == 0 { memory = Int(end >> 20) }
    try check(file: file)
    guard nodes.count + imageTables.count <= CoreRegisters.mostCores else {
      throw ToolError("\(file): nodes and images are more than \(CoreRegisters.mostCores)")
    }
    images = try imageTables.map { try reader.image($0, like: nodes[nodes.count - 1]) }
  }

  private mutating func addWindow(place: String) throws {
    for index in nodes.indices {
      for step in 0..<Int(window.bytes / segmentSize) {
        let system = PhysicalAddress(window.system + UInt64(step) * segmentSize)
        let row = Row(
          number: window.row + step, segment: Segment(.shared, .readWrite, owner: 0, system: system),
          place: place)
        if let other = nodes[index].rows.first(where: { $0.number == row.number }) {
          throw row.clash(with: other, node: nodes[index].number)
        }
        nodes[index].rows.append(row)
      }
    }
  }
}

/// Reads the nodes one after the other and gives them memory.
private struct NodeReader {
  let folder: URL
  let architecture: Architecture
  let isForced: Bool
  var nextSystem: UInt64
  var nodes: [MachineDescription.Node] = []

  mutating func read(_ table: DescriptionKeys, limit: Int) throws {
    var keys = table
    let count = try keys.integer("count", in: 1...CoreRegisters.mostCores, unit: "") ?? 1
    let own = try keys.choice("architecture", Architecture.self) ?? architecture
    let memory = try keys.integer("memory", in: 16...768, unit: " (MiB)") ?? 32
    guard memory % 16 == 0 else {
      throw keys.wrong("memory", found: "\(memory)", allowed: "a multiple of 16 (MiB)")
    }
    var node = MachineDescription.Node(
      number: 0, architecture: isForced ? architecture : own, memoryBytes: UInt64(memory) << 20)
    try readContents(of: &node, &keys)
    let extra = try keys.tables("row").flatMap(Self.rows)
    try keys.refuseOthers()
    for _ in 0..<count {
      guard nodes.count < limit else { return }
      guard nodes.count < CoreRegisters.mostCores else {
        throw ToolError("\(keys.place()): more than \(CoreRegisters.mostCores) nodes")
      }
      node.number = nodes.count
      node.place = keys.place()
      node.rows = try rows(of: node, extra, place: keys.place())
      nodes.append(node)
    }
  }

  /// One `[[image]]`.
  func image(_ table: DescriptionKeys, like node: MachineDescription.Node) throws
    -> MachineDescription.Node
  {
    var keys = table
    var image = node
    image.place = keys.place()
    image.kernel = .kernel
    image.ramdisk = nil
    let own = try keys.choice("architecture", Architecture.self) ?? architecture
    image.architecture = isForced ? architecture : own
    try readContents(of: &image, &keys)
    try keys.refuseOthers()
    return image
  }

  /// Reads what a node, or an image, consists of.
  private func readContents(of node: inout MachineDescription.Node, _ keys: inout DescriptionKeys) throws {
    if let kernel = try keys.choice("kernel", KernelProduct.self) { node.kernel = kernel }
    node.commandLine = try keys.string("command-line") ?? ""
    guard node.commandLine.utf8.count <= BootStructure.commandLineCapacity,
      !node.commandLine.contains(where: \.isNewline)
    else {
      throw keys.wrong(
        "command-line", found: "\(node.commandLine.utf8.count) bytes",
        allowed: "one line of at most \(BootStructure.commandLineCapacity) bytes")
    }
    if let name = try keys.string("ramdisk") {
      let path = URL(filePath: name, relativeTo: folder).standardizedFileURL.path
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
        throw keys.wrong(
          "ramdisk", found: "\"\(name)\" (no folder at \(path))", allowed: "a folder, relative to this file")
      }
      node.ramdisk = path
    }
  }

  /// The usual rows, with those of the description in the place of what they replace.
  private mutating func rows(
    of node: MachineDescription.Node, _ extra: [ExtraRow], place: String
  ) throws -> [MachineDescription.Row] {
    let number = UInt8(node.number)
    var rows: [Int: MachineDescription.Row] = [:]
    let own = extra.filter { $0.segment.kind == .private }
    if own.isEmpty {
      for row in 0..<Int(node.memoryBytes / segmentSize) {
        let segment = Segment(
          .private, [.read, .write, .execute], owner: number, system: PhysicalAddress(nextSystem))
        rows[row] = .init(number: row, segment: segment, place: place)
        nextSystem += segmentSize
      }
    }
    rows[0xFE] = .init(
      number: 0xFE,
      segment: Segment(.device, .readWrite, owner: 0, system: PhysicalAddress(0xFE00_0000)), place: place)
    rows[0xFF] = .init(
      number: 0xFF,
      segment: Segment(.device, .readExecute, owner: 0, system: PhysicalAddress(0xFF00_0000)), place: place)
    var stated: [Int: MachineDescription.Row] = [:]
    for row in extra {
      var segment = row.segment
      if segment.kind == .private { nextSystem = max(nextSystem, segment.system.rawValue + segmentSize) }
      if !row.hasOwner { segment.owner = segment.kind == .private ? number : 0 }
      let new = MachineDescription.Row(number: row.number, segment: segment, place: row.place)
      if let other = stated[row.number] { throw other.clash(with: new, node: node.number) }
      stated[row.number] = new
      rows[row.number] = new
    }
    return rows.values.sorted { $0.number < $1.number }
  }

  struct ExtraRow {
    var number: Int
    var segment: Segment
    var hasOwner: Bool
    var place: String
  }

  /// One `[[node.row]]`, which may stand for several rows that follow one another.
  private static func rows(_ table: DescriptionKeys) throws -> [ExtraRow] {
    var keys = table
    guard let first = try keys.integer("row", in: 0...255, unit: "") else {
      throw ToolError("\(keys.place()): the key `row` is missing; allowed: 0 to 255")
    }
    let count = try keys.integer("count", in: 1...256 - first, unit: "") ?? 1
    guard let kind = try keys.choice("kind", RowKind.self) else {
      throw ToolError("\(keys.place()): the key `kind` is missing")
    }
    let system = try keys.integer("system", in: 0...0xFFFF_FFFF, unit: "") ?? 0
    let text = try keys.string("access") ?? "rw"
    let letters: [Character: Access] = ["r": .read, "w": .write, "x": .execute]
    var access: Access = []
    for letter in text {
      guard let one = letters[letter], !access.contains(one) else {
        throw keys.wrong("access", found: "\"\(text)\"", allowed: "each of r, w and x at most once")
      }
      access.insert(one)
    }
    let owner = try keys.integer("owner", in: 0...255, unit: "")
    try keys.refuseOthers()
    return (0..<count).map { step in
      ExtraRow(
        number: first + step,
        segment: Segment(
          kind.kind, access, owner: UInt8(owner ?? 0),
          system: PhysicalAddress(UInt64(system) + UInt64(step) * segmentSize)),
        hasOwner: owner != nil, place: keys.place())
    }
  }
}

/// The kinds of a row by the names in a description.
private enum RowKind: String, CaseIterable {
  case none, `private`, shared, messageBuffer, device

  var kind: SegmentKind {
    switch self {
    case .none: .none
    case .private: .private
    case .shared: .shared
    case .messageBuffer: .messageBuffer
    case .device: .device
    }
  }
}
