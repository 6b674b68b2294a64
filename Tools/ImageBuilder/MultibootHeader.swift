import HostSupport

/// What boot loaders look for in a kernel file, checked as they would check it.
public struct MultibootHeader: Equatable, Sendable {
  /// Where the Multiboot 1 header starts in the file, in bytes, if there is one.
  public var multiboot1: Int?
  /// Whether it says where the kernel is to be loaded (flag bit 16), which a 64-bit ELF needs.
  public var givesAddresses = false
  /// Where the Multiboot 2 header starts in the file, in bytes, if there is one.
  public var multiboot2: Int?

  /// Looks for both headers.
  ///
  /// Multiboot 1 (0.6.96, 3.1): within the first 8192 bytes, aligned to 4, three words that add up to 0.
  /// Multiboot 2 (2.0, 3.1): within the first 32768 bytes, aligned to 8, four words that add up to 0.
  public init(_ bytes: [UInt8]) {
    let reader = ByteReader(bytes: bytes)
    func words(_ offset: Int, _ count: Int) -> [UInt32] {
      (0..<count).compactMap { reader.load(offset + 4 * $0, as: UInt32.self) }
    }
    for offset in stride(from: 0, to: min(bytes.count, 8192) - 11, by: 4) {
      let header = words(offset, 3)
      guard header.count == 3, header[0] == 0x1BAD_B002, header.reduce(0, &+) == 0 else { continue }
      multiboot1 = offset
      givesAddresses = header[1] & 1 << 16 != 0
      break
    }
    for offset in stride(from: 0, to: min(bytes.count, 32_768) - 15, by: 8) {
      let header = words(offset, 4)
      guard header.count == 4, header[0] == 0xE852_50D6, header.reduce(0, &+) == 0 else { continue }
      guard UInt64(offset) + UInt64(header[2]) <= 32_768 else { continue }
      multiboot2 = offset
      break
    }
  }

  /// Why no loader, or not every loader, could boot a kernel with these headers.
  public func problems(is64Bit: Bool) -> [String] {
    var problems: [String] = []
    if multiboot1 == nil { problems.append("no valid Multiboot 1 header in the first 8192 bytes") }
    if multiboot2 == nil { problems.append("no valid Multiboot 2 header in the first 32768 bytes") }
    if multiboot1 != nil, is64Bit, !givesAddresses {
      problems.append("the Multiboot 1 header of a 64-bit kernel gives no addresses (flag bit 16)")
    }
    return problems
  }
}
