/// What a guest's memory holds when it begins.

import GuestInterface

extension BootParameters {
  /// Puts a ramdisk and a command line into a guest's memory and describes them to its kernel.
  ///
  /// The ramdisk lies at the top of RAM, as high as a page allows.
  public static func prepare<Memory: GuestMemory & ~Copyable>(
    ramdisk: Span<UInt8>, commandLine: Span<UInt8>, in memory: inout Memory
  ) throws(GuestImageError) {
    guard commandLine.count < Int(commandLineLimit) else {
      throw .init(.commandLineTooLong, UInt64(commandLine.count))
    }
    let pages = (UInt64(ramdisk.count) + 0xFFF) & ~0xFFF
    // A kernel needs room too: it lies from 1 MiB on, and its own loader checks that.
    guard pages + 0x10_0000 <= UInt64(memory.ramSize) else {
      throw .init(.ramdiskTooLarge, UInt64(ramdisk.count))
    }
    GuestBytes.copy(commandLine, to: Self.commandLine, in: &memory)
    if ramdisk.isEmpty {
      write(ramdisk: nil, in: &memory)
    } else {
      let start = memory.ramSize - UInt32(truncatingIfNeeded: pages)
      GuestBytes.copy(ramdisk, to: start, in: &memory)
      write(ramdisk: (start, UInt32(truncatingIfNeeded: ramdisk.count)), in: &memory)
    }
  }

  /// Adds a word and a number to a command line that is there already.
  ///
  /// - Parameter count: bytes of the command line so far.
  public static func append<Memory: GuestMemory & ~Copyable>(
    _ word: StaticString, _ number: UInt32, toCommandLineOf count: Int, in memory: inout Memory
  ) throws(GuestImageError) {
    var place = commandLine + UInt32(count)
    guard count + word.utf8CodeUnitCount + 11 < Int(commandLineLimit) else {
      throw .init(.commandLineTooLong, UInt64(count))
    }
    for index in 0..<word.utf8CodeUnitCount {
      // SAFETY: the index is below the number of bytes of the static text.
      memory.store8(unsafe word.utf8Start[index], place)
      place += 1
    }
    var divisor: UInt32 = 1
    while number / divisor > 9 { divisor *= 10 }
    while divisor > 0 {
      memory.store8(UInt8(0x30 + number / divisor % 10), place)
      place += 1
      divisor /= 10
    }
  }
}
