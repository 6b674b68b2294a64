/// Memory for an image or a checker's scratch space, freed with its owner.

import FileSystemFormat

/// A block of memory.
final class ImageMemory {
  let bytes: UnsafeMutableRawBufferPointer

  init(count: Int) {
    bytes = .allocate(byteCount: count, alignment: 4096)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  convenience init(_ content: [UInt8]) {
    self.init(count: max(content.count, 4096))
    bytes.copyBytes(from: content)
  }

  deinit { bytes.deallocate() }

  /// A store over the memory, which must not outlive it.
  func store() -> BlockStore {
    guard let base = bytes.baseAddress else { fatalError("an empty image was made") }
    return BlockStore(base: base, count: bytes.count)
  }
}
