import Base
import Testing

private struct Bytes: PhysicalMemoryReader {
  var base: UInt64
  var content: [UInt8]

  func byte(at address: PhysicalAddress) -> UInt8? {
    guard address.rawValue >= base, address.rawValue - base < UInt64(content.count) else { return nil }
    return content[Int(address.rawValue - base)]
  }
}

@Test func loadsAreLittleEndianAndNeedNoAlignment() {
  let memory = Bytes(base: 1, content: [0x78, 0x56, 0x34, 0x12])
  #expect(memory.load(at: PhysicalAddress(1), as: UInt32.self) == 0x1234_5678)
}

@Test func aLoadThatLeavesMemoryIsRefused() {
  let memory = Bytes(base: 0, content: [1, 2, 3])
  #expect(memory.load(at: PhysicalAddress(0), as: UInt32.self) == nil)
}

@Test func aLoadThatWrapsAroundIsRefused() {
  let memory = Bytes(base: .max - 1, content: [1, 2])
  #expect(memory.load(at: PhysicalAddress(.max), as: UInt16.self) == nil)
}
