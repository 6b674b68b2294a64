/// A boot structure read where it lies, without a copy of its 4 KiB: a kernel's first stack is small.
///
/// The page is the node's own: whoever wrote it is done before the node begins, so what was checked stays so.

import Base
import Checksum

/// A boot structure in memory, checked.
public struct PlacedStructure<Memory: PhysicalMemoryReader> {
  private let address: UInt64
  private let memory: Memory

  /// Checks the structure at a core address as `BootStructure.init(decoding:)` does.
  public init(at address: UInt64, memory: Memory) throws(BootStructureError) {
    self.address = address
    self.memory = memory
    guard memory.byte(at: PhysicalAddress(address)) != nil,
      memory.byte(at: PhysicalAddress(address + UInt64(BootStructure.byteCount) - 1)) != nil
    else { throw .tooShort }
    guard number(0, as: UInt64.self) == BootStructure.magic else { throw .notABootStructure }
    guard number(8, as: UInt32.self) == BootStructure.version else { throw .unknownVersion }
    guard number(12, as: UInt32.self) == checksum() else { throw .wrongChecksum }
    guard node < nodeCount, generation != 0, commandLineCount <= BootStructure.commandLineCapacity,
      fits(ramdisk), fits(kernel), fits(images), UInt64(window.address) + UInt64(window.bytes) <= 1 << 32
    else { throw .inconsistent }
    for row in 0..<LookupTable.count {
      guard BootStructure.decodeRow(number(1024 + 8 * row, as: UInt64.self)) != nil else {
        throw .inconsistent
      }
    }
  }

  /// This node's number.
  public var node: UInt8 { number(16) }
  /// The nodes of the machine.
  public var nodeCount: UInt8 { number(17) }
  /// How often this node was started.
  public var generation: UInt16 { number(18) }
  /// Bytes of private memory from core address 0.
  public var memoryBytes: UInt64 { number(24) }
  /// Core address and bytes of the kernel.
  public var kernel: (address: UInt32, bytes: UInt32) { (number(32), number(36)) }
  /// Core address and bytes of the ramdisk.
  public var ramdisk: (address: UInt32, bytes: UInt32) { (number(40), number(44)) }
  /// Core address and bytes of the images of all nodes; of no bytes if there are none.
  public var images: (address: UInt32, bytes: UInt32) { (number(3072), number(3076)) }
  /// Core address and bytes of the shared window.
  public var window: (address: UInt32, bytes: UInt32) { (number(48), number(52)) }
  /// The bytes in the command line, and where they lie.
  public var commandLineCount: Int { Int(number(56, as: UInt32.self)) }
  /// The core address of the command line.
  public var commandLineAddress: UInt64 { address + 64 }

  /// A row of the lookup table.
  public func row(_ index: Int) -> Segment {
    BootStructure.decodeRow(number(1024 + 8 * index, as: UInt64.self)) ?? .none
  }

  private func fits(_ range: (address: UInt32, bytes: UInt32)) -> Bool {
    UInt64(range.address) + UInt64(range.bytes) <= memoryBytes
  }

  private func number<Value: FixedWidthInteger & UnsignedInteger>(
    _ offset: Int, as type: Value.Type = Value.self
  ) -> Value {
    memory.load(at: PhysicalAddress(address + UInt64(offset)), as: type) ?? 0
  }

  private func checksum() -> UInt32 { BootStructure.structureChecksum { number($0, as: UInt8.self) } }
}

extension BootStructure {
  /// The checksum of a structure whose bytes are read one by one.
  public static func structureChecksum(_ byte: (Int) -> UInt8) -> UInt32 {
    var sum = CRC32C()
    for index in 0..<byteCount { sum.update(byte: index >= 12 && index < 16 ? 0 : byte(index)) }
    return sum.value
  }
}

extension PartitionView {
  /// Takes over the rows of a boot structure; answers false if one leads above 4 GiB.
  public mutating func adopt<Memory: PhysicalMemoryReader>(_ structure: PlacedStructure<Memory>) -> Bool {
    clear()
    for row in 0..<LookupTable.count where !add(row, structure.row(row)) { return false }
    return true
  }
}
