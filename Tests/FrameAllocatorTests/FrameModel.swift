import Base
import FrameAllocator

/// SplitMix64, so that a printed seed repeats a failure.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

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
