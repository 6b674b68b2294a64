/// Multiboot 2: a total size, then tags of a type, a size and a content, each on a multiple of 8, the last of
/// type 0.
///
/// ```
///   +0 total_size   +4 reserved   +8 type  +12 size  +16 ...   (up to 8)  type  size  ...  0  8
/// ```
///
/// Source: Multiboot Specification 2.0, 3.6.

import Base

extension BootInformation {
  /// The tags that are understood; all others are skipped.
  private enum Tag {
    static let end: UInt32 = 0
    static let commandLine: UInt32 = 1
    static let loaderName: UInt32 = 2
    static let module: UInt32 = 3
    static let memory: UInt32 = 4
    static let memoryMap: UInt32 = 6
    static let framebuffer: UInt32 = 8
    static let rootPointer: UInt32 = 14
    static let extendedRootPointer: UInt32 = 15
  }

  /// The most bytes of tags that are walked; GRUB makes a few KiB, mostly ELF section headers.
  private static var totalLimit: UInt32 { 1 << 20 }

  mutating func decodeMultiboot2<Memory: PhysicalMemoryReader>(
    at address: UInt64, memory: Memory
  ) throws(BootInformationError) {
    guard address & 7 == 0 else { throw .init(.badAddress, address) }
    let total: UInt32 = try loadInformation(address, memory: memory)
    guard total >= 16, total <= Self.totalLimit else { throw .init(.badTotalSize, UInt64(total)) }
    let end = address + UInt64(total)
    informationRange = MemoryRange(start: address, end: end, kind: .bootData)

    // The sizes of lower and upper memory count only if no map is there, and the map may come later.
    var lower: UInt32 = 0
    var upper: UInt32 = 0
    var seen: UInt32 = 0
    var tag = address + 8
    while true {
      guard tag < end, end - tag >= 8 else { throw .init(.missingEndTag, tag) }
      let type: UInt32 = try loadInformation(tag, memory: memory)
      let size: UInt32 = try loadInformation(tag + 4, memory: memory)
      guard size >= 8, UInt64(size) <= end - tag else { throw .init(.badTagSize, tag) }
      if type == Tag.end { break }
      if type != Tag.module, type < 32 {
        guard seen & 1 << type == 0 || !Self.isUnderstood(type) else {
          throw .init(.repeatedTag, UInt64(type))
        }
        seen |= 1 << type
      }
      if type == Tag.memory {
        guard size >= 16 else { throw .init(.badTagSize, tag) }
        lower = try loadInformation(tag + 8, memory: memory)
        upper = try loadInformation(tag + 12, memory: memory)
      } else {
        try decodeTag(type, at: tag, size: UInt64(size), memory: memory)
      }
      tag += (UInt64(size) + 7) & ~7
    }
    if seen & 1 << Tag.memoryMap == 0 {
      guard seen & 1 << Tag.memory != 0 else { throw .init(.noMemoryInformation, UInt64(seen)) }
      try claimMemory(lowerKiB: lower, upperKiB: upper)
    }
  }

  private static func isUnderstood(_ type: UInt32) -> Bool {
    switch type {
    case Tag.commandLine, Tag.loaderName, Tag.memory, Tag.memoryMap, Tag.framebuffer, Tag.rootPointer,
      Tag.extendedRootPointer:
      true
    default: false
    }
  }

  private mutating func decodeTag<Memory: PhysicalMemoryReader>(
    _ type: UInt32, at tag: UInt64, size: UInt64, memory: Memory
  ) throws(BootInformationError) {
    switch type {
    case Tag.commandLine:
      commandLineText = try texts.append(
        at: tag + 8, before: tag + size, limit: Self.commandLineCapacity, tooLong: .commandLineTooLong,
        memory: memory)
    case Tag.loaderName:
      loaderNameText = try texts.append(
        at: tag + 8, before: tag + size, limit: Self.textCapacity, tooLong: .textTooLong, memory: memory)
    case Tag.module:
      guard size >= 17 else { throw .init(.badTagSize, tag) }
      let text = try texts.append(
        at: tag + 16, before: tag + size, limit: Self.textCapacity, tooLong: .textTooLong, memory: memory)
      try appendModule(
        start: loadInformation(tag + 8, memory: memory), end: loadInformation(tag + 12, memory: memory),
        text: text)
    case Tag.memoryMap:
      try decodeMap2(at: tag, size: size, memory: memory)
    case Tag.framebuffer:
      guard size >= 32 else { throw .init(.badTagSize, tag) }
      framebuffer = try Framebuffer(
        address: loadInformation(tag + 8, memory: memory), pitch: loadInformation(tag + 16, memory: memory),
        width: loadInformation(tag + 20, memory: memory), height: loadInformation(tag + 24, memory: memory),
        bitsPerPixel: loadInformation(tag + 28, memory: memory),
        kind: loadInformation(tag + 29, memory: memory))
    case Tag.rootPointer, Tag.extendedRootPointer:
      let isExtended = type == Tag.extendedRootPointer
      guard size >= (isExtended ? 8 + 36 : 8 + 20) else { throw .init(.badRootPointer, tag) }
      // Both may be there; the newer one says more, whichever comes first.
      if isExtended || rootPointer == nil {
        rootPointer = RootPointerCopy(
          address: PhysicalAddress(tag + 8), byteCount: UInt32(size - 8), isExtended: isExtended)
      }
    default:
      break
    }
  }

  /// A size and a version of entries, then entries: base and length of 64 bits, a type, a reserved word.
  private mutating func decodeMap2<Memory: PhysicalMemoryReader>(
    at tag: UInt64, size: UInt64, memory: Memory
  ) throws(BootInformationError) {
    guard size >= 16 else { throw .init(.badTagSize, tag) }
    let entrySize: UInt32 = try loadInformation(tag + 8, memory: memory)
    let version: UInt32 = try loadInformation(tag + 12, memory: memory)
    guard version == 0 else { throw .init(.unknownMemoryMapVersion, UInt64(version)) }
    guard entrySize >= 24, entrySize & 7 == 0 else { throw .init(.badMemoryMapEntry, tag + 8) }
    let end = tag + size
    var entry = tag + 16
    while entry < end {
      guard end - entry >= UInt64(entrySize) else { throw .init(.badMemoryMapEntry, entry) }
      try claim(
        base: loadInformation(entry, memory: memory), length: loadInformation(entry + 8, memory: memory),
        kind: MemoryKind(loaderType: loadInformation(entry + 16, memory: memory)))
      entry += UInt64(entrySize)
    }
  }
}
