/// The random numbers of a guest.

import GuestInterface

extension GuestDevices {
  /// Fills the guest's buffers with random bytes.
  mutating func giveEntropy<Memory: GuestMemory & ~Copyable, Host: DeviceHost & ~Copyable>(
    _ index: Int, in memory: inout Memory, for host: inout Host
  ) throws(GuestMistake) -> Bool {
    var hasUsed = false
    for _ in 0..<VirtQueue.size {
      guard try take(index, 0, in: memory) else { break }
      let count = min(chain.writableCount, Self.mostEntropy)
      countBytes(count * (Self.bytesPerRandomByte - 1))
      for _ in 0..<count / 4 { chain.put(word: host.random(), in: &memory) }
      for _ in 0..<count % 4 { chain.put(UInt8(truncatingIfNeeded: host.random()), in: &memory) }
      give(index, 0, byteCount: count, in: &memory)
      hasUsed = true
    }
    return hasUsed
  }

  /// The most random bytes of a request; a guest that wants more asks again.
  static var mostEntropy: UInt32 { 4_096 }
  /// What a random byte counts as, in bytes that are only copied.
  private static var bytesPerRandomByte: UInt32 { 16 }
}
