/// The page that a guest shares with its host.

/// Offsets in `struct lguest_data` as Linux 3.2 to 3.18 have it, in bytes from the address that the guest names.
public enum GuestData {
  /// 0x200 if the guest takes interrupts, 0 if not.
  public static var interruptsEnabled: UInt32 { 0 }
  /// A bit for each interrupt that the guest does not want.
  public static var blockedInterrupts: UInt32 { 4 }
  /// The address of the last page fault.
  public static var faultAddress: UInt32 { 8 }
  /// Wall clock time: seconds, then nanoseconds.
  public static var time: UInt32 { 12 }
  /// 0x200 while an interrupt waits for the guest to enable interrupts.
  public static var interruptPending: UInt32 { 20 }
  /// A byte for each entry of the ring of calls.
  public static var ringStatus: UInt32 { 24 }
  /// The entries of the ring.
  public static var ring: UInt32 { 88 }
  /// Bytes at the top of the 4 GiB that the guest must leave alone.
  public static var reservedMemory: UInt32 { 1368 }
  /// The rate of the time stamp counter in kHz, or 0 if the guest must not use it.
  public static var timeStampRate: UInt32 { 1372 }
  /// The first address at which no interrupt may be delivered.
  public static var noInterruptStart: UInt32 { 1376 }
  /// The address after the last one of that kind.
  public static var noInterruptEnd: UInt32 { 1380 }
  /// Where the part begins that all page tables of the guest have in common.
  public static var kernelAddress: UInt32 { 1384 }
  /// The vector of the guest's system calls.
  public static var systemCallVector: UInt32 { 1388 }
  /// The size of it all.
  public static var byteCount: UInt32 { 1392 }

  /// Entries of the ring.
  public static var ringCount: UInt32 { 64 }
  /// Bytes of an entry: a number and four arguments.
  public static var ringEntrySize: UInt32 { 20 }
  /// The status of an entry that is free, or done.
  public static var ringFree: UInt8 { 0xFF }
  /// The interrupt flag, as in `eflags`.
  public static var interruptFlag: UInt32 { 0x200 }
  /// How much of the address space the host keeps at its top: 4 MiB.
  public static var switcherSize: UInt32 { 0x40_0000 }
  /// Where that begins.
  public static var switcherAddress: UInt32 { 0xFFC0_0000 }
  /// The one system call vector that guests may have.
  public static var linuxSystemCallVector: UInt32 { 0x80 }
}
