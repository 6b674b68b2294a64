/// What a guest's loader leaves for it at guest-physical address 0.

/// Offsets in Linux's `boot_params`, and what is written there.
///
/// Linux: Documentation/x86/boot.txt and zero-page.txt.
public enum BootParameters {
  /// Bytes of the structure; the command line follows.
  public static var byteCount: UInt32 { 0x1000 }
  /// Where the command line lies.
  public static var commandLine: UInt32 { 0x1000 }
  /// The most bytes of a command line, with its final 0.
  public static var commandLineLimit: UInt32 { 2_048 }

  /// Writes the parameters of a guest into memory that is all zeros.
  ///
  /// - Parameters:
  ///   - ramdisk: where the initial ramdisk lies and its size in bytes, or `nil`.
  ///   - memory: the guest's memory, of at least 1 MiB.
  public static func write<Memory: GuestMemory & ~Copyable>(
    ramdisk: (address: UInt32, byteCount: UInt32)?, in memory: inout Memory
  ) {
    memory.store8(1, 0x1E8)  // one entry in the memory map
    memory.store32(0, 0x2D0)
    memory.store32(0, 0x2D4)
    memory.store32(memory.ramSize, 0x2D8)
    memory.store32(0, 0x2DC)
    memory.store32(1, 0x2E0)  // memory
    memory.store8(0x07, 0x206)  // version 2.07: the first with a subarchitecture
    memory.store8(0x02, 0x207)
    memory.store8(1 << 6, 0x211)  // keep the segments
    if let ramdisk {
      memory.store8(0xFF, 0x210)  // a loader without a number
      memory.store32(ramdisk.address, 0x218)
      memory.store32(ramdisk.byteCount, 0x21C)
    }
    memory.store32(commandLine, 0x228)
    memory.store32(0x100_0000, 0x230)  // alignment of a relocatable kernel
    memory.store32(1, 0x23C)  // subarchitecture: lguest
  }
}
