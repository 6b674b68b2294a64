/// The disks of a guest.

import GuestInterface

/// What a request to a disk came to (virtio 1.0, 5.2.6).
enum DiskStatus: UInt8 {
  case done = 0
  case failed = 1
  case unsupported = 2
}

extension GuestDevices {
  /// Bytes of a sector, whatever the guest thinks of blocks.
  public static var sectorSize: UInt32 { 512 }

  /// Serves requests: a header of 16 bytes, data in one direction, a byte for the status.
  mutating func serveDisk<Memory: GuestMemory & ~Copyable, Host: DeviceHost & ~Copyable>(
    _ index: Int, in memory: inout Memory, for host: inout Host
  ) throws(GuestMistake) -> Bool {
    var hasUsed = false
    for _ in 0..<VirtQueue.size {
      guard try take(index, 0, in: memory) else { break }
      guard chain.readableCount >= 16, chain.writableCount >= 1, let kind = chain.nextWord(in: memory),
        chain.nextWord(in: memory) != nil, let low = chain.nextWord(in: memory),
        let high = chain.nextWord(in: memory)
      else { throw GuestMistake(.badDiskRequest, chain.readableCount) }
      let sector = UInt64(high) << 32 | UInt64(low)
      let (status, count) = perform(kind, sector, disk: index, in: &memory, for: &host)
      chain.putLast(status.rawValue, in: &memory)
      give(index, 0, byteCount: count + 1, in: &memory)
      hasUsed = true
    }
    return hasUsed
  }

  /// Carries a request out; returns the status and the bytes that were written into the guest.
  private mutating func perform<Memory: GuestMemory & ~Copyable, Host: DeviceHost & ~Copyable>(
    _ kind: UInt32, _ sector: UInt64, disk index: Int, in memory: inout Memory, for host: inout Host
  ) -> (DiskStatus, UInt32) {
    switch kind {
    case 0:
      let count = chain.writableCount - 1
      guard let offset = offset(sector, count, index) else { return (.failed, 0) }
      var place = offset
      while place < offset + count {
        // Words that lie together in the guest, so that its buffers are looked at once for all of them.
        if let run = chain.nextWritableRun(upTo: offset + count - place) {
          for step in stride(from: 0, to: run.byteCount, by: 4) {
            memory.store32(host.loadDisk(disks[index], place &+ step), run.address &+ step)
          }
          place += run.byteCount
        } else {
          chain.put(word: host.loadDisk(disks[index], place), in: &memory)
          place += 4
        }
      }
      return (.done, count)
    case 1:
      let count = chain.readableCount - 16
      guard let offset = offset(sector, count, index) else { return (.failed, 0) }
      var place = offset
      while place < offset + count {
        if let run = chain.nextReadableRun(upTo: offset + count - place) {
          for step in stride(from: 0, to: run.byteCount, by: 4) {
            host.storeDisk(disks[index], place &+ step, memory.load32(run.address &+ step))
          }
          place += run.byteCount
        } else {
          guard let word = chain.nextWord(in: memory) else { return (.failed, 0) }
          host.storeDisk(disks[index], place, word)
          place += 4
        }
      }
      return (.done, 0)
    case 4:
      // Flush: what was written before is on the disk already, which is memory.
      return (.done, 0)
    case 8:
      // The disk's name: 20 bytes.
      guard chain.writableCount >= 21 else { return (.failed, 0) }
      chain.put(word: 0x7375_7061, in: &memory)  // "apus"
      for _ in 0..<4 { chain.put(word: 0, in: &memory) }
      return (.done, 20)
    default: return (.unsupported, 0)
    }
  }

  /// Where a run of sectors begins on the disk, in bytes; `nil` if it is not whole sectors of the disk.
  private func offset(_ sector: UInt64, _ byteCount: UInt32, _ index: Int) -> UInt32? {
    guard byteCount.isMultiple(of: Self.sectorSize), sector <= UInt64(sectors[index]),
      UInt64(byteCount / Self.sectorSize) <= UInt64(sectors[index]) - sector
    else { return nil }
    return UInt32(truncatingIfNeeded: sector) * Self.sectorSize
  }
}
