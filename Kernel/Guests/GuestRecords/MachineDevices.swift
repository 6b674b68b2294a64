/// The machine's side of a guest's devices.

import Arch
import CMachine
import Randomness
import Runtime
import Virtio

/// Our console, the disks in memory, random numbers, and the switch between guests.
package struct MachineDevices: DeviceHost {
  private let record: GuestReference

  /// The devices of a guest.
  package init(record: GuestReference) { self.record = record }

  package func show(_ byte: UInt8) { record.show(byte) }
  package func endOutput() { record.endOutput() }

  package func nextInput() -> UInt8? {
    cpu_cli()
    defer { cpu_sti() }
    return record.fields.input.removeFirst()
  }

  package func random() -> UInt32 { record.fields.random.next { cpu_rdtsc() } }

  // MARK: - Disks

  package func loadDisk(_ disk: Int, _ offset: UInt32) -> UInt32 {
    cpu_load32(record.fields.disks[disk].start + UInt(offset))
  }

  package func storeDisk(_ disk: Int, _ offset: UInt32, _ word: UInt32) {
    cpu_store32(record.fields.disks[disk].start + UInt(offset), word)
  }

  // MARK: - Network

  package func beginFrame(byteCount: UInt32) { record.fields.card.begin(byteCount: byteCount) }
  package func putFrame(_ word: UInt32) { record.fields.card.put(word) }

  package func endFrame() {
    guard let guests = GuestTableReference() else { return }
    var present: UInt16 = 0
    for number in 1...UInt32(guests.table.count) where guests.guest(number)?.fields.state == .running {
      present |= 1 << UInt16(number)
    }
    let receivers = Network.receivers(
      of: record.fields.card.destination, from: UInt8(record.fields.number), among: present)
    for number in 1...UInt32(guests.table.count) where receivers >> UInt16(number) & 1 == 1 {
      guard let other = guests.guest(number) else { continue }
      // Another guest's thread may be delivering there too.
      cpu_cli()
      other.fields.card.receive(from: record.fields.card)
      cpu_sti()
      other.poke()
    }
  }

  package func waitingFrame() -> UInt32? { record.fields.card.waitingFrame }
  package func frameWord(_ offset: UInt32) -> UInt32 { record.fields.card.word(offset) }

  package func dropFrame() {
    cpu_cli()
    record.fields.card.drop()
    cpu_sti()
  }
}
