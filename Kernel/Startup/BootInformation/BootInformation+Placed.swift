/// The information of a node that no boot loader started: whoever placed it tells the little there is.

import Base

extension BootInformation {
  /// A node's own memory from address 0, its ramdisk, the images of all nodes and its command line.
  ///
  /// - Parameters:
  ///   - memoryBytes: bytes of memory from address 0, all of it usable.
  ///   - ramdisk: where the ramdisk lies; of no bytes if there is none.
  ///   - images: where the images lie; of no bytes if there are none. They are a module after the ramdisk.
  ///   - commandLine: where the kernel's command line lies.
  ///   - memory: the node's memory.
  public init<Memory: PhysicalMemoryReader>(
    placedWith memoryBytes: UInt64, ramdisk: (start: UInt64, byteCount: UInt64),
    images: (start: UInt64, byteCount: UInt64) = (0, 0), commandLine: (start: UInt64, count: Int),
    memory: Memory
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
    try addModule(ramdisk, "ramdisk.cpio", memoryBytes)
    try addModule(images, "nodes.image", memoryBytes)
  }

  private mutating func addModule(
    _ place: (start: UInt64, byteCount: UInt64), _ name: StaticString, _ memoryBytes: UInt64
  ) throws(BootInformationError) {
    guard place.byteCount > 0 else { return }
    let end = place.start + place.byteCount
    guard end <= memoryBytes else { throw .init(.moduleOutsideMemory, place.start) }
    modules[moduleCount] = BootModule(
      start: PhysicalAddress(place.start), end: PhysicalAddress(end), text: append(name))
    moduleCount += 1
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
