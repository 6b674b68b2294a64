/// The terminal of a guest.

import GuestInterface

extension GuestDevices {
  /// Gives the guest what was typed; says whether buffers were used.
  mutating func receiveInput<Memory: GuestMemory & ~Copyable, Host: DeviceHost & ~Copyable>(
    _ index: Int, in memory: inout Memory, for host: inout Host
  ) throws(GuestMistake) -> Bool {
    var hasUsed = false
    for _ in 0..<VirtQueue.size {
      // A byte is taken from the host only when there is room for it.
      guard canTake, hasWork(index, 0, in: memory), let first = host.nextInput() else { break }
      guard try take(index, 0, in: memory) else { break }
      var count: UInt32 = 0
      var byte: UInt8? = first
      while let next = byte {
        guard chain.put(next, in: &memory) else { break }
        count += 1
        // Short: what is left over stays with the host.
        byte = count < chain.writableCount ? host.nextInput() : nil
      }
      give(index, 0, byteCount: count, in: &memory)
      hasUsed = true
    }
    return hasUsed
  }

  /// Shows what the guest writes.
  mutating func showOutput<Memory: GuestMemory & ~Copyable, Host: DeviceHost & ~Copyable>(
    _ index: Int, in memory: inout Memory, for host: inout Host
  ) throws(GuestMistake) -> Bool {
    var hasUsed = false
    for _ in 0..<VirtQueue.size {
      guard try take(index, 1, in: memory) else { break }
      guard chain.readableCount <= Self.longestText else {
        throw GuestMistake(.textTooLong, chain.readableCount)
      }
      countBytes(chain.readableCount * (Self.bytesPerShownByte - 1))
      while let byte = chain.nextByte(in: memory) { host.show(byte) }
      give(index, 1, byteCount: 0, in: &memory)
      hasUsed = true
    }
    if hasUsed { host.endOutput() }
    return hasUsed
  }

  /// The most bytes of a request to show; Linux sends sixteen, for a port 32 KiB.
  static var longestText: UInt32 { 32 << 10 }
  /// What showing a byte counts as, in bytes that are only copied.
  private static var bytesPerShownByte: UInt32 { 32 }
}
