/// libFuzzer entry for what other nodes write: frames, slots, credits, chunk masks, flags of units. Any bytes must lead to
/// messages whose length is right, or to a counted fault; never to a trap, a hang or a byte outside the buffer.
///
/// Byte 0 says how the input is used; the rest is a frame, or what a hostile peer leaves in the window.

// fuzz: -max_len=8192

import Checksum
import Messaging
import RCCE
import Transport
import Window

private let windowBytes = 64 << 10

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMessages(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 2 else { return 0 }
  let bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
  switch start[0] & 3 {
  case 0: decode(bytes, sealed: start[0] & 4 != 0)
  case 1, 2: receive(bytes, valid: start[0] & 4 != 0)
  default: push(bytes)
  }
  return 0
}

private func window(_ memory: UnsafeMutableRawBufferPointer) -> MappedWindow {
  guard let base = memory.baseAddress else { fatalError("a window has bytes") }
  return MappedWindow(base: base, byteCount: UInt32(windowBytes))
}

/// Half of the frames get a right checksum, or none would be looked into.
private func decode(_ bytes: [UInt8], sealed: Bool) {
  var frame = bytes
  if sealed, frame.count >= 20 {
    var sum = CRC32C()
    for byte in frame.dropLast(4) { sum.update(byte: byte) }
    for index in 0..<4 {
      frame[frame.count - 4 + index] = UInt8(truncatingIfNeeded: sum.value >> UInt32(8 * index))
    }
  }
  do throws(MessageFault) {
    let header = try Frame.decode(frame.span.bytes)
    precondition(Int(header.length) + 20 == frame.count && header.generation != 0)
  } catch {}
}

/// A window that the input has filled, with a receiver and a sender at work in it.
private func receive(_ bytes: [UInt8], valid: Bool) {
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: windowBytes, alignment: 64)
  defer { memory.deallocate() }
  memory.initializeMemory(as: UInt8.self, repeating: 0)
  let window = window(memory)
  guard
    let layout = LinkLayout(
      nodeCount: 2, highSlots: 2, normalSlots: 8, chunkCount: 4, chunkBytes: 256, in: UInt32(windowBytes))
  else { fatalError("the fuzzer's own layout does not fit") }
  var sender = LinkSender(from: 0, to: 1, layout: layout, window)
  var receiver = LinkReceiver(from: 0, to: 1, layout: layout, window)
  receiver.service(window)
  let pair = Int(layout.pair(from: 0, to: 1))
  // Messages of a correct sender, then the input over them: at a place of its choice, whole words or every byte.
  var payload = [UInt8](repeating: 7, count: 600)
  for length in [8, 64, 300, 600] {
    _ = sender.send(payload[0..<length].span.bytes, type: 1, window)
  }
  let place = pair + Int(bytes[0]) * 16 % 2048
  for (index, byte) in bytes.dropFirst().enumerated() where place + index < windowBytes {
    if valid, byte & 3 != 0 { continue }
    memory[place + index] = byte
  }
  var target = [UInt8](repeating: 0xEE, count: 66_000)
  for _ in 0..<40 {
    var span = target.mutableSpan
    var all = span.mutableBytes
    var raw = all._mutatingExtracting(0..<65_536)
    if let header = receiver.receive(into: &raw, window) {
      precondition(header.length <= 65_536 && header.from == 0 && header.to == 1)
    }
    _ = sender.send(payload[0..<Int(bytes[0])].span.bytes, type: 2, priority: .high, window)
    sender.service(window)
  }
  precondition(target[65_536...].allSatisfy { $0 == 0xEE }, "a message left its buffer")
  payload[0] = 0
}

private struct Memory: UnitMemory {
  var bytes = [UInt8](repeating: 0xEE, count: 256)
  mutating func read<Window: SharedWindow & ~Copyable>(
    _ address: UInt, count: Int, to offset: UInt32, _ window: borrowing Window
  ) -> Bool { true }
  mutating func write<Window: SharedWindow & ~Copyable>(
    _ address: UInt, count: Int, from offset: UInt32, _ window: borrowing Window
  ) -> Bool {
    precondition(Int(address) + count <= 128, "a part was written past the room for its message")
    return true
  }
}

/// Units whose flags the input writes.
private func push(_ bytes: [UInt8]) {
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: windowBytes, alignment: 64)
  defer { memory.deallocate() }
  memory.initializeMemory(as: UInt8.self, repeating: 0)
  let window = window(memory)
  guard let layout = UnitLayout(start: 0, count: 3, bufferBytes: 64, in: UInt32(windowBytes)),
    let unit = Unit(1, of: layout, session: 1)
  else { fatalError("the fuzzer's own layout does not fit") }
  var requests = Requests()
  var place = Memory()
  _ = try? requests.receive(unit, from: 0, address: 0, count: 100)
  _ = try? requests.receive(unit, from: Requests.any, address: 28, count: 100)
  _ = try? requests.send(unit, to: 2, address: 0, count: 100)
  var index = 0
  while index + 5 <= bytes.count {
    // A word of the flags, as a stamp of the session or as it is.
    let line = 64 * 7 + (Int(bytes[index]) % 18) * 64 + Int(bytes[index] >> 5) % 3 * 4
    var word: UInt32 = 0
    for byte in 1...4 { word = word << 8 | UInt32(bytes[index + byte]) }
    window.store(word & 1 == 0 ? 1 << 16 | word >> 1 & 7 : word >> 1, at: UInt32(line))
    requests.push(unit, &place, dead: UInt64(bytes[index]) >> 6, window)
    index += 5
  }
}
