import Streams

/// A pool whose memory stays until the tests end, because a pool does not keep its maker alive.
func makePool(_ count: Int) -> PagePool {
  let memory = UnsafeMutableRawPointer.allocate(byteCount: count * 4096, alignment: 4096)
  memory.initializeMemory(as: UInt8.self, repeating: 0xA5, count: count * 4096)
  return PagePool(base: memory, count: count)
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
