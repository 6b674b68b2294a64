import Base
import FrameAllocator

/// Runs `body` with an allocator for `count` frames from `first` on, and nothing added.
func withAllocator(
  first: UInt32 = 0, count: UInt32, _ body: (inout FrameAllocator) throws -> Void
) rethrows {
  let bytes = FrameTable.byteCount(frames: count)
  let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 16)
  defer { memory.deallocate() }
  // Links must never be read before they are written: garbage makes a mistake visible.
  memory.initializeMemory(as: UInt8.self, repeating: 0xA5, count: bytes)
  var allocator = FrameAllocator(table: FrameTable(memory: memory, frames: count), first: FrameNumber(first))
  try body(&allocator)
}

func run(_ start: UInt32, _ count: UInt32) -> FrameRange {
  FrameRange(start: FrameNumber(start), count: count)
}
