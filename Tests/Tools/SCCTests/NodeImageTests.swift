import Base
import ImageBuilder
import Partition
import SCC
import Testing

private struct Bytes: PhysicalMemoryReader {
  var bytes: [UInt8]
  func byte(at address: PhysicalAddress) -> UInt8? {
    address.rawValue < UInt64(bytes.count) ? bytes[Int(address.rawValue)] : nil
  }
}

private func sample() throws -> [UInt8] {
  let machine = try MachineDescription(text: "start = \"loader\"\n[[node]]\ncount = 3\n", file: "x.toml")
  let kernel = FlatKernel(
    address: 0x10_0000, bytes: (0..<5000).map { UInt8(truncatingIfNeeded: $0 * 7) }, isWide: false)
  let placements = try machine.nodes.map {
    try Placement(node: $0, of: machine, kernel: kernel, ramdisk: [UInt8($0.number), 2, 3])
  }
  return NodeImageFile(placements, trampoline: [0xEA, 1, 2]).bytes
}

@Test func theKernelFindsWhatTheToolPacked() throws {
  let bytes = try sample()
  let image = try NodeImage(at: 0, byteCount: UInt64(bytes.count), memory: Bytes(bytes: bytes))
  #expect(image.count == 3)
  for node in 0..<3 {
    let parts = image[node]
    #expect(!parts.isWide)
    #expect(parts.kernel.bytes == 5000)
    // One kernel for all of them.
    #expect(parts.kernel.start == image[0].kernel.start)
    #expect(bytes[Int(parts.ramdisk.start)] == UInt8(node))
    let structure = try PlacedStructure(at: UInt64(parts.structure), memory: Bytes(bytes: bytes))
    #expect(structure.node == UInt8(node))
  }
  #expect(bytes[4096] == 0xEA)
}

/// Whether the kernel takes a file; a failing expectation must not print its bytes.
private func isTaken(_ bytes: [UInt8], count: Int? = nil) -> Bool {
  (try? NodeImage(at: 0, byteCount: UInt64(count ?? bytes.count), memory: Bytes(bytes: bytes))) != nil
}

@Test func aFileThatLiesIsRefused() throws {
  let bytes = try sample()
  #expect(isTaken(bytes))
  // The last part is three bytes at the beginning of the last page.
  for count in stride(from: 0, to: bytes.count - 4096, by: 1000) {
    let isRefused = !isTaken(Array(bytes.prefix(count)))
    #expect(isRefused, "\(count) bytes")
  }
  for (offset, value) in [(0, 0), (8, 9), (12, 0), (12, 200), (64, 1), (67, 0xFF), (71, 0xFF), (84, 16)] {
    var broken = bytes
    broken[offset] = UInt8(value)
    let isRefused = !isTaken(broken)
    #expect(isRefused, "byte \(offset)")
  }
}
