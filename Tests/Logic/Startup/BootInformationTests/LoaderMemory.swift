import Base
import BootInformation

/// Physical memory with loader structures in it; everything that was not written reads as absent.
struct LoaderMemory: PhysicalMemoryReader {
  var bytes: [UInt64: UInt8] = [:]

  func byte(at address: PhysicalAddress) -> UInt8? { bytes[address.rawValue] }

  mutating func put<Value: FixedWidthInteger>(_ value: Value, at address: UInt64) {
    for index in 0..<(Value.bitWidth / 8) {
      bytes[address + UInt64(index)] = UInt8(truncatingIfNeeded: value >> Value(8 * index))
    }
  }

  mutating func put(_ text: String, at address: UInt64) {
    for (index, byte) in text.utf8.enumerated() { bytes[address + UInt64(index)] = byte }
    bytes[address + UInt64(text.utf8.count)] = 0
  }
}

let multiboot1Magic: UInt32 = 0x2BAD_B002
let multiboot2Magic: UInt32 = 0x36D7_6289

/// A Multiboot 1 structure at 0x9500, as QEMU places it, with its lists behind it.
struct Loader1 {
  static let info: UInt64 = 0x9500
  var memory = LoaderMemory()
  var flags: UInt32 = 0

  init() {
    for offset in stride(from: UInt64(0), to: 116, by: 4) { memory.put(UInt32(0), at: Self.info + offset) }
  }

  mutating func setFlags(_ bits: UInt32) {
    flags |= bits
    memory.put(flags, at: Self.info)
  }

  mutating func map(_ entries: [(UInt64, UInt64, UInt32)], at start: UInt64 = 0x9000) {
    setFlags(1 << 6)
    memory.put(UInt32(24 * entries.count), at: Self.info + 44)
    memory.put(UInt32(start), at: Self.info + 48)
    for (index, entry) in entries.enumerated() {
      let place = start + UInt64(24 * index)
      memory.put(UInt32(20), at: place)
      memory.put(entry.0, at: place + 4)
      memory.put(entry.1, at: place + 12)
      memory.put(entry.2, at: place + 20)
    }
  }

  mutating func modules(_ list: [(UInt32, UInt32, String?)], at table: UInt64 = 0xA000) {
    setFlags(1 << 3)
    memory.put(UInt32(list.count), at: Self.info + 20)
    memory.put(UInt32(table), at: Self.info + 24)
    for (index, module) in list.enumerated() {
      let place = table + UInt64(16 * index)
      memory.put(module.0, at: place)
      memory.put(module.1, at: place + 4)
      memory.put(UInt32(0), at: place + 8)
      memory.put(UInt32(0), at: place + 12)
      if let text = module.2 {
        let address = 0xB000 + UInt64(0x400 * index)
        memory.put(text, at: address)
        memory.put(UInt32(address), at: place + 8)
      }
    }
  }

  mutating func text(_ text: String, flag: UInt32, field: UInt64, at address: UInt64) {
    setFlags(flag)
    memory.put(text, at: address)
    memory.put(UInt32(address), at: Self.info + field)
  }

  mutating func framebuffer(
    _ address: UInt64, pitch: UInt32, width: UInt32, height: UInt32, bits: UInt8, kind: UInt8
  ) {
    setFlags(1 << 12)
    memory.put(address, at: Self.info + 88)
    memory.put(pitch, at: Self.info + 96)
    memory.put(width, at: Self.info + 100)
    memory.put(height, at: Self.info + 104)
    memory.put(bits, at: Self.info + 108)
    memory.put(kind, at: Self.info + 109)
  }

  /// A loader as QEMU behaves with 128 MiB: map, command line, name.
  static func ordinary() -> Loader1 {
    var loader = Loader1()
    loader.map([
      (0, 0x9FC00, 1), (0x9FC00, 0x400, 2), (0xF0000, 0x10000, 2), (0x10_0000, 0x7EE_0000, 1),
      (0x7FE_0000, 0x2_0000, 2), (0xFFFC_0000, 0x4_0000, 2), (0xFD_0000_0000, 0x3_0000_0000, 2),
    ])
    loader.text("/k/kernel.elf log=debug", flag: 1 << 2, field: 16, at: 0x8000)
    loader.text("qemu", flag: 1 << 9, field: 64, at: 0x8800)
    return loader
  }
}

/// A Multiboot 2 structure under construction.
struct Loader2 {
  static let info: UInt64 = 0x10_0000
  var bytes: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
  var totalOverride: UInt32?

  static func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    (0..<(Value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> Value(8 * $0)) }
  }

  mutating func tag(_ type: UInt32, _ content: [UInt8], size: UInt32? = nil) {
    bytes += Self.little(type) + Self.little(size ?? UInt32(8 + content.count)) + content
    while bytes.count % 8 != 0 { bytes.append(0) }
  }

  mutating func map(_ entries: [(UInt64, UInt64, UInt32)], entrySize: UInt32 = 24, version: UInt32 = 0) {
    var content = Self.little(entrySize) + Self.little(version)
    for entry in entries {
      content += Self.little(entry.0) + Self.little(entry.1) + Self.little(entry.2) + Self.little(UInt32(0))
    }
    tag(6, content)
  }

  mutating func module(_ start: UInt32, _ end: UInt32, _ text: String) {
    tag(3, Self.little(start) + Self.little(end) + Array(text.utf8) + [0])
  }

  mutating func framebuffer(
    _ address: UInt64, pitch: UInt32, width: UInt32, height: UInt32, bits: UInt8, kind: UInt8
  ) {
    tag(
      8,
      Self.little(address) + Self.little(pitch) + Self.little(width) + Self.little(height)
        + [bits, kind, 0, 0])
  }

  mutating func end() { tag(0, []) }

  var memory: LoaderMemory {
    var memory = LoaderMemory()
    for (index, byte) in bytes.enumerated() { memory.bytes[Self.info + UInt64(index)] = byte }
    memory.put(totalOverride ?? UInt32(bytes.count), at: Self.info)
    return memory
  }

  /// A loader as GRUB behaves, without the end tag.
  static func ordinary() -> Loader2 {
    var loader = Loader2()
    loader.tag(1, Array("log=debug".utf8) + [0])
    loader.tag(2, Array("GRUB 2.06".utf8) + [0])
    loader.map([(0, 0x9FC00, 1), (0x9FC00, 0x400, 2), (0x10_0000, 0x7EE_0000, 1)])
    return loader
  }
}

/// What decoding led to, as a copyable value for comparisons.
func refusal(
  magic: UInt32, address: UInt64, _ memory: LoaderMemory
) -> BootInformationError? {
  do throws(BootInformationError) {
    _ = try BootInformation(magic: magic, address: PhysicalAddress(address), memory: memory)
    return nil
  } catch {
    return error
  }
}

func string(_ bytes: Span<UInt8>) -> String {
  var array: [UInt8] = []
  for index in bytes.indices { array.append(bytes[index]) }
  return String(decoding: array, as: UTF8.self)
}
