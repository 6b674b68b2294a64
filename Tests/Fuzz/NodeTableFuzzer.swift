/// libFuzzer entry for the node table: whatever another node writes into its entry, a watcher goes on, asks for recovery
/// once in each life that died and only after it was fenced, and never takes a step backwards in generations.
///
/// Each nine bytes of the input are what a watcher reads on a tick: phase, generation, heartbeat, format.

import Messaging
import NodeLife
import NodeSync
import NodeTable
import RCCE
import Window

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzNodeTable(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = UnsafeBufferPointer(start: start, count: count)
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 0x4000, alignment: 64)
  defer { memory.deallocate() }
  memory.initializeMemory(as: UInt8.self, repeating: 0)
  guard let base = memory.baseAddress else { return 0 }
  let window = MappedWindow(base: base, byteCount: 0x4000)
  var life = NodeLife(format: NodeTable.format, patience: .init(suspectTicks: 2, deadTicks: 4))
  var isFenced = true
  var last: UInt16 = 0
  var index = 0
  while index + 9 <= bytes.count {
    let node: UInt8 = 5
    NodeTable.set(.phase, of: node, to: UInt32(bytes[index] & 7), window)
    NodeTable.set(.generation, of: node, to: UInt32(bytes[index + 1]) | UInt32(bytes[index + 2]) << 8, window)
    NodeTable.set(.heartbeat, of: node, to: UInt32(bytes[index + 3]), window)
    NodeTable.set(
      .format, of: node, to: bytes[index + 4] & 1 == 0 ? NodeTable.format : UInt32(bytes[index + 5]), window)
    // As the thread that owns the links looks at an entry.
    let generation = UInt16(truncatingIfNeeded: NodeTable.word(.generation, of: node, window))
    let phase = NodePhase(rawValue: NodeTable.word(.phase, of: node, window)) ?? .absent
    var actions: LifeActions = []
    if phase != .absent, phase != .starting, phase != .stopped, life.generation != generation {
      actions.formUnion(
        life.handle(.hello(generation: generation, format: NodeTable.word(.format, of: node, window))))
    }
    if phase == .stopped { actions.formUnion(life.handle(.stopped(generation: generation))) }
    actions.formUnion(
      life.handle(.tick(generation: generation, heartbeat: NodeTable.word(.heartbeat, of: node, window))))
    if bytes[index + 6] & 1 != 0 { actions.formUnion(life.handle(.agreed(generation: generation))) }
    if life.state == .dead { isFenced = false }
    precondition(!actions.contains(.recover), "recovery before the node was fenced")
    if bytes[index + 7] & 1 != 0 {
      let recovered = life.handle(.fenced(generation: life.generation)).contains(.recover)
      precondition(recovered != isFenced, "recovery twice, or not at all")
      isFenced = true
    }
    if last != 0 {
      precondition(life.generation == last || Int16(truncatingIfNeeded: life.generation &- last) > 0)
    }
    last = life.generation
    index += 9
  }
  return 0
}
