/// Writing and reading the boot structure's 4096 bytes.

import Base
import Checksum

/// The image of a boot structure.
public typealias BootStructureBytes = InlineArray<4096, UInt8>

extension BootStructure {
  /// "APUSBOOT" as a little-endian number.
  public static var magic: UInt64 { 0x544F_4F42_5355_5041 }

  /// The 4096 bytes, with their checksum.
  public func encoded() -> BootStructureBytes {
    var bytes = BootStructureBytes(repeating: 0)
    func put(_ value: UInt64, _ count: Int, at offset: Int, _ bytes: inout BootStructureBytes) {
      for index in 0..<count { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
    }
    put(Self.magic, 8, at: 0, &bytes)
    put(UInt64(Self.version), 4, at: 8, &bytes)
    put(UInt64(node), 1, at: 16, &bytes)
    put(UInt64(nodeCount), 1, at: 17, &bytes)
    put(UInt64(generation), 2, at: 18, &bytes)
    put(memoryBytes, 8, at: 24, &bytes)
    put(UInt64(kernel.address), 4, at: 32, &bytes)
    put(UInt64(kernel.bytes), 4, at: 36, &bytes)
    put(UInt64(ramdisk.address), 4, at: 40, &bytes)
    put(UInt64(ramdisk.bytes), 4, at: 44, &bytes)
    put(UInt64(window.address), 4, at: 48, &bytes)
    put(UInt64(window.bytes), 4, at: 52, &bytes)
    put(UInt64(commandLineCount), 4, at: 56, &bytes)
    for index in 0..<Self.commandLineCapacity { bytes[64 + index] = commandLine[index] }
    for row in 0..<LookupTable.count { put(Self.encodeRow(table[row]), 8, at: 1024 + 8 * row, &bytes) }
    put(UInt64(images.address), 4, at: 3072, &bytes)
    put(UInt64(images.bytes), 4, at: 3076, &bytes)
    put(UInt64(checksum(of: bytes)), 4, at: 12, &bytes)
    return bytes
  }

  /// Reads a structure that somebody else wrote; refuses, or answers one whose lengths fit together.
  public init(decoding bytes: borrowing BootStructureBytes) throws(BootStructureError) {
    self.init()
    guard Self.get(bytes, 0, 8) == Self.magic else { throw .notABootStructure }
    guard Self.get(bytes, 8, 4) == UInt64(Self.version) else { throw .unknownVersion }
    guard Self.get(bytes, 12, 4) == UInt64(checksum(of: bytes)) else { throw .wrongChecksum }
    node = bytes[16]
    nodeCount = bytes[17]
    generation = UInt16(Self.get(bytes, 18, 2))
    memoryBytes = Self.get(bytes, 24, 8)
    kernel = (UInt32(Self.get(bytes, 32, 4)), UInt32(Self.get(bytes, 36, 4)))
    ramdisk = (UInt32(Self.get(bytes, 40, 4)), UInt32(Self.get(bytes, 44, 4)))
    window = (UInt32(Self.get(bytes, 48, 4)), UInt32(Self.get(bytes, 52, 4)))
    commandLineCount = UInt32(Self.get(bytes, 56, 4))
    images = (UInt32(Self.get(bytes, 3072, 4)), UInt32(Self.get(bytes, 3076, 4)))
    guard node < nodeCount, generation != 0, commandLineCount <= Self.commandLineCapacity,
      Self.fits(kernel, in: memoryBytes), Self.fits(ramdisk, in: memoryBytes),
      Self.fits(images, in: memoryBytes),
      UInt64(window.address) + UInt64(window.bytes) <= 1 << 32
    else { throw .inconsistent }
    for index in 0..<Self.commandLineCapacity { commandLine[index] = bytes[64 + index] }
    for row in 0..<LookupTable.count {
      guard let segment = Self.decodeRow(Self.get(bytes, 1024 + 8 * row, 8)) else { throw .inconsistent }
      table[row] = segment
    }
  }

  private static func fits(_ range: (address: UInt32, bytes: UInt32), in memory: UInt64) -> Bool {
    UInt64(range.address) + UInt64(range.bytes) <= memory
  }

  private static func get(_ bytes: borrowing BootStructureBytes, _ offset: Int, _ count: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
    return value
  }
}

extension BootStructure {
  /// Sets the command line; answers false, and changes nothing, if it is too long.
  public mutating func setCommandLine(_ text: Span<UInt8>) -> Bool {
    guard text.count <= Self.commandLineCapacity else { return false }
    commandLine = .init(repeating: 0)
    for index in text.indices { commandLine[index] = text[index] }
    commandLineCount = UInt32(text.count)
    return true
  }
}

/// The checksum of a boot structure, with the bytes of the checksum itself taken as 0.
private func checksum(of bytes: borrowing BootStructureBytes) -> UInt32 {
  var sum = CRC32C()
  for index in 0..<BootStructure.byteCount {
    sum.update(byte: index >= 12 && index < 16 ? 0 : bytes[index])
  }
  return sum.value
}
