/// A guest with devices, and the machine's side of them.

import GuestFixture
import GuestInterface

@testable import Virtio

/// The machine's side: arrays.
struct FakeHost: DeviceHost, ~Copyable {
  var shown: [UInt8] = []
  var outputEnds = 0
  var input: [UInt8] = []
  var randomWord: UInt32 = 0x0403_0201
  var disk = [UInt8](repeating: 0, count: 16 * 512)
  var frames: [[UInt8]] = []
  var waiting: [[UInt8]] = []
  private var frame: [UInt8] = []
  private var frameSize = 0

  mutating func show(_ byte: UInt8) { shown.append(byte) }
  mutating func endOutput() { outputEnds += 1 }
  mutating func nextInput() -> UInt8? { input.isEmpty ? nil : input.removeFirst() }
  mutating func random() -> UInt32 { randomWord }
  func loadDisk(_ disk: Int, _ offset: UInt32) -> UInt32 {
    precondition(disk == 0 && offset % 4 == 0)
    return (0..<4).reduce(0) { $0 | UInt32(self.disk[Int(offset) + $1]) << (8 * $1) }
  }
  mutating func storeDisk(_ disk: Int, _ offset: UInt32, _ word: UInt32) {
    precondition(disk == 0 && offset % 4 == 0)
    for index in 0..<4 { self.disk[Int(offset) + index] = UInt8(truncatingIfNeeded: word >> (8 * index)) }
  }
  mutating func beginFrame(byteCount: UInt32) {
    precondition((Network.shortestFrame...Network.longestFrame).contains(byteCount))
    (frame, frameSize) = ([], Int(byteCount))
  }
  mutating func putFrame(_ word: UInt32) {
    for index in 0..<4 { frame.append(UInt8(truncatingIfNeeded: word >> (8 * index))) }
  }
  mutating func endFrame() {
    precondition(frame.count == (frameSize + 3) & ~3)
    frames.append(Array(frame.prefix(frameSize)))
  }
  func waitingFrame() -> UInt32? { waiting.first.map { UInt32($0.count) } }
  func frameWord(_ offset: UInt32) -> UInt32 {
    let frame = waiting[0] + [0, 0, 0]
    return (0..<4).reduce(0) { $0 | UInt32(frame[Int(offset) + $1]) << (8 * $1) }
  }
  mutating func dropFrame() { waiting.removeFirst() }
}

/// A buffer as a guest's driver describes it.
struct GuestBuffer {
  var address: UInt32
  var byteCount: UInt32
  var isWritable = false
}

/// A guest of 16 pages with one device of each kind, in the order console, disk, random, network, balloon.
struct Rig: ~Copyable {
  var machine = FakeMachine(ramPages: 16, devicePages: 32)
  var host = FakeHost()
  var devices: GuestDevices
  /// How many buffers each ring was handed.
  private var posted: [UInt32: UInt16] = [:]

  init() {
    devices = GuestDevices(in: machine)
    devices.add(.console, in: &machine)
    devices.add(.block, configuration: 16, in: &machine)
    devices.add(.entropy, in: &machine)
    devices.add(.network, configuration: Network.address(ofGuest: 3), in: &machine)
    devices.add(.balloon, configuration: 5, in: &machine)
  }

  func ring(_ device: Int, _ queue: Int = 0) -> VirtQueue {
    guard let slot = devices.slot(device) else { fatalError("no such device") }
    return slot.queues[queue]
  }

  /// Hands a chain over, in the descriptors from `first` on.
  mutating func post(_ device: Int, _ queue: Int, _ buffers: [GuestBuffer], from first: UInt32 = 0) {
    let ring = ring(device, queue).address
    for (index, buffer) in buffers.enumerated() {
      let place = ring + (first + UInt32(index)) * 16
      machine.store32(buffer.address, place)
      machine.store32(0, place + 4)
      machine.store32(buffer.byteCount, place + 8)
      let isLast = index == buffers.count - 1
      machine.store32(
        (isLast ? 0 : 1) | (buffer.isWritable ? 2 : 0) | (first + UInt32(index) + 1) << 16, place + 12)
    }
    offer(device, queue, first)
  }

  /// Puts the number of a descriptor into the ring of what is available.
  mutating func offer(_ device: Int, _ queue: Int, _ head: UInt32) {
    let ring = ring(device, queue).address
    let count = posted[ring, default: 0]
    let slot = ring + 1024 + 4 + UInt32(count) % 64 * 2
    machine.store8(UInt8(truncatingIfNeeded: head), slot)
    machine.store8(UInt8(truncatingIfNeeded: head >> 8), slot + 1)
    posted[ring] = count &+ 1
    setCount(device, queue, count &+ 1)
  }

  mutating func setCount(_ device: Int, _ queue: Int, _ count: UInt16) {
    let place = ring(device, queue).address + 1024
    machine.store32(machine.load32(place) & 0xFFFF | UInt32(count) << 16, place)
  }

  mutating func serve(_ device: Int, _ queue: Int = 0) -> DeviceOutcome {
    devices.serve(device, queue, in: &machine, for: &host)
  }

  mutating func pump() -> DeviceOutcome { devices.pump(in: &machine, for: &host) }

  /// How many buffers the device has given back, and the last one's bytes.
  func used(_ device: Int, _ queue: Int = 0) -> (count: UInt16, byteCount: UInt32) {
    let ring = ring(device, queue).address + 4096
    let count = UInt16(machine.load32(ring) >> 16)
    return (count, machine.load32(ring + 4 + UInt32(count &- 1) % 64 * 8 + 4))
  }

  mutating func write(_ bytes: [UInt8], _ address: UInt32) {
    for (index, byte) in bytes.enumerated() { machine.store8(byte, address + UInt32(index)) }
  }

  func read(_ address: UInt32, _ count: UInt32) -> [UInt8] {
    (0..<count).map { machine.load8(address + $0) }
  }

  mutating func writeHeader(_ kind: UInt32, sector: UInt64, _ address: UInt32) {
    machine.store32(kind, address)
    machine.store32(0, address + 4)
    machine.store32(UInt32(truncatingIfNeeded: sector), address + 8)
    machine.store32(UInt32(truncatingIfNeeded: sector >> 32), address + 12)
  }
}
