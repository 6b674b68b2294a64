/// The network card of a guest, and the switch between guests.

import GuestInterface

/// Sizes of the network.
public enum Network {
  /// Bytes before each frame in a guest's buffers: what a card could have done for it, which is nothing.
  static var headerSize: UInt32 { 10 }
  /// The shortest frame: two addresses and a type.
  public static var shortestFrame: UInt32 { 14 }
  /// The longest frame, with a tag.
  public static var longestFrame: UInt32 { 1518 }

  /// The address of the card of a guest, its first byte lowest: 02:61:70:75:73 and the guest's number.
  public static func address(ofGuest number: UInt8) -> UInt64 {
    0x0073_7570_6102 | UInt64(number) << 40
  }

  /// Which guests a frame goes to, by bits.
  ///
  /// A frame for a guest's own address goes there alone; one for many, or for an address that no guest has, goes to
  /// all. Never back.
  ///
  /// - Parameters:
  ///   - destination: the first six bytes of the frame, the first lowest.
  ///   - sender: the number of the guest that sends it, below 16.
  ///   - guests: a bit for each guest that has a card.
  public static func receivers(of destination: UInt64, from sender: UInt8, among guests: UInt16) -> UInt16 {
    let others = guests & ~(1 << UInt16(sender & 15))
    let isForMany = destination & 1 != 0
    let number = UInt8(truncatingIfNeeded: destination >> 40)
    guard !isForMany, number < 16, destination == address(ofGuest: number), guests >> UInt16(number) & 1 == 1
    else { return others }
    return others & 1 << UInt16(number)
  }
}

extension GuestDevices {
  /// Hands frames of the guest to the switch; too short and too long ones are dropped.
  mutating func sendFrames<Memory: GuestMemory & ~Copyable, Host: DeviceHost & ~Copyable>(
    _ index: Int, in memory: inout Memory, for host: inout Host
  ) throws(GuestMistake) -> Bool {
    var hasUsed = false
    for _ in 0..<VirtQueue.size {
      guard try take(index, 1, in: memory) else { break }
      let total = chain.readableCount
      if total >= Network.headerSize + Network.shortestFrame,
        total <= Network.headerSize + Network.longestFrame
      {
        send(byteCount: total - Network.headerSize, in: memory, for: &host)
      }
      give(index, 1, byteCount: 0, in: &memory)
      hasUsed = true
    }
    return hasUsed
  }

  private mutating func send<Memory: GuestMemory & ~Copyable, Host: DeviceHost & ~Copyable>(
    byteCount: UInt32, in memory: borrowing Memory, for host: inout Host
  ) {
    for _ in 0..<Network.headerSize { _ = chain.nextByte(in: memory) }
    host.beginFrame(byteCount: byteCount)
    for _ in 0..<byteCount / 4 { host.putFrame(chain.nextWord(in: memory) ?? 0) }
    if byteCount % 4 != 0 {
      var word: UInt32 = 0
      for position in 0..<byteCount % 4 {
        word |= UInt32(chain.nextByte(in: memory) ?? 0) << (position * 8)
      }
      host.putFrame(word)
    }
    host.endFrame()
  }

  /// Gives the guest the frames that wait for it, as long as it has buffers; one that is too small loses its frame.
  mutating func receiveFrames<Memory: GuestMemory & ~Copyable, Host: DeviceHost & ~Copyable>(
    _ index: Int, in memory: inout Memory, for host: inout Host
  ) throws(GuestMistake) -> Bool {
    var hasUsed = false
    for _ in 0..<VirtQueue.size {
      guard let byteCount = host.waitingFrame(), try take(index, 0, in: memory) else { break }
      var written: UInt32 = 0
      if chain.writableCount >= Network.headerSize + byteCount {
        for _ in 0..<Network.headerSize { chain.put(0, in: &memory) }
        for offset in stride(from: 0, to: byteCount & ~3, by: 4) {
          chain.put(word: host.frameWord(offset), in: &memory)
        }
        if byteCount % 4 != 0 {
          let word = host.frameWord(byteCount & ~3)
          for position in 0..<byteCount % 4 {
            chain.put(UInt8(truncatingIfNeeded: word >> (position * 8)), in: &memory)
          }
        }
        written = Network.headerSize + byteCount
      }
      host.dropFrame()
      give(index, 0, byteCount: written, in: &memory)
      hasUsed = true
    }
    return hasUsed
  }
}
