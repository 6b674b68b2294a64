/// The memory that holds a file system image, and the only place where the file system touches memory.
///
/// The kernel gives its ramdisk, a host tool or a test an allocation; both work in place, without a copy. It is a
/// structure and not a protocol because every store is memory: a generic parameter on each operation would buy
/// nothing and cost the host's debug builds their speed. All numbers are little-endian and need no alignment.
///
/// Callers check what they read out of an image before they use it as an offset; the bounds checked here are the
/// second fence, and to reach it is a broken invariant.

/// A region of memory, read and written by byte offset.
@safe
public struct BlockStore: ~Copyable {
  /// The first byte.
  private let base: UnsafeMutableRawPointer

  /// The number of bytes.
  public let byteCount: Int

  /// Makes a store of a memory region.
  ///
  /// - Safety: the `count` bytes at `base` stay readable and writable, and nobody else writes them, for as long
  ///   as the store lives.
  @unsafe
  public init(base: UnsafeMutableRawPointer, count: Int) {
    precondition(count >= 0, "a block store has a negative size")
    unsafe self.base = base
    byteCount = count
  }

  /// The address of the first byte, to say where the image lies.
  public var address: UInt { unsafe UInt(bitPattern: base) }

  /// All bytes, to be read while nobody writes.
  public var bytes: Span<UInt8> {
    @_lifetime(borrow self) get {
      // SAFETY: the maker of the store vouches for the region, and the span lives no longer than the store.
      let span = unsafe Span<UInt8>(_unsafeStart: base.assumingMemoryBound(to: UInt8.self), count: byteCount)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// A second store of the same memory, for a reader that keeps it; it must not outlive this one.
  public var alias: BlockStore { unsafe BlockStore(base: base, count: byteCount) }

  @inline(__always)
  private func check(_ offset: Int, _ count: Int) {
    precondition(
      offset >= 0 && count >= 0 && count <= byteCount && offset <= byteCount - count,
      "the file system left its block store")
  }

  // MARK: - Numbers

  /// The number whose first byte is at `offset`.
  @inline(__always)
  public func load<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type = Value.self, at offset: Int
  ) -> Value {
    check(offset, MemoryLayout<Value>.size)
    // SAFETY: the bytes were just checked to lie inside the region, which the maker of the store vouches for.
    return Value(littleEndian: unsafe base.loadUnaligned(fromByteOffset: offset, as: Value.self))
  }

  /// The 32-bit number whose first byte is at `offset`, for loops that have checked where they look.
  ///
  /// - Safety: four bytes at `offset` lie inside the store.
  @unsafe @inline(__always)
  public func uncheckedWord(at offset: Int) -> UInt32 {
    // SAFETY: the caller has checked the place.
    UInt32(littleEndian: unsafe base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  /// Writes a number at `offset`.
  @inline(__always)
  public mutating func store<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at offset: Int) {
    check(offset, MemoryLayout<Value>.size)
    // SAFETY: the bytes were just checked to lie inside the region, which the maker of the store vouches for.
    unsafe base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
  }

  // MARK: - Runs of bytes

  /// Copies bytes out, into `destination` from `start` on.
  public func copy(
    from offset: Int, count: Int, into destination: inout MutableSpan<UInt8>, at start: Int
  ) {
    check(offset, count)
    precondition(start >= 0 && count <= destination.count && start <= destination.count - count)
    guard count > 0 else { return }
    // SAFETY: source and destination were both checked above, and a store does not overlap a caller's span.
    unsafe destination.withUnsafeMutableBytes { bytes in
      unsafe bytes.baseAddress?.advanced(by: start).copyMemory(from: base + offset, byteCount: count)
    }
  }

  /// Copies the `count` bytes of `source` from `start` on in.
  public mutating func copy(_ source: Span<UInt8>, from start: Int, count: Int, to offset: Int) {
    check(offset, count)
    precondition(start >= 0 && count <= source.count && start <= source.count - count)
    guard count > 0 else { return }
    // SAFETY: source and destination were both checked above, and a store does not overlap a caller's span.
    unsafe source.withUnsafeBytes { bytes in
      guard let address = bytes.baseAddress else { return }
      unsafe (base + offset).copyMemory(from: address + start, byteCount: count)
    }
  }

  /// Fills bytes with `value`.
  public mutating func fill(_ offset: Int, count: Int, with value: UInt8 = 0) {
    check(offset, count)
    // SAFETY: the bytes were just checked to lie inside the region.
    unsafe (base + offset).initializeMemory(as: UInt8.self, repeating: value, count: count)
  }

  /// Whether the bytes at `offset` equal `name`.
  public func equals(_ name: Span<UInt8>, at offset: Int) -> Bool {
    check(offset, name.count)
    for index in name.indices {
      // SAFETY: the bytes were just checked to lie inside the region, and the index is below their count.
      if unsafe base.load(fromByteOffset: offset + index, as: UInt8.self) != name[index] { return false }
    }
    return true
  }

  /// Whether all bytes in a range are zero.
  public func isZero(_ offset: Int, count: Int) -> Bool {
    check(offset, count)
    for index in 0..<count {
      // SAFETY: the bytes were just checked to lie inside the region, and the index is below their count.
      if unsafe base.load(fromByteOffset: offset + index, as: UInt8.self) != 0 { return false }
    }
    return true
  }
}
