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

  /// What all nodes say of themselves at a time, for rates.
  public struct Snapshot {
    let time: ContinuousClock.Instant
    let words: [[NodeField: UInt32]]
  }

  /// Reads what all nodes say of themselves.
  public func snapshot() throws -> Snapshot {
    Snapshot(
      time: .now,
      words: try (machine?.nodes ?? []).map { node in
        try Dictionary(
          uniqueKeysWithValues: NodeField.allCases.map { ($0, try word($0, ofNode: node.number)) })
      })
  }

  /// A line for each node, from what it says of itself.
  public func nodes() throws -> String { nodes(try snapshot()) }

  /// The same; with an earlier snapshot what was sent and received since is shown for a second, and who stands still.
  public func nodes(_ now: Snapshot, since before: Snapshot? = nil) -> String {
    let messages = before == nil ? "      sent  received" : "    sent/s   recvd/s"
    var text =
      "node state     bits life heartbeat   load  free KiB\(messages)\(before == nil ? "       bytes" : "     bytes/s")"
      + " errors doorbells\n"
    let seconds = before.map { (now.time - $0.time) / .seconds(1) } ?? 0
    for (node, words) in now.words.enumerated() {
      func value(_ field: NodeField) -> UInt32 { words[field] ?? 0 }
      func count(_ fields: NodeField...) -> String {
        let sum = fields.reduce(UInt64(0)) { sum, field in
          // Counters run over.
          sum + UInt64(before == nil ? value(field) : value(field) &- (before?.words[node][field] ?? 0))
        }
        return "\(before == nil ? sum : UInt64(Double(sum) / max(seconds, 0.001)))"
      }
      let phase = NodePhase(rawValue: value(.phase)) ?? .absent
      var state = "\(phase)"
      if let before, phase == .up || phase == .complete {
        state = before.words[node][.heartbeat] == value(.heartbeat) ? "silent" : "online"
      }
      let load = "\(value(.load) / 10).\(value(.load) % 10)%"
      let columns: [(String, Int)] = [
        ("\(value(.width))", 4), ("\(value(.generation))", 5), ("\(value(.heartbeat))", 10), (load, 7),
        ("\(value(.freeMemory))", 10), (count(.sentMessages), 10), (count(.receivedMessages), 10),
        (count(.sentBytes, .receivedBytes), 12), ("\(value(.faults))", 7), ("\(value(.doorbells))", 10),
      ]
      text += right("\(node)", 4) + " " + state + String(repeating: " ", count: max(0, 10 - state.count))
      text += columns.map { right($0.0, $0.1) }.joined() + "\n"
    }
    return text
  }

  private func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
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
