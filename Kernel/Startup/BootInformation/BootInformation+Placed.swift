/// The information of a node that no boot loader started: whoever placed it tells the little there is.

import Base

extension BootInformation {
  /// A node's own memory from address 0, its ramdisk and its command line.
  ///
  /// - Parameters:
  ///   - memoryBytes: bytes of memory from address 0, all of it usable.
  ///   - ramdisk: where the ramdisk lies; of no bytes if there is none.
  ///   - commandLine: where the kernel's command line lies.
  ///   - memory: the node's memory.
  public init<Memory: PhysicalMemoryReader>(
    placedWith memoryBytes: UInt64, ramdisk: (start: UInt64, byteCount: UInt64),
    commandLine: (start: UInt64, count: Int), memory: Memory
  ) throws(BootInformationError) {
    self.init()
    bootProtocol = .placed
    try claim(base: 0, length: memoryBytes, kind: .usable)
    loaderNameText = append("the start-up code")
    guard commandLine.count <= Self.commandLineCapacity else {
      throw .init(.commandLineTooLong, UInt64(commandLine.count))
    }
    let start = texts.used
    for index in 0..<commandLine.count {
      texts.bytes[texts.used] = try loadInformation(
        commandLine.start + UInt64(index), as: UInt8.self, memory: memory)
      texts.used += 1
    }
    commandLineText = BootText(offset: UInt16(start), length: UInt16(commandLine.count))
    guard ramdisk.byteCount > 0 else { return }
    let end = ramdisk.start + ramdisk.byteCount
    guard end <= memoryBytes else { throw .init(.moduleOutsideMemory, ramdisk.start) }
    modules[0] = BootModule(
      start: PhysicalAddress(ramdisk.start), end: PhysicalAddress(end), text: append("ramdisk.cpio"))
    moduleCount = 1
  }

  /// Keeps a text of this source; there is always room for the few that there are.
  private mutating func append(_ text: StaticString) -> BootText {
    let start = texts.used
    for index in 0..<text.utf8CodeUnitCount {
      // SAFETY: the index is below the literal's own count.
      texts.bytes[start + index] = unsafe text.utf8Start[index]
    }
    texts.used += text.utf8CodeUnitCount
    return BootText(offset: UInt16(start), length: UInt16(text.utf8CodeUnitCount))
  }
}
