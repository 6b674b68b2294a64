import Base
import HostSupport
import ImageBuilder
import NodeTable
import Partition

/// Whether the page tables of all nodes keep to their lookup tables, from outside: the tables are walked in the machine's
/// memory as the processors do it.
public struct IsolationCheck {
  /// The machine's memory.
  public let memory: SystemMemory
  /// The machine.
  public let machine: MachineDescription

  /// What was found.
  public struct Result: Sendable {
    /// The nodes whose tables were walked, each with the number of its mappings.
    public var walked: [(node: Int, mappings: Int)] = []
    /// What leads where it must not.
    public var violations: [String] = []
  }

  /// A check of a machine that runs or has run.
  public init(memory: SystemMemory, machine: MachineDescription) {
    self.memory = memory
    self.machine = machine
  }

  /// Walks the tables of every node that has written where they are.
  ///
  /// - Throws: `ToolError` if the memory can't be read.
  public func run() throws -> Result {
    var result = Result()
    let shared = machine.window.system
    for node in machine.nodes {
      let entry = shared + UInt64(NodeTable.entry(UInt8(node.number)))
      let root = try memory.word(at: entry + UInt64(NodeField.pageTables.rawValue))
      guard root != 0 else { continue }
      var rights = PartitionRights()
      for row in node.rows { rights.add(row.segment) }
      var count = 0
      let walk = TableWalk(root: UInt64(root), isWide: node.architecture == .x86_64)
      // A table is read whole: an entry at a time would be a system call each.
      var tables: [UInt64: [UInt8]] = [:]
      let memory = memory
      let isReadable = walk.forEach { place in
        let page = place & ~0xFFF
        if tables[page] == nil { tables[page] = try? memory.read(4096, at: page) }
        guard let bytes = tables[page] else { return nil }
        let offset = Int(place & 0xFFF)
        return (0..<8).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
      } visit: { mapping in
        count += 1
        guard let violation = rights.violation(of: mapping) else { return }
        result.violations.append(
          "node \(node.number): \(address(UInt64(mapping.virtual.rawValue))) leads to system \(address(mapping.physical.rawValue)): \(violation)"
        )
      }
      if !isReadable { result.violations.append("node \(node.number): a page table lies outside memory") }
      result.walked.append((node.number, count))
    }
    return result
  }
}
