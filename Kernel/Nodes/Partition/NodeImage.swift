/// The images of all nodes of a machine in one file, which a boot loader brings to the first node.
///
///        0  magic "APUSNODE", 8 bytes   8  version   12  nodes
///       64  for each node 32 bytes: offset of its boot structure; offset and bytes of its kernel; offset and bytes of
///           its ramdisk; mode, 32 or 64
///     4096  the page of code with which a node starts a core
///     8192  boot structures, kernels, ramdisks; nodes may share bytes
///
/// All numbers are little-endian words, all offsets multiples of 4096.

import Base

/// Why a file of images was refused.
public enum NodeImageError: Error, BitwiseCopyable, Sendable {
  /// The first bytes are not the magic number.
  case notAnImage
  /// A version that this kernel does not know.
  case unknownVersion
  /// A count or an offset leads outside the file.
  case inconsistent
}

/// What a node is made of, by offset in the file.
public struct NodeParts: BitwiseCopyable, Hashable, Sendable {
  /// Where its boot structure begins.
  public var structure: UInt32
  /// Where its kernel begins, and how long it is.
  public var kernel: (start: UInt32, bytes: UInt32) { (kernelStart, kernelBytes) }
  /// Where its ramdisk begins, and how long it is.
  public var ramdisk: (start: UInt32, bytes: UInt32) { (ramdiskStart, ramdiskBytes) }
  /// Whether its kernel is compiled for long mode.
  public var isWide: Bool
  var kernelStart: UInt32
  var kernelBytes: UInt32
  var ramdiskStart: UInt32
  var ramdiskBytes: UInt32

  /// The parts of a node.
  public init(
    structure: UInt32, kernel: (start: UInt32, bytes: UInt32), ramdisk: (start: UInt32, bytes: UInt32),
    isWide: Bool
  ) {
    self.structure = structure
    (kernelStart, kernelBytes) = kernel
    (ramdiskStart, ramdiskBytes) = ramdisk
    self.isWide = isWide
  }

  /// The eight words of an entry.
  public var words: InlineArray<8, UInt32> {
    [structure, kernelStart, kernelBytes, ramdiskStart, ramdiskBytes, isWide ? 64 : 32, 0, 0]
  }
}

/// A file of images in memory, checked.
public struct NodeImage<Memory: PhysicalMemoryReader> {
  /// The first byte.
  public let address: UInt64
  /// The bytes in the file.
  public let byteCount: UInt64
  private let memory: Memory

  /// Checks a file: every part of every node lies in it.
  public init(at address: UInt64, byteCount: UInt64, memory: Memory) throws(NodeImageError) {
    self.address = address
    self.byteCount = byteCount
    self.memory = memory
    guard byteCount >= UInt64(NodeImageLayout.firstPart), word(0) == NodeImageLayout.magicLow,
      word(4) == NodeImageLayout.magicHigh
    else { throw .notAnImage }
    guard word(8) == NodeImageLayout.version else { throw .unknownVersion }
    guard count > 0, count <= CoreRegisters.mostCores else { throw .inconsistent }
    for node in 0..<count {
      let parts = self[node]
      let mode = word(entry(node) + 20)
      guard mode == 32 || mode == 64, fits((parts.structure, UInt32(BootStructure.byteCount))),
        fits(parts.kernel), fits(parts.ramdisk)
      else { throw .inconsistent }
    }
  }

  /// The nodes in the file.
  public var count: Int { Int(word(12)) }

  /// The parts of a node.
  public subscript(node: Int) -> NodeParts {
    let start = entry(node)
    return NodeParts(
      structure: word(start), kernel: (word(start + 4), word(start + 8)),
      ramdisk: (word(start + 12), word(start + 16)), isWide: word(start + 20) == 64)
  }

  private func entry(_ node: Int) -> Int { NodeImageLayout.entries + node * NodeImageLayout.entryBytes }

  private func fits(_ range: (start: UInt32, bytes: UInt32)) -> Bool {
    range.bytes == 0
      || range.start >= NodeImageLayout.firstPart && range.start & 0xFFF == 0
        && UInt64(range.start) + UInt64(range.bytes) <= byteCount
  }

  private func word(_ offset: Int) -> UInt32 {
    memory.load(at: PhysicalAddress(address + UInt64(offset)), as: UInt32.self) ?? 0
  }
}

/// The numbers of the file's layout.
public enum NodeImageLayout {
  /// "APUS".
  public static var magicLow: UInt32 { 0x5355_5041 }
  /// "NODE".
  public static var magicHigh: UInt32 { 0x4544_4F4E }
  /// The version that this source reads and writes.
  public static var version: UInt32 { 1 }
  /// The offset of the entries.
  public static var entries: Int { 64 }
  /// Bytes of an entry.
  public static var entryBytes: Int { 32 }
  /// The offset of the page of start-up code.
  public static var trampoline: UInt32 { 4096 }
  /// The offset of the first part.
  public static var firstPart: UInt32 { 8192 }
}
