/// Where requests of the kernel's own units read and write.

import RCCE
import Window

/// A kernel thread's memory, as requests see it: addresses are the thread's own.
struct ThreadMemory: UnitMemory {
  mutating func read<Window: SharedWindow & ~Copyable>(
    _ address: UInt, count: Int, to offset: UInt32, _ window: borrowing Window
  ) -> Bool {
    guard let place = unsafe UnsafeRawPointer(bitPattern: address) else { return false }
    // SAFETY: kernel threads post requests for memory of their own, which stays until the request is over.
    window.write(unsafe RawSpan(_unsafeStart: place, byteCount: count), from: 0, to: count, at: offset)
    return true
  }

  mutating func write<Window: SharedWindow & ~Copyable>(
    _ address: UInt, count: Int, from offset: UInt32, _ window: borrowing Window
  ) -> Bool {
    guard let place = unsafe UnsafeMutableRawPointer(bitPattern: address) else { return false }
    // SAFETY: as for `read`.
    var span = unsafe MutableRawSpan(_unsafeStart: place, byteCount: count)
    window.read(into: &span, from: 0, to: count, at: offset)
    return true
  }
}
