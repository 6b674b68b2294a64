import Window

/// A window in the test's own memory.
final class HostWindow {
  private let memory: UnsafeMutableRawBufferPointer
  let window: MappedWindow

  init(byteCount: Int) {
    memory = .allocate(byteCount: byteCount, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    // SAFETY: the buffer lives as long as this object, which tests hold to their end.
    window = unsafe MappedWindow(base: memory.baseAddress!, byteCount: UInt32(byteCount))
  }

  deinit { memory.deallocate() }
}

/// A generator whose seed is printed with each failure.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
