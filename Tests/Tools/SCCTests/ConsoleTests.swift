import Base
import Foundation
import HostSupport
import ImageBuilder
import Partition
import SCC
import Testing

/// The parts of a machine in a folder of their own, with a kernel of one instruction.
private final class Parts {
  let folder: String
  let machine: MachineDescription
  let merged: MergedMachine

  init(cores: Int, rom: [UInt8]? = nil) throws {
    folder = try Files.makeTemporaryFolder()
    let machine = try MachineDescription(
      text: "[[node]]\ncount = \(cores)\ncommand-line = \"log=debug\"\n", file: "sample.toml")
    // A kernel that begins with a jump to itself, linked at 1 MiB.
    let kernel = FlatKernel(address: 0x10_0000, bytes: [0xE9, 0xFB, 0xFF, 0xFF, 0xFF], isWide: false)
    let placements = try machine.nodes.map {
      try Placement(node: $0, of: machine, kernel: kernel, ramdisk: [1, 2, 3])
    }
    self.machine = machine
    merged = MergedMachine(folder: folder)
    try merged.write(placements, rom: rom ?? Self.rom())
  }

  deinit { try? Files.remove(folder) }

  /// 64 KiB with a jump to the byte before it at the reset vector.
  static func rom() -> [UInt8] {
    var bytes = [UInt8](repeating: 0xF4, count: 65536)
    bytes.replaceSubrange(0xFFF0..<0xFFF3, with: [0xE9, 0xFA, 0xFF])
    return bytes
  }

  func memory() throws -> SystemMemory {
    try SystemMemory(creating: folder + "/memory", byteCount: UInt64(machine.memory) << 20)
  }
}

@Test func stagingShowsEachStepAndReleasesAllCores() throws {
  let parts = try Parts(cores: 3)
  let memory = try parts.memory()
  var said: [String] = []
  try ManagementConsole(memory: memory, merged: parts.merged) { said.append($0) }.stage()
  #expect(said.map(\.first) == ["1", "2", "2", "2", "3", "3", "3", "3", "4", "4", "4", "5"])
  #expect(try memory.word(at: CoreRegisters.resetPins) == 0b111)
  for node in parts.machine.nodes {
    // Each kernel lies at the same core address, on system memory of its own.
    #expect(try memory.read(1, at: node.systemBase + 0x10_0000) == [0xE9])
    #expect(try MachineView(memory: memory).state(ofCore: node.number) == .released)
  }
  #expect(try MachineView(memory: memory).state(ofCore: 3) == nil)
}

@Test func aCoreWithoutStartUpCodeIsNotReleased() throws {
  var rom = Parts.rom()
  rom[0xFFF0] = 0x90
  let parts = try Parts(cores: 2, rom: rom)
  let memory = try parts.memory()
  #expect(throws: ToolError.self) {
    try ManagementConsole(memory: memory, merged: parts.merged) { _ in }.stage()
  }
  #expect(try memory.word(at: CoreRegisters.resetPins) == 0)
}

@Test func rulesWithoutAnExecutableResetVectorAreRefused() throws {
  let parts = try Parts(cores: 2)
  let rules = String(decoding: try Files.read(parts.merged.rules), as: UTF8.self)
  try Files.write(rules.replacing("row 0xff device r-x", with: "row 0xff device r--"), to: parts.merged.rules)
  let memory = try parts.memory()
  #expect(throws: ToolError.self) {
    try ManagementConsole(memory: memory, merged: parts.merged) { _ in }.stage()
  }
  #expect(try memory.word(at: CoreRegisters.resetPins) == 0)
}

@Test func aBootStructureThatWasChangedIsRefused() throws {
  let parts = try Parts(cores: 1)
  let memory = try parts.memory()
  let console = ManagementConsole(memory: memory, merged: parts.merged) { _ in }
  try console.pullResets()
  let rules = try console.writeTables()
  try console.loadObjects()
  try console.verify(rules[0])
  let place = parts.machine.nodes[0].systemBase + UInt64(CoreRegisters.structureAddress)
  try memory.write([0xFF], at: place + 70)
  #expect(throws: ToolError.self) { try console.verify(rules[0]) }
}

@Test func rulesAreReadAsTheyAreWritten() throws {
  let parts = try Parts(cores: 2)
  let text = String(decoding: try Files.read(parts.merged.rules), as: UTF8.self)
  let rules = try LookupRules.read(text, name: "lut.rules")
  #expect(rules.map(\.text).joined() == text)
  for wrong in [
    "row 0x00", "core 64 32", "core 0 16", "core 0 32\n row 0x100 private rwx owner 0 system 0x0",
  ] {
    #expect(throws: ToolError.self, "\(wrong)") { try LookupRules.read(wrong, name: "lut.rules") }
  }
}

@Test func objectsAreReadAsTheyAreWritten() throws {
  var object = ObjectFile()
  object.records = [.init(address: 0x1234_5678, bytes: [1, 2, 3]), .init(address: 7, bytes: [])]
  let read = try ObjectFile(object.encoded, name: "x")
  #expect(read.records.map(\.address) == [0x1234_5678, 7])
  #expect(read.records.map(\.bytes) == [[1, 2, 3], []])
  for count in 0..<object.encoded.count {
    #expect(throws: ToolError.self) { try ObjectFile(Array(object.encoded.prefix(count)), name: "x") }
  }
}

@Test func theMeshHasTheOriginalsShape() {
  #expect(Mesh.coreCount == 48)
  #expect(Mesh.tile(ofCore: 13) == (0, 1))
  #expect([0, 6, 24, 47].map(Mesh.controller) == [0, 1, 2, 3])
  #expect(
    (0..<4).map { quarter in (0..<48).filter { Mesh.controller(ofCore: $0) == quarter }.count } == [
      12, 12, 12, 12,
    ])
}
