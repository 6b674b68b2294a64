import RCCE
import Window

/// A window in the test's own memory.
final class UnitWindow {
  private let memory: UnsafeMutableRawBufferPointer
  let window: MappedWindow

  init(byteCount: Int = 64 << 10) {
    memory = .allocate(byteCount: byteCount, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    guard let base = memory.baseAddress else { fatalError("a test's window has no bytes") }
    // SAFETY: the buffer lives as long as this object, which tests hold to their end.
    window = unsafe MappedWindow(base: base, byteCount: UInt32(byteCount))
  }

  deinit { memory.deallocate() }
}

/// A unit's memory: an array, in which an address is an index and what lies outside can't be reached.
struct ArrayMemory: UnitMemory, Hashable {
  var bytes: [UInt8]

  mutating func read<Window: SharedWindow & ~Copyable>(
    _ address: UInt, count: Int, to offset: UInt32, _ window: borrowing Window
  ) -> Bool {
    guard Int(address) + count <= bytes.count else { return false }
    window.write(bytes.span.bytes, from: Int(address), to: Int(address) + count, at: offset)
    return true
  }

  mutating func write<Window: SharedWindow & ~Copyable>(
    _ address: UInt, count: Int, from offset: UInt32, _ window: borrowing Window
  ) -> Bool {
    guard Int(address) + count <= bytes.count else { return false }
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    window.read(into: &raw, from: Int(address), to: Int(address) + count, at: offset)
    return true
  }
}

/// A unit with its requests and memory.
struct Actor {
  var unit: Unit
  var requests = Requests()
  var memory: ArrayMemory

  mutating func push(_ window: MappedWindow, dead: UInt64 = 0) {
    requests.push(unit, &memory, dead: dead, window)
  }
}

/// Units of one session.
func actors(_ count: Int, _ layout: UnitLayout, session: UInt16 = 1, bytes: Int = 4096) -> [Actor] {
  (0..<count).compactMap { number in
    Unit(UInt8(number), of: layout, session: session).map {
      Actor(unit: $0, memory: ArrayMemory(bytes: Array(repeating: 0, count: bytes)))
    }
  }
}

/// A layout that a test knows to fit.
func layout(_ count: UInt32, bufferBytes: UInt32 = 64) -> UnitLayout {
  guard let layout = UnitLayout(start: 0, count: count, bufferBytes: bufferBytes, in: 64 << 10) else {
    fatalError("the test's own layout does not fit")
  }
  return layout
}
