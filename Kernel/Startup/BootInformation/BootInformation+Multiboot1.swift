/// Multiboot 1: one structure of fixed size whose flags say which fields are valid, with pointers to the rest.
///
/// ```
///   +0  flags          +44 mmap_length    +88  framebuffer_addr (64 bits)
///   +4  mem_lower KiB  +48 mmap_addr      +96  framebuffer_pitch
///   +8  mem_upper KiB  +64 loader name    +100 framebuffer_width
///   +16 cmdline                           +104 framebuffer_height
///   +20 mods_count                        +108 framebuffer_bpp (8 bits)
///   +24 mods_addr                         +109 framebuffer_type (8 bits)
/// ```
///
/// Source: Multiboot Specification 0.6.96, 3.3.

import Base

extension BootInformation {
  /// The flags of the structure, named for what they vouch for.
  private enum Flag {
    static let memory: UInt32 = 1 << 0
    static let commandLine: UInt32 = 1 << 2
    static let modules: UInt32 = 1 << 3
    static let aoutSymbols: UInt32 = 1 << 4
    static let elfSections: UInt32 = 1 << 5
    static let memoryMap: UInt32 = 1 << 6
    static let loaderName: UInt32 = 1 << 9
    static let framebuffer: UInt32 = 1 << 12
  }

  private static var structureSize: UInt64 { 116 }

  mutating func decodeMultiboot1<Memory: PhysicalMemoryReader>(
    at address: UInt64, memory: Memory
  ) throws(BootInformationError) {
    informationRange = MemoryRange(start: address, end: address + Self.structureSize, kind: .bootData)
    let flags: UInt32 = try loadInformation(address, memory: memory)
    // 3.3: bits 4 and 5 are mutually exclusive.
    let symbols = Flag.aoutSymbols | Flag.elfSections
    guard flags & symbols != symbols else { throw .init(.contradictoryFlags, UInt64(flags)) }

    if flags & Flag.memoryMap != 0 {
      let length: UInt32 = try loadInformation(address + 44, memory: memory)
      let start: UInt32 = try loadInformation(address + 48, memory: memory)
      try decodeMap1(at: UInt64(start), length: UInt64(length), memory: memory)
    } else if flags & Flag.memory != 0 {
      let lower: UInt32 = try loadInformation(address + 4, memory: memory)
      let upper: UInt32 = try loadInformation(address + 8, memory: memory)
      try claimMemory(lowerKiB: lower, upperKiB: upper)
    } else {
      throw .init(.noMemoryInformation, UInt64(flags))
    }
    if flags & Flag.commandLine != 0 {
      commandLineText = try text1(
        pointer: address + 16, limit: Self.commandLineCapacity, tooLong: .commandLineTooLong, memory: memory)
    }
    if flags & Flag.loaderName != 0 {
      loaderNameText = try text1(
        pointer: address + 64, limit: Self.textCapacity, tooLong: .textTooLong, memory: memory)
    }
    if flags & Flag.modules != 0 { try decodeModules1(at: address, memory: memory) }
    if flags & Flag.framebuffer != 0 {
      framebuffer = try Framebuffer(
        address: loadInformation(address + 88, memory: memory),
        pitch: loadInformation(address + 96, memory: memory),
        width: loadInformation(address + 100, memory: memory),
        height: loadInformation(address + 104, memory: memory),
        bitsPerPixel: loadInformation(address + 108, memory: memory),
        kind: loadInformation(address + 109, memory: memory))
    }
  }

  /// Entries of variable size: a 32-bit size that does not count itself, base and length of 64 bits, a type.
  private mutating func decodeMap1<Memory: PhysicalMemoryReader>(
    at start: UInt64, length: UInt64, memory: Memory
  ) throws(BootInformationError) {
    let end = start + length
    var entry = start
    while entry < end {
      guard end - entry >= 24 else { throw .init(.badMemoryMapEntry, entry) }
      let size: UInt32 = try loadInformation(entry, memory: memory)
      guard size >= 20, UInt64(size) + 4 <= end - entry else { throw .init(.badMemoryMapEntry, entry) }
      try claim(
        base: loadInformation(entry + 4, memory: memory), length: loadInformation(entry + 12, memory: memory),
        kind: MemoryKind(loaderType: loadInformation(entry + 20, memory: memory)))
      entry += UInt64(size) + 4
    }
  }

  private mutating func decodeModules1<Memory: PhysicalMemoryReader>(
    at address: UInt64, memory: Memory
  ) throws(BootInformationError) {
    let count: UInt32 = try loadInformation(address + 20, memory: memory)
    let table: UInt32 = try loadInformation(address + 24, memory: memory)
    guard count <= Self.moduleCapacity else { throw .init(.tooManyModules, UInt64(count)) }
    for index in 0..<UInt64(count) {
      let entry = UInt64(table) + 16 * index
      let start: UInt32 = try loadInformation(entry, memory: memory)
      let end: UInt32 = try loadInformation(entry + 4, memory: memory)
      let text: UInt32 = try loadInformation(entry + 8, memory: memory)
      // A module without a text may have the address 0 here; the specification does not demand one.
      var copied = BootText.empty
      if text != 0 {
        copied = try text1(
          pointer: entry + 8, limit: Self.textCapacity, tooLong: .textTooLong, memory: memory)
      }
      try appendModule(start: start, end: end, text: copied)
    }
  }

  private mutating func text1<Memory: PhysicalMemoryReader>(
    pointer: UInt64, limit: Int, tooLong: BootInformationError.Reason, memory: Memory
  ) throws(BootInformationError) -> BootText {
    let address: UInt32 = try loadInformation(pointer, memory: memory)
    guard address != 0 else { throw .init(.textAtZero, 0) }
    return try texts.append(
      at: UInt64(address), before: UInt64(UInt32.max) + 1, limit: limit, tooLong: tooLong, memory: memory)
  }
}
