import Messaging
import Window

/// A window in the test's own memory.
final class HostWindow {
  private let memory: UnsafeMutableRawBufferPointer
  let window: MappedWindow

  init(byteCount: Int) {
    memory = .allocate(byteCount: byteCount, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    guard let base = memory.baseAddress else { fatalError("a test's window has no bytes") }
    // SAFETY: the buffer lives as long as this object, which tests hold to their end.
    window = unsafe MappedWindow(base: base, byteCount: UInt32(byteCount))
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

/// A layout that a test knows to fit its window.
func fits(_ layout: LinkLayout?) -> LinkLayout {
  guard let layout else { fatalError("the test's own layout does not fit") }
  return layout
}
