/// The buffers of one request, copied out of a ring and checked.

import GuestInterface

/// Where a guest has bytes for a device, and where it wants some.
///
/// - Invariant: every buffer lies in the guest's memory; those that the device reads come first; their lengths together
///   are at most `mostBytes`.
public struct BufferChain: BitwiseCopyable {
  /// A part of the guest's memory.
  struct Run: BitwiseCopyable {
    var address: UInt32 = 0
    var byteCount: UInt32 = 0
  }

  /// The most bytes of a request: twice as many as Linux puts into one.
  public static var mostBytes: UInt32 { 1 << 20 }

  /// The number of the first descriptor, by which the chain is given back.
  public private(set) var head: UInt32 = 0
  /// Bytes that the device reads.
  public private(set) var readableCount: UInt32 = 0
  /// Bytes that the device writes.
  public private(set) var writableCount: UInt32 = 0

  private var buffers: InlineArray<64, Run> = .init(repeating: Run())
  private var bufferCount = 0
  /// Buffers that the device reads.
  private var readableBuffers = 0
  /// Where the next byte is read: a buffer, and how far into it.
  private var readBuffer = 0
  private var readOffset: UInt32 = 0
  /// Where the next byte is written.
  private var writeBuffer = 0
  private var writeOffset: UInt32 = 0

  /// No buffers.
  public init() {}

  private static var hasNext: UInt32 { 1 }
  private static var isWritable: UInt32 { 2 }
  private static var isIndirect: UInt32 { 4 }

  /// Follows the descriptors of a ring from one on.
  mutating func read<Memory: GuestMemory & ~Copyable>(
    _ first: UInt32, of ring: UInt32, in memory: borrowing Memory
  ) throws(GuestMistake) {
    (head, bufferCount, readableBuffers) = (first, 0, 0)
    (readableCount, writableCount) = (0, 0)
    var index = first
    while true {
      guard index < VirtQueue.size else { throw GuestMistake(.badDescriptor, index) }
      // More descriptors than there are can only be a circle.
      guard bufferCount < Int(VirtQueue.size) else { throw GuestMistake(.descriptorLoop, first) }
      let descriptor = ring + index * 16
      let flagsAndNext = memory.load32(descriptor + 12)
      guard flagsAndNext & Self.isIndirect == 0 else { throw GuestMistake(.badDescriptor, flagsAndNext) }
      try append(
        low: memory.load32(descriptor), high: memory.load32(descriptor + 4),
        byteCount: memory.load32(descriptor + 8), isWritable: flagsAndNext & Self.isWritable != 0, in: memory)
      if flagsAndNext & Self.hasNext == 0 { break }
      index = flagsAndNext >> 16
    }
    (readBuffer, readOffset) = (0, 0)
    (writeBuffer, writeOffset) = (readableBuffers, 0)
  }

  private mutating func append<Memory: GuestMemory & ~Copyable>(
    low: UInt32, high: UInt32, byteCount: UInt32, isWritable: Bool, in memory: borrowing Memory
  ) throws(GuestMistake) {
    guard high == 0, memory.contains(low, byteCount: byteCount) else { throw GuestMistake(.badBuffer, low) }
    guard byteCount <= Self.mostBytes - readableCount - writableCount else {
      throw GuestMistake(.requestTooLong, byteCount)
    }
    if isWritable {
      writableCount += byteCount
    } else {
      guard readableBuffers == bufferCount else { throw GuestMistake(.badBufferOrder, low) }
      readableCount += byteCount
      readableBuffers += 1
    }
    buffers[bufferCount] = Run(address: low, byteCount: byteCount)
    bufferCount += 1
  }

  // MARK: - Bytes

  /// The next byte that the device reads, or `nil` after the last.
  public mutating func nextByte<Memory: GuestMemory & ~Copyable>(in memory: borrowing Memory) -> UInt8? {
    guard let address = nextReadable(1) else { return nil }
    return memory.load8(address)
  }

  /// The next word that the device reads, lowest byte first, or `nil` if fewer than four bytes are left.
  public mutating func nextWord<Memory: GuestMemory & ~Copyable>(in memory: borrowing Memory) -> UInt32? {
    if let address = nextReadable(4) { return memory.load32(address) }
    // A word may lie in two buffers.
    var word: UInt32 = 0
    for index: UInt32 in 0..<4 {
      guard let byte = nextByte(in: memory) else { return nil }
      word |= UInt32(byte) << (index * 8)
    }
    return word
  }

  /// Writes the next byte; says whether there was room.
  @discardableResult
  public mutating func put<Memory: GuestMemory & ~Copyable>(_ byte: UInt8, in memory: inout Memory) -> Bool {
    guard let address = nextWritable(1) else { return false }
    memory.store8(byte, address)
    return true
  }

  /// Writes the next word, lowest byte first; says whether there was room for all of it.
  @discardableResult
  public mutating func put<Memory: GuestMemory & ~Copyable>(word: UInt32, in memory: inout Memory) -> Bool {
    if let address = nextWritable(4) {
      memory.store32(word, address)
      return true
    }
    for index: UInt32 in 0..<4 {
      guard put(UInt8(truncatingIfNeeded: word >> (index * 8)), in: &memory) else { return false }
    }
    return true
  }

  /// Writes the last byte that the device may write, wherever the next one goes.
  ///
  /// - Precondition: there is one.
  public mutating func putLast<Memory: GuestMemory & ~Copyable>(_ byte: UInt8, in memory: inout Memory) {
    var index = bufferCount - 1
    // A guest may put empty buffers behind the one with the byte.
    while index > readableBuffers, buffers[index].byteCount == 0 { index -= 1 }
    memory.store8(byte, buffers[index].address + buffers[index].byteCount - 1)
  }

  /// Whole words that the device reads next and that lie together, `most` bytes at most; `nil` if there is not one.
  mutating func nextReadableRun(upTo most: UInt32) -> Run? {
    guard let address = nextReadable(4) else { return nil }
    let more = min(most - 4, buffers[readBuffer].byteCount - readOffset) & ~3
    readOffset += more
    return Run(address: address, byteCount: more + 4)
  }

  /// The same of words that the device writes.
  mutating func nextWritableRun(upTo most: UInt32) -> Run? {
    guard let address = nextWritable(4) else { return nil }
    let more = min(most - 4, buffers[writeBuffer].byteCount - writeOffset) & ~3
    writeOffset += more
    return Run(address: address, byteCount: more + 4)
  }

  private mutating func nextReadable(_ count: UInt32) -> UInt32? {
    while readBuffer < readableBuffers, readOffset == buffers[readBuffer].byteCount {
      readBuffer += 1
      readOffset = 0
    }
    guard readBuffer < readableBuffers, count <= buffers[readBuffer].byteCount - readOffset else {
      return nil
    }
    defer { readOffset += count }
    return buffers[readBuffer].address + readOffset
  }

  /// Where the next `count` bytes lie together; `nil` if they do not, and nothing has moved but past empty ends.
  private mutating func nextWritable(_ count: UInt32) -> UInt32? {
    while writeBuffer < bufferCount, writeOffset == buffers[writeBuffer].byteCount {
      writeBuffer += 1
      writeOffset = 0
    }
    guard writeBuffer < bufferCount, count <= buffers[writeBuffer].byteCount - writeOffset else { return nil }
    defer { writeOffset += count }
    return buffers[writeBuffer].address + writeOffset
  }
}
