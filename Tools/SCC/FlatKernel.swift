import HostSupport
import ImageBuilder

/// A linked kernel as it lies in memory, without headers: what `objcopy -O binary` makes.
public struct FlatKernel: Sendable {
  /// The address of the first byte.
  public let address: UInt64
  /// Text, constants and data.
  public let bytes: [UInt8]
  /// The bytes in memory, with those that begin as zeros.
  public let memoryBytes: UInt64
  /// Whether it is compiled for long mode.
  public let isWide: Bool

  /// A kernel whose bytes are known.
  public init(address: UInt64, bytes: [UInt8], isWide: Bool) {
    self.address = address
    self.bytes = bytes
    memoryBytes = UInt64(bytes.count)
    self.isWide = isWide
  }

  /// Lays the segments of a kernel out.
  ///
  /// - Throws: `ToolError` if it has none, or they overlap.
  public init(_ file: ELFFile) throws {
    let segments = file.segments.filter { $0.isLoaded && $0.memorySize > 0 }
      .sorted { $0.physicalAddress < $1.physicalAddress }
    guard let first = segments.first else { throw ToolError("\(file.name): nothing in it is loaded") }
    var bytes: [UInt8] = []
    var end = first.physicalAddress
    for segment in segments {
      guard segment.physicalAddress >= end, segment.physicalAddress - first.physicalAddress < 1 << 30 else {
        throw ToolError(
          "\(file.name): the segment at \(SCC.address(segment.physicalAddress)) overlaps another")
      }
      let start = Int(segment.physicalAddress - first.physicalAddress)
      if segment.fileSize > 0 {
        bytes += Array(repeating: 0, count: start - bytes.count)
        bytes += file.bytes[Int(segment.offset)..<Int(segment.offset + segment.fileSize)]
      }
      end = segment.physicalAddress + segment.memorySize
    }
    address = first.physicalAddress
    self.bytes = bytes
    memoryBytes = end - first.physicalAddress
    isWide = file.is64Bit
  }
}
