import Streams

/// A pool whose memory stays until the tests end, because a pool does not keep its maker alive.
func makePool(_ count: Int) -> PagePool {
  let memory = UnsafeMutableRawPointer.allocate(byteCount: count * 4096, alignment: 4096)
  memory.initializeMemory(as: UInt8.self, repeating: 0xA5, count: count * 4096)
  return PagePool(base: memory, count: count)
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A small generator whose sequence is fixed by its seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
