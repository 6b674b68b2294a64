import Base
import HostSupport
import ImageBuilder
import Partition

/// What the management console of the Single-chip Cloud Computer does before its cores run, one step after the other.
///
/// The original's sccReset pulls the reset pins, sccBoot writes the lookup tables and loads the objects through the
/// system interface, and releases the pins. Here the pins and the tables lie in memory (`CoreRegisters`), because the
/// emulated processor has neither; start-up code obeys them.
public struct ManagementConsole {
  /// The machine's memory.
  public let memory: SystemMemory
  /// What is loaded.
  public let merged: MergedMachine
  /// Hears of every step.
  public var report: (String) -> Void

  /// A console for a machine without power.
  public init(memory: SystemMemory, merged: MergedMachine, report: @escaping (String) -> Void) {
    self.memory = memory
    self.merged = merged
    self.report = report
  }

  /// All steps.
  ///
  /// - Throws: `ToolError` at the first step that fails; no reset pin has been released then.
  public func stage() throws {
    try pullResets()
    let rules = try writeTables()
    try loadObjects()
    for rule in rules { try verify(rule) }
    try releaseResets(rules)
  }

  /// Holds every core in reset.
  public func pullResets() throws {
    try memory.write(littleEndian(UInt64(0)), at: CoreRegisters.resetPins)
    for core in 0..<CoreRegisters.mostCores {
      let place = CoreRegisters.address(ofCore: core) + UInt64(CoreRegisters.stateOffset)
      try memory.write(littleEndian(CoreState.held.rawValue), at: place)
    }
    report("1  pulled the reset pins of all cores")
  }

  /// Writes the lookup tables and the other registers of the cores.
  public func writeTables() throws -> [LookupRules] {
    let rules = try LookupRules.read(
      String(decoding: Files.read(merged.rules), as: UTF8.self), name: merged.rules)
    for rule in rules {
      let place = CoreRegisters.address(ofCore: rule.core)
      let rows = (0..<LookupTable.count).flatMap { littleEndian(CoreRegisters.row(rule.table[$0])) }
      let words = CoreRegisters.words(isWide: rule.isWide, ticksPerMillisecond: 0, state: .held)
      try memory.write(
        rows + words.indices.flatMap { littleEndian(words[$0]) }, at: place)
      let mapped = (0..<LookupTable.count).filter { rule.table[$0].kind != .none }.count
      report("2  core \(rule.core): wrote \(mapped) rows of its lookup table at \(address(place))")
    }
    return rules
  }

  /// Loads the objects of the memory controllers.
  public func loadObjects() throws {
    for controller in 0..<Mesh.controllerCount {
      let object = try ObjectFile(Files.read(merged.object(controller)), name: merged.object(controller))
      for record in object.records { try memory.write(record.bytes, at: record.address) }
      let count = object.records.reduce(0) { $0 + $1.bytes.count }
      report(
        "3  memory controller \(controller): loaded \(object.records.count) parts, \(count >> 10) KiB")
    }
  }

  /// Shows that a core will fetch start-up code, and that start-up code will find a kernel and what it is told.
  ///
  /// - Throws: `ToolError` that says what the core would have run into.
  public func verify(_ rule: LookupRules) throws {
    let vector = CoreRegisters.resetVector
    guard let fetched = rule.table.system(ofCore: vector), rule.table.permits(.execute, atCore: vector) else {
      throw ToolError(
        "core \(rule.core) would fetch its first instruction at \(address(UInt64(vector))), where its lookup table has nothing to execute"
      )
    }
    let rom = try Files.read(merged.rom)
    guard rom.count.isMultiple(of: 65536), !rom.isEmpty,
      fetched.rawValue >= (1 << 32) - UInt64(rom.count), fetched.rawValue < 1 << 32
    else {
      throw ToolError(
        "core \(rule.core) would fetch its first instruction at system address \(address(fetched.rawValue)), outside the start-up ROM"
      )
    }
    let offset = rom.count - Int((1 << 32) - fetched.rawValue)
    // A near jump in 16-bit code: E9 and a distance, counted from the next instruction, within the last 64 KiB.
    guard rom[offset] == 0xE9 else {
      throw ToolError(
        "core \(rule.core) would fetch 0x\(hexadecimal(UInt64(rom[offset]))) first, which is no jump")
    }
    let distance = UInt16(rom[offset + 1]) | UInt16(rom[offset + 2]) << 8
    let target = UInt16(truncatingIfNeeded: fetched.rawValue) &+ 3 &+ distance
    guard rom[rom.count - 65536 + Int(target)] != 0 else {
      throw ToolError(
        "core \(rule.core) would jump to \(address(0xFFFF_0000 + UInt64(target))), where nothing is")
    }
    let structure = try decodedStructure(rule)
    guard structure.node == UInt8(rule.core), sameRows(structure.table, rule.table) else {
      throw ToolError("core \(rule.core): its boot structure and its lookup table disagree")
    }
    guard let kernel = rule.table.system(ofCore: CoreRegisters.kernelAddress),
      try memory.read(1, at: kernel.rawValue) == [0xE9]
    else {
      throw ToolError(
        "core \(rule.core): there is no kernel at core address \(address(UInt64(CoreRegisters.kernelAddress)))"
      )
    }
    report(
      "4  core \(rule.core): \(address(UInt64(vector))) is system \(address(fetched.rawValue)): "
        + "jmp \(address(0xFFFF_0000 + UInt64(target))); then 0x00100000 is system \(address(kernel.rawValue)): jmp into its kernel"
    )
  }

  /// Releases the reset pins.
  public func releaseResets(_ rules: [LookupRules]) throws {
    var pins: UInt64 = 0
    for rule in rules {
      pins |= 1 << UInt64(rule.core)
      let place = CoreRegisters.address(ofCore: rule.core) + UInt64(CoreRegisters.stateOffset)
      try memory.write(littleEndian(CoreState.released.rawValue), at: place)
    }
    guard pins & 1 != 0 else {
      throw ToolError("core 0 has no lookup table; the machine's first core needs one")
    }
    try memory.write(littleEndian(pins), at: CoreRegisters.resetPins)
    report("5  released the reset pins of \(pins.nonzeroBitCount) cores: 0x\(hexadecimal(pins, digits: 12))")
  }

  private func decodedStructure(_ rule: LookupRules) throws -> BootStructure {
    guard let place = rule.table.system(ofCore: CoreRegisters.structureAddress) else {
      throw ToolError("core \(rule.core): no row leads to its boot structure")
    }
    let bytes = try memory.read(BootStructure.byteCount, at: place.rawValue)
    var encoded = BootStructureBytes(repeating: 0)
    for index in bytes.indices { encoded[index] = bytes[index] }
    do {
      return try BootStructure(decoding: encoded)
    } catch {
      throw ToolError("core \(rule.core): its boot structure at system \(address(place.rawValue)): \(error)")
    }
  }

  private func sameRows(_ left: LookupTable, _ right: LookupTable) -> Bool {
    (0..<LookupTable.count).allSatisfy {
      left[$0].kind == .none && right[$0].kind == .none || left[$0] == right[$0]
    }
  }
}
