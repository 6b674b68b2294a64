/// A ring through which a guest hands buffers to a device.
///
///     0        descriptors: address 8, length 4, flags 2, next 2
///     16 n     available: flags 2, count 2, n numbers of descriptors   the guest writes
///     4096     used: flags 2, count 2, n times number 4, length 4      the host writes
///
/// (virtio 1.0, 2.4, in the legacy form of 2.4.2 with an alignment of 4,096 bytes.) The guest can write all of it at any
/// time. So every word is read once into a local, checked and only then used; and no guest can make the host go around
/// for longer than the ring has entries.

import GuestInterface

/// The host's side of a ring.
public struct VirtQueue: BitwiseCopyable, Sendable {
  /// Entries of every ring: a power of two, and as many buffers as the largest request may have.
  public static var size: UInt32 { 64 }
  /// Pages of a ring.
  public static var pageCount: UInt32 { 2 }

  /// Where it lies, guest-physical; the start of a page above the guest's RAM.
  public let address: UInt32
  /// The interrupt line by which the guest hears that buffers were used.
  public let line: UInt32
  /// The guest's count as far as the host has followed it.
  private var taken: UInt16 = 0
  /// The host's count.
  private var used: UInt16 = 0

  /// A ring that nobody has used.
  public init(address: UInt32, line: UInt32) {
    self.address = address
    self.line = line
  }

  private var available: UInt32 { address + 16 * Self.size }
  private var usedRing: UInt32 { address + 4096 }

  /// Forgets everything, in the guest's memory too.
  public mutating func reset<Memory: GuestMemory & ~Copyable>(in memory: inout Memory) {
    for offset in stride(from: address, to: address + Self.pageCount * 4096, by: 4) {
      memory.store32(0, offset)
    }
    taken = 0
    used = 0
  }

  /// Whether the guest has handed over a buffer that was not taken yet.
  public func hasWork<Memory: GuestMemory & ~Copyable>(in memory: borrowing Memory) -> Bool {
    UInt16(truncatingIfNeeded: memory.load32(available) >> 16) != taken
  }

  /// Takes the next buffers into `chain`.
  ///
  /// - Returns: whether there were any.
  /// - Throws: what is wrong with the ring or its entries.
  public mutating func take<Memory: GuestMemory & ~Copyable>(
    _ chain: inout BufferChain, in memory: borrowing Memory
  ) throws(GuestMistake) -> Bool {
    let count = UInt16(truncatingIfNeeded: memory.load32(available) >> 16)
    let waiting = count &- taken
    guard waiting != 0 else { return false }
    guard UInt32(waiting) <= Self.size else { throw GuestMistake(.ringOverrun, UInt32(count)) }
    let slot = UInt32(taken) % Self.size
    // Two entries share a word, the lower one first.
    let pair = memory.load32(available + 4 + (slot & ~1) * 2)
    let head = slot & 1 == 0 ? pair & 0xFFFF : pair >> 16
    try chain.read(head, of: address, in: memory)
    taken &+= 1
    return true
  }

  /// Gives buffers back.
  ///
  /// - Parameters:
  ///   - chain: what was taken.
  ///   - byteCount: the bytes that were written into it.
  public mutating func give<Memory: GuestMemory & ~Copyable>(
    _ chain: borrowing BufferChain, byteCount: UInt32, in memory: inout Memory
  ) {
    let element = usedRing + 4 + UInt32(used) % Self.size * 8
    memory.store32(chain.head, element)
    memory.store32(byteCount, element + 4)
    used &+= 1
    // The flags stay 0: the host always wants to hear of new buffers. The count comes last.
    memory.store32(UInt32(used) << 16, usedRing)
  }

  /// Whether the guest wants an interrupt for used buffers.
  public func wantsInterrupt<Memory: GuestMemory & ~Copyable>(in memory: borrowing Memory) -> Bool {
    memory.load32(available) & 1 == 0
  }
}
