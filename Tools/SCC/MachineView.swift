import HostSupport
import ImageBuilder
import NodeTable
import Partition

/// A machine as its memory shows it, running or not.
public struct MachineView {
  /// The machine's memory.
  public let memory: SystemMemory
  /// The machine, if its description is known: then what the nodes say of themselves is shown too.
  public let machine: MachineDescription?

  /// Looks at a machine.
  public init(memory: SystemMemory, machine: MachineDescription? = nil) {
    self.memory = memory
    self.machine = machine
  }

  /// The state of a core, or `nil` if the console has written nothing for it.
  public func state(ofCore core: Int) throws -> CoreState? {
    let place = CoreRegisters.address(ofCore: core)
    guard try memory.word(at: place + UInt64(CoreRegisters.words)) == CoreRegisters.magic else { return nil }
    return CoreState(rawValue: try memory.word(at: place + UInt64(CoreRegisters.stateOffset)))
  }

  /// The cores whose reset pins are released.
  public func releasedCount() throws -> Int {
    try memory.word(at: CoreRegisters.resetPins).nonzeroBitCount
      + memory.word(at: CoreRegisters.resetPins + 4).nonzeroBitCount
  }

  /// A word that a node says of itself.
  public func word(_ field: NodeField, ofNode node: Int) throws -> UInt32 {
    guard let machine else { return 0 }
    return try memory.word(
      at: machine.window.system + UInt64(NodeTable.entry(UInt8(node))) + UInt64(field.rawValue))
  }

  /// How far a node's kernel has come.
  public func phase(ofNode node: Int) throws -> NodePhase {
    NodePhase(rawValue: try word(.phase, ofNode: node)) ?? .absent
  }

  /// The nodes for which all others are online.
  public func completeCount() throws -> Int {
    guard let machine else { return 0 }
    return try machine.nodes.filter { try phase(ofNode: $0.number) == .complete }.count
  }

  /// The mesh, and a line for each state.
  public func mesh() throws -> String {
    var marks: [Int: String] = [:]
    var counts: [String: Int] = [:]
    for core in 0..<Mesh.coreCount {
      guard let state = try state(ofCore: core) else { continue }
      var mark = Self.mark(state)
      if state == .mapped, machine != nil { mark = Self.mark(try phase(ofNode: core)) ?? mark }
      marks[core] = mark
      counts[mark, default: 0] += 1
    }
    return Mesh.drawing { marks[$0] }
      + Self.legend.filter { counts[$0.mark] != nil }
      .map { "\($0.mark)  \(counts[$0.mark] ?? 0) \($0.sentence)\n" }.joined()
  }

  /// A line for each node, from what it says of itself.
  public func nodes() throws -> String {
    guard let machine else { return "" }
    var text =
      "node state     bits life heartbeat load  free KiB     sent received    bytes errors doorbells\n"
    for node in machine.nodes {
      func number(_ field: NodeField, _ width: Int) throws -> String {
        let digits = "\(try word(field, ofNode: node.number))"
        return String(repeating: " ", count: max(0, width - digits.count)) + digits
      }
      let state = "\(try phase(ofNode: node.number))"
      let numbers: [(NodeField, Int)] = [
        (.width, 4), (.generation, 5), (.heartbeat, 10), (.load, 5), (.freeMemory, 10), (.sentMessages, 9),
        (.receivedMessages, 9), (.sentBytes, 9), (.faults, 7), (.doorbells, 10),
      ]
      text += String(repeating: " ", count: node.number < 10 ? 3 : 2) + "\(node.number) "
      text += state + String(repeating: " ", count: max(0, 10 - state.count))
      text += try numbers.map { try number($0.0, $0.1) }.joined() + "\n"
    }
    return text
  }

  private static let legend: [(mark: String, sentence: String)] = [
    ("rst", "held in reset"), ("rel", "released, nothing done yet"), ("pm", "in protected mode"),
    ("map", "behind their lookup table, on the way to their kernel"), ("sta", "kernels starting"),
    ("up", "online, still looking for others"), ("on", "online, and so are all others"), ("end", "ended"),
  ]

  private static func mark(_ state: CoreState) -> String {
    switch state {
    case .held: "rst"
    case .released: "rel"
    case .isProtected: "pm"
    case .mapped: "map"
    }
  }

  private static func mark(_ phase: NodePhase) -> String? {
    switch phase {
    case .absent: nil
    case .starting: "sta"
    case .up: "up"
    case .complete: "on"
    case .stopped: "end"
    }
  }
}
