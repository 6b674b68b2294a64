import Base
import HostSupport
import ImageBuilder
import Partition

// The rules are the kernel's own (Kernel/Nodes/Partition/Validation.swift); this finds the lines that broke them.
extension MachineDescription {
  /// Checks every table alone, and all that lead to the same memory against each other.
  func check(file: String) throws {
    let end = PhysicalAddress(UInt64(memory) << 20)
    for node in nodes {
      do {
        try validate(node.table, node: UInt8(node.number), nodeCount: nodes.count, memoryEnd: end)
      } catch {
        throw explain(error)
      }
    }
    // Comparing all pairs of all rows would take minutes; only who shares memory can disagree.
    var claims: [UInt64: [(node: Node, segment: Segment)]] = [:]
    for node in nodes {
      for row in node.rows where row.segment.kind != .none {
        let system = row.segment.system.rawValue
        for claim in claims[system] ?? []
        where claim.node.number != node.number
          && (claim.segment.kind == .private || row.segment.kind == .private
            || claim.segment.kind != row.segment.kind || claim.segment.owner != row.segment.owner)
        {
          do {
            try validate(
              claim.node.table, node: UInt8(claim.node.number), against: node.table, node: UInt8(node.number))
          } catch {
            throw explain(error)
          }
        }
        // The first of those that agree stands for all.
        if !(claims[system] ?? []).contains(where: { $0.segment == row.segment }) {
          claims[system, default: []].append((node, row.segment))
        }
      }
    }
    try checkStart(file: file)
  }

  /// What start-up needs beyond what a table must keep to.
  private func checkStart(file: String) throws {
    let used = UInt64(memory) << 20
    for node in nodes {
      let last = node.rows.filter { $0.segment.kind == .private }.count
      guard UInt64(last) * segmentSize == node.memoryBytes || last == 0 else {
        throw ToolError(
          "\(node.place): node \(node.number) has \(node.memoryBytes >> 20) MiB but \(last) private rows of 16 MiB"
        )
      }
      for row in node.rows where row.segment.system.rawValue >= 1 << 32 {
        throw ToolError("\(row.place): row \(rowName(row.number)) leads above 4 GiB")
      }
      if start == .reset,
        node.rows.contains(where: { $0.segment.kind == .private && $0.segment.system.rawValue == 0 })
      {
        throw ToolError(
          "\(node.place): node \(node.number) claims the first 16 MiB, where the cores' registers are",
          advice: "start = \"loader\", or other system addresses")
      }
      if start == .loader, node.number == 0, node.systemBase != 0 {
        throw ToolError(
          "\(node.place): a loader puts node 0 at system address 0, not at \(address(node.systemBase))")
      }
    }
    guard used <= 0xE000_0000 else {
      throw ToolError("\(file): \(memory) MiB reach into the devices' addresses")
    }
  }

  private func explain(_ error: PartitionError) -> ToolError {
    var rows = [error.first]
    if error.second != error.first { rows.append(error.second) }
    let place = find(error.second)?.place ?? find(error.first)?.place ?? nodes[Int(error.first.node)].place
    return ToolError("\(place): \(error.reason.sentence)\n" + rows.map(draw).joined(separator: "\n"))
  }

  private func find(_ place: RowPlace) -> Row? {
    nodes[Int(place.node)].rows.first { $0.number == Int(place.row) }
  }

  private func draw(_ place: RowPlace) -> String {
    let core = UInt64(place.row) << 24
    guard let row = find(place) else {
      return "  node \(place.node)  row \(rowName(Int(place.row)))  core \(address(core))  nothing"
    }
    return row.drawing(node: Int(place.node))
  }
}

extension MachineDescription.Row {
  /// The row as messages draw it.
  func drawing(node: Int) -> String {
    let from = place.split(separator: ":").dropFirst().first.map { "   (line \($0))" } ?? ""
    return "  node \(node)  row \(rowName(number))  core \(address(UInt64(number) << 24))  "
      + "\(segment.kind)  \(letters(segment.access))  owner \(segment.owner)  "
      + "system \(address(segment.system.rawValue))" + from
  }

  /// The refusal of two rows with one number.
  func clash(with other: Self, node: Int) -> ToolError {
    ToolError(
      "\(other.place): two rows of a node have the same number\n\(drawing(node: node))\n\(other.drawing(node: node))"
    )
  }
}

private func rowName(_ row: Int) -> String { "0x" + hexadecimal(UInt64(row), digits: 2) }

/// A system or core address as messages show it.
func address(_ value: UInt64) -> String { "0x" + hexadecimal(value, digits: 8) }

/// Permissions as `rwx`.
func letters(_ access: Access) -> String {
  (access.contains(.read) ? "r" : "-") + (access.contains(.write) ? "w" : "-")
    + (access.contains(.execute) ? "x" : "-")
}

extension PartitionError.Reason {
  /// What is wrong, in words.
  var sentence: String {
    switch self {
    case .misaligned: "a system address is not a multiple of 16 MiB"
    case .outsideMemory: "a segment reaches past the end of the machine's memory"
    case .writeAndExecute: "what others share would be both writable and executable"
    case .overlap: "two rows lead to the same memory under different kinds or owners"
    case .twoOwners: "two nodes claim the same memory, and it is private to one of them"
    case .gap: "a node's private rows leave a hole between them"
    case .foreignPrivate: "a private row belongs to another node"
    case .permissions: "a mapped row must allow something, and one without a mapping nothing"
    case .noMemory: "a node has no private memory at core address 0"
    case .unknownOwner: "a row names an owner that is not a node of this machine"
    }
  }
}
