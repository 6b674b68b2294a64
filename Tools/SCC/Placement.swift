import Base
import HostSupport
import ImageBuilder
import Partition

/// What lies where in one node's memory before it begins.
public struct Placement: Sendable {
  /// The node.
  public let node: MachineDescription.Node
  /// What it is told.
  public private(set) var structure: BootStructure
  /// The parts by core address: boot structure, kernel, ramdisk.
  public private(set) var parts: [(name: String, core: UInt32, bytes: [UInt8])]

  /// Places a kernel and a ramdisk into a node's memory.
  ///
  /// - Throws: `ToolError` if they do not fit.
  public init(
    node: MachineDescription.Node, of machine: MachineDescription, kernel: FlatKernel, ramdisk: [UInt8]?
  ) throws {
    self.node = node
    guard kernel.address == UInt64(CoreRegisters.kernelAddress) else {
      throw ToolError(
        "the kernel of node \(node.number) begins at \(address(kernel.address)), not at 1 MiB")
    }
    guard kernel.isWide == (node.architecture == .x86_64) else {
      throw ToolError("the kernel of node \(node.number) is not compiled for \(node.architecture.rawValue)")
    }
    let page = UInt64(pageSize)
    let ramdiskStart = (kernel.address + kernel.memoryBytes + page - 1) & ~(page - 1)
    let end = ramdiskStart + UInt64(ramdisk?.count ?? 0)
    guard end + (1 << 20) <= node.memoryBytes else {
      throw ToolError(
        "node \(node.number) has \(node.memoryBytes >> 20) MiB; kernel and ramdisk take \(end >> 10) KiB of it",
        advice: "more `memory` in its [[node]]")
    }
    var structure = BootStructure()
    structure.node = UInt8(node.number)
    structure.nodeCount = UInt8(machine.nodes.count)
    structure.memoryBytes = node.memoryBytes
    structure.kernel = (UInt32(kernel.address), UInt32(kernel.memoryBytes))
    if let ramdisk { structure.ramdisk = (UInt32(ramdiskStart), UInt32(ramdisk.count)) }
    structure.window = (UInt32(machine.window.row) << 24, UInt32(machine.window.bytes))
    structure.table = node.table
    let words = Array(node.commandLine.utf8)
    guard structure.setCommandLine(words.span) else {
      throw ToolError("the command line of node \(node.number) is too long")
    }
    self.structure = structure
    let encoded = structure.encoded()
    var parts: [(name: String, core: UInt32, bytes: [UInt8])] = [
      ("boot structure", CoreRegisters.structureAddress, (0..<BootStructure.byteCount).map { encoded[$0] }),
      ("kernel", CoreRegisters.kernelAddress, kernel.bytes),
    ]
    if let ramdisk { parts.append(("ramdisk", UInt32(ramdiskStart), ramdisk)) }
    self.parts = parts
  }

  /// Adds the images of all nodes behind the ramdisk, for the node that starts others anew.
  ///
  /// - Returns: whether there is room; if not, nothing has changed.
  public mutating func add(images: [UInt8]) -> Bool {
    let end = parts.map { UInt64($0.core) + UInt64($0.bytes.count) }.max() ?? 0
    let kernelEnd = UInt64(structure.kernel.address) + UInt64(structure.kernel.bytes)
    let start = (max(end, kernelEnd) + UInt64(pageSize) - 1) & ~(UInt64(pageSize) - 1)
    // What is left must be enough to run.
    guard start + UInt64(images.count) + (8 << 20) <= node.memoryBytes else { return false }
    structure.images = (UInt32(start), UInt32(images.count))
    let encoded = structure.encoded()
    parts[0].bytes = (0..<BootStructure.byteCount).map { encoded[$0] }
    parts.append(("images", UInt32(start), images))
    return true
  }

  /// All of it as one flat image that begins at core address 0.
  public var flatImage: [UInt8] {
    var image: [UInt8] = []
    for part in parts {
      image += Array(repeating: 0, count: Int(part.core) - image.count)
      image += part.bytes
    }
    return image
  }

  /// The system address of a core address of this node.
  ///
  /// - Throws: `ToolError` if no row leads there.
  public func system(_ core: UInt32) throws -> UInt64 {
    guard let place = structure.table.system(ofCore: core) else {
      throw ToolError("node \(node.number): no row leads from core address \(address(UInt64(core)))")
    }
    return place.rawValue
  }
}
