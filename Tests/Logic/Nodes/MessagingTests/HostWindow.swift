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

/// A layout that a test knows to fit its window.
func fits(_ layout: LinkLayout?) -> LinkLayout {
  guard let layout else { fatalError("the test's own layout does not fit") }
  return layout
}
