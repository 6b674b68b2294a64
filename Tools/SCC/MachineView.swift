import HostSupport
import ImageBuilder
import Partition

/// A machine as its memory shows it, running or not.
public struct MachineView {
  /// The machine's memory.
  public let memory: SystemMemory

  /// Looks at a machine.
  public init(memory: SystemMemory) { self.memory = memory }

  /// The state of a core, or `nil` if the console has written nothing for it.
  public func state(ofCore core: Int) throws -> CoreState? {
    let place = CoreRegisters.address(ofCore: core)
    guard try memory.word(at: place + UInt64(CoreRegisters.words)) == CoreRegisters.magic else { return nil }
    return CoreState(rawValue: try memory.word(at: place + UInt64(CoreRegisters.stateOffset)))
  }

  /// The mesh and a line for each state.
  public func text() throws -> String {
    var states: [CoreState?] = []
    for core in 0..<Mesh.coreCount { states.append(try state(ofCore: core)) }
    var text = Mesh.drawing { states[$0].map(mark) }
    for state in CoreState.allCases {
      let count = states.filter { $0 == state }.count
      if count > 0 { text += "\(mark(state))  \(count) cores \(sentence(state))\n" }
    }
    return text
  }

  private func mark(_ state: CoreState) -> String {
    switch state {
    case .held: "rst"
    case .released: "rel"
    case .isProtected: "pm"
    case .mapped: "run"
    }
  }

  private func sentence(_ state: CoreState) -> String {
    switch state {
    case .held: "are held in reset"
    case .released: "are released and have not begun"
    case .isProtected: "have reached protected mode"
    case .mapped: "run their kernel behind their lookup table"
    }
  }
}
