/// A guest's kernel as a file, and where its parts go.

import GuestInterface

/// What a guest is started from.
public struct GuestImage: ~Escapable {
  private let bytes: Span<UInt8>

  /// Looks at a file.
  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>) { self.bytes = bytes }

  private static var bzImageStart: UInt32 { 0x10_0000 }

  /// Copies the kernel into a guest's memory, which is all zeros, and returns where it begins.
  ///
  /// An ELF file (vmlinux) goes to the physical addresses of its segments and begins at its entry; a bzImage goes to
  /// 1 MiB without its real-mode part and begins where its header says. Nothing is written beyond RAM.
  public func load<Memory: GuestMemory & ~Copyable>(into memory: inout Memory) throws(GuestImageError)
    -> UInt32
  {
    guard bytes.count >= 52 else { throw .init(.truncated, UInt64(bytes.count)) }
    if word(0) == 0x464C_457F { return try loadELF(into: &memory) }
    if bytes.count >= 0x264, word(0x202) == 0x5372_6448 { return try loadBzImage(into: &memory) }
    throw .init(.unknownFormat, UInt64(word(0)))
  }

  /// Checks, without a guest, that the file is one that `load` would take apart.
  public func check() throws(GuestImageError) {
    guard bytes.count >= 52 else { throw .init(.truncated, UInt64(bytes.count)) }
    if word(0) == 0x464C_457F { return try checkELF() }
    guard bytes.count >= 0x264, word(0x202) == 0x5372_6448 else {
      throw .init(.unknownFormat, UInt64(word(0)))
    }
  }

  private func checkELF() throws(GuestImageError) {
    let kind = half(16)
    let machine = half(18)
    guard bytes[4] == 1, bytes[5] == 1, kind == 2, machine == 3 else {
      throw .init(.notExecutableForI386, UInt64(machine))
    }
  }

  private func loadELF<Memory: GuestMemory & ~Copyable>(into memory: inout Memory) throws(GuestImageError)
    -> UInt32
  {
    try checkELF()
    let headers = word(28)
    let size = half(42)
    let count = half(44)
    guard size == 32, UInt64(headers) + UInt64(count) * 32 <= UInt64(bytes.count) else {
      throw .init(.badProgramHeaders, UInt64(headers))
    }
    var loaded = 0
    for index in 0..<UInt32(count) {
      let header = Int(headers + index * 32)
      guard word(header) == 1 else { continue }  // to be loaded
      let (offset, address) = (word(header + 4), word(header + 12))
      let (fileSize, memorySize) = (word(header + 16), word(header + 20))
      guard UInt64(offset) + UInt64(fileSize) <= UInt64(bytes.count) else {
        throw .init(.segmentOutsideFile, UInt64(offset))
      }
      guard UInt64(address) + UInt64(max(fileSize, memorySize)) <= UInt64(memory.ramSize) else {
        throw .init(.segmentOutsideMemory, UInt64(address))
      }
      copy(Int(offset), count: fileSize, to: address, in: &memory)
      loaded += 1
    }
    guard loaded > 0 else { throw .init(.noSegments, UInt64(count)) }
    let entry = word(24)
    guard entry < memory.ramSize else { throw .init(.entryOutsideMemory, UInt64(entry)) }
    return entry
  }

  private func loadBzImage<Memory: GuestMemory & ~Copyable>(
    into memory: inout Memory
  ) throws(GuestImageError) -> UInt32 {
    let sectors = bytes[0x1F1] == 0 ? 4 : Int(bytes[0x1F1])
    let start = (sectors + 1) * 512
    guard start < bytes.count else { throw .init(.setupTooLong, UInt64(sectors)) }
    let count = UInt64(bytes.count - start)
    guard UInt64(Self.bzImageStart) + count <= UInt64(memory.ramSize) else {
      throw .init(.segmentOutsideMemory, UInt64(Self.bzImageStart))
    }
    copy(start, count: UInt32(truncatingIfNeeded: count), to: Self.bzImageStart, in: &memory)
    let entry = word(0x214)
    guard entry < memory.ramSize else { throw .init(.entryOutsideMemory, UInt64(entry)) }
    return entry
  }

  private func half(_ offset: Int) -> UInt16 { UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8 }

  private func word(_ offset: Int) -> UInt32 { UInt32(half(offset)) | UInt32(half(offset + 2)) << 16 }

  private func copy<Memory: GuestMemory & ~Copyable>(
    _ offset: Int, count: UInt32, to address: UInt32, in memory: inout Memory
  ) {
    GuestBytes.copy(bytes.extracting(offset..<offset + Int(count)), to: address, in: &memory)
  }
}

/// Copies into a guest's memory.
public enum GuestBytes {
  /// Copies bytes to an address; all of them must fit below `size`.
  public static func copy<Memory: GuestMemory & ~Copyable>(
    _ bytes: Span<UInt8>, to address: UInt32, in memory: inout Memory
  ) {
    let whole = bytes.count & ~3
    for index in stride(from: 0, to: whole, by: 4) {
      let word =
        UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16
        | UInt32(bytes[index + 3]) << 24
      memory.store32(word, address + UInt32(index))
    }
    for index in whole..<bytes.count { memory.store8(bytes[index], address + UInt32(index)) }
  }
}
