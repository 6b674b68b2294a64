/// Memory of the kernel's heap for as long as a call needs it.

import Base
import Runtime

/// Places in the heap that are given back at the end of a scope.
@safe public struct HeapBytes: ~Copyable {
  private let start: UnsafeMutableRawPointer
  /// The bytes.
  public let count: Int

  /// Takes memory of the kernel's heap; `nil` if it can't have as much.
  public init?(_ count: Int) {
    guard let address = KernelHeap.tryAllocate(count),
      let start = unsafe UnsafeMutableRawPointer(bitPattern: address.rawValue)
    else { return nil }
    unsafe self.start = start
    self.count = count
  }

  deinit { KernelHeap.free(VirtualAddress(unsafe UInt(bitPattern: start))) }

  /// The first address.
  public var address: UnsafeMutableRawPointer { unsafe start }

  /// The bytes to read.
  public var bytes: Span<UInt8> {
    @_lifetime(borrow self) get {
      // SAFETY: the memory is this value's own while it lives.
      let span = unsafe Span<UInt8>(
        _unsafeStart: UnsafePointer(start.assumingMemoryBound(to: UInt8.self)), count: count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The bytes to write.
  public var mutableBytes: MutableSpan<UInt8> {
    @_lifetime(&self) mutating get {
      // SAFETY: as above.
      let span = unsafe MutableSpan<UInt8>(
        _unsafeStart: start.assumingMemoryBound(to: UInt8.self), count: count)
      return unsafe _overrideLifetime(span, mutating: &self)
    }
  }
}
