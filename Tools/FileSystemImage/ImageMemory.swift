/// Memory for an image or a checker's scratch space, freed with its owner.

import FileSystemFormat

/// A block of memory.
final class ImageMemory {
  let bytes: UnsafeMutableRawBufferPointer

  init(count: Int) {
    bytes = .allocate(byteCount: count, alignment: 4096)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  /// Memory for an image, with the free end that its file may lack.
  convenience init(_ content: [UInt8]) {
    self.init(count: max(content.count, 4096, Self.fullByteCount(of: content)))
    bytes.copyBytes(from: content)
  }

  /// The bytes that an image wants, and 0 if it is none or wants more than 4 GiB.
  static func fullByteCount(of content: [UInt8]) -> Int {
    var content = content
    return content.withUnsafeMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return 0 }
      let count = (try? Superblock.fullByteCount(of: BlockStore(base: base, count: bytes.count))) ?? 0
      return count <= 4 << 30 ? count : 0
    }
  }

  deinit { bytes.deallocate() }

  /// A store over the memory, which must not outlive it.
  func store() -> BlockStore {
    guard let base = bytes.baseAddress else { fatalError("an empty image was made") }
    return BlockStore(base: base, count: bytes.count)
  }
}
