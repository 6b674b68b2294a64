/// libFuzzer entry for the boot information: any bytes, decoded by both protocols, must lead to a value whose
/// memory map is sorted and disjoint, or to a refusal; never to a trap or a hang.
///
/// Byte 0 picks the protocol; the rest is memory from 0x1000 on, with nothing around it.

import Base
import BootInformation

private struct FuzzMemory: PhysicalMemoryReader {
  let content: UnsafeBufferPointer<UInt8>

  func byte(at address: PhysicalAddress) -> UInt8? {
    guard address.rawValue >= 0x1000, address.rawValue - 0x1000 < UInt64(content.count) else { return nil }
    return content[Int(address.rawValue - 0x1000)]
  }
}

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBootInformation(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 1 else { return 0 }
  let memory = FuzzMemory(content: UnsafeBufferPointer(start: start + 1, count: count - 1))
  let magic: UInt32 = start[0] & 1 == 0 ? 0x2BAD_B002 : 0x36D7_6289
  do throws(BootInformationError) {
    var information = try BootInformation(magic: magic, address: PhysicalAddress(0x1000), memory: memory)
    check(information.memoryMap)
    try information.claimBootData()
    check(information.memoryMap)
    precondition(information.commandLine().count <= BootInformation.commandLineCapacity)
  } catch {
    precondition(error.reason.sentence.utf8CodeUnitCount > 0)
  }
  return 0
}

private func check(_ map: borrowing MemoryMap) {
  for index in 0..<map.count {
    precondition(map[index].start < map[index].end)
    precondition(index == 0 || map[index - 1].end <= map[index].start)
  }
}
