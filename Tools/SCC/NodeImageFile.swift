import HostSupport
import Partition

/// The images of all nodes in the one file that a boot loader brings to the first node; see
/// `Kernel/Nodes/Partition/NodeImage.swift`.
public struct NodeImageFile: Sendable {
  /// The file's bytes.
  public let bytes: [UInt8]

  /// Packs nodes that have been placed; those with the same kernel or ramdisk share its bytes.
  public init(_ placements: [Placement], trampoline: [UInt8]) {
    var parts: [UInt8] = []
    var known: [[UInt8]: UInt32] = [:]
    func add(_ content: [UInt8]) -> UInt32 {
      if let offset = known[content] { return offset }
      let offset = NodeImageLayout.firstPart + UInt32(parts.count)
      known[content] = offset
      parts += content
      parts += Array(repeating: 0, count: (4096 - parts.count % 4096) % 4096)
      return offset
    }
    var header = littleEndian(NodeImageLayout.magicLow) + littleEndian(NodeImageLayout.magicHigh)
    header += littleEndian(NodeImageLayout.version) + littleEndian(UInt32(placements.count))
    header += Array(repeating: 0, count: NodeImageLayout.entries - header.count)
    for placement in placements {
      func part(_ name: String) -> (UInt32, UInt32) {
        guard let found = placement.parts.first(where: { $0.name == name }), !found.bytes.isEmpty else {
          return (0, 0)
        }
        return (add(found.bytes), UInt32(found.bytes.count))
      }
      let entry = NodeParts(
        structure: part("boot structure").0, kernel: part("kernel"), ramdisk: part("ramdisk"),
        isWide: placement.node.architecture == .x86_64)
      let words = entry.words
      header += words.indices.flatMap { littleEndian(words[$0]) }
    }
    header += Array(repeating: 0, count: Int(NodeImageLayout.trampoline) - header.count)
    let code = trampoline + Array(repeating: 0, count: 4096 - trampoline.count)
    bytes = header + code + parts
  }
}
