import ACPI
import Base

/// A machine's first MiB and more, with tables written by the book.
struct Firmware: PhysicalMemoryReader {
  var bytes = [UInt8](repeating: 0, count: 0x12_0000)
  var rootPointer = 0xF0000
  /// Lengths of tables by address, for their checksums.
  var lengths: [Int: Int] = [:]

  func byte(at address: PhysicalAddress) -> UInt8? {
    address.rawValue < UInt64(bytes.count) ? bytes[Int(address.rawValue)] : nil
  }

  mutating func put(_ value: UInt64, size: Int, at offset: Int) {
    for index in 0..<size { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
  }

  mutating func put(_ text: String, at offset: Int) {
    for (index, byte) in text.utf8.enumerated() { bytes[offset + index] = byte }
  }

  mutating func seal(_ offset: Int, _ count: Int, at place: Int) {
    bytes[offset + place] = 0
    let sum = bytes[offset..<offset + count].reduce(0, &+)
    bytes[offset + place] = 0 &- sum
  }

  mutating func addTable(_ signature: String, at offset: Int, revision: UInt8 = 4, _ content: [UInt8]) {
    put(signature, at: offset)
    put(UInt64(36 + content.count), size: 4, at: offset + 4)
    bytes[offset + 8] = revision
    for (index, byte) in content.enumerated() { bytes[offset + 36 + index] = byte }
    seal(offset, 36 + content.count, at: 9)
  }

  mutating func addRoot(_ tables: [Int], isExtended: Bool = true) {
    let size = isExtended ? 8 : 4
    let content = tables.flatMap { table in
      (0..<size).map { UInt8(truncatingIfNeeded: UInt64(table) >> UInt64(8 * $0)) }
    }
    addTable(isExtended ? "XSDT" : "RSDT", at: 0x10_0000, content)
    put("RSD PTR ", at: rootPointer)
    bytes[rootPointer + 15] = isExtended ? 2 : 0
    put(isExtended ? 0 : 0x10_0000, size: 4, at: rootPointer + 16)
    put(36, size: 4, at: rootPointer + 20)
    put(isExtended ? 0x10_0000 : 0, size: 8, at: rootPointer + 24)
    sealRootPointer()
  }

  mutating func sealRootPointer() {
    seal(rootPointer, 20, at: 8)
    seal(rootPointer, 36, at: 32)
  }

  /// What QEMU's machine has, with a few things more.
  static let entries: [[UInt8]] = [
    [0, 8, 0, 0, 1, 0, 0, 0],
    [0, 8, 1, 1, 1, 0, 0, 0],
    [0, 8, 2, 2, 0, 0, 0, 0],
    [0, 8, 3, 3, 2, 0, 0, 0],
    [9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0],
    [1, 12, 0, 0, 0, 0, 0xC0, 0xFE, 0, 0, 0, 0],
    [2, 10, 0, 0, 2, 0, 0, 0, 0, 0],
    [2, 10, 0, 9, 9, 0, 0, 0, 0xF, 0],
    [4, 6, 0xFF, 0, 0, 1],
    [3, 8, 0xD, 0, 23, 0, 0, 0],
    [0x7F, 3, 9],
  ]

  static func madt(_ entries: [[UInt8]], local: [UInt8] = [0, 0, 0xE0, 0xFE]) -> [UInt8] {
    local + [1, 0, 0, 0] + entries.flatMap { $0 }
  }

  static var fadt: [UInt8] {
    var content = [UInt8](repeating: 0, count: 244 - 36)
    (content[76 - 36], content[77 - 36], content[91 - 36]) = (0x08, 0x06, 4)
    (content[109 - 36], content[113 - 36]) = (3, 1 | 4)
    (content[116 - 36], content[117 - 36]) = (1, 8)
    (content[120 - 36], content[121 - 36], content[128 - 36]) = (0xF9, 0x0C, 0x0F)
    return content
  }

  static func machine(
    _ entries: [[UInt8]] = entries, fadt: [UInt8] = fadt, isExtended: Bool = true,
    _ change: (inout Self) -> Void = { _ in }
  ) -> Self {
    var firmware = Self()
    firmware.addTable("APIC", at: 0x11_0000, madt(entries))
    firmware.addTable("FACP", at: 0x11_8000, fadt)
    firmware.addRoot([0x11_8000, 0x11_0000], isExtended: isExtended)
    change(&firmware)
    return firmware
  }

  func topology() throws(ACPIError) -> InterruptTopology {
    try InterruptTopology(try FirmwareTables(try RootPointer(searching: self), in: self))
  }

  func description() throws(ACPIError) -> FixedDescription {
    try FixedDescription(try FirmwareTables(try RootPointer(searching: self), in: self))
  }
}
