/// What start-up code reads about the core it runs on, before there is a kernel: in system memory, one page a core.
///
///     0x0F000  reset pins, a bit for each core that is released        (Boot/Reset/ROM.asm)
///     0x10000  core 0: 0x000 lookup table, 256 rows of 8 bytes         (Boot/Reset/StartCore.inc)
///              0x800 magic   0x804 state   0x808 mode   0x80C boot structure   0x810 ticks a millisecond
///              0x814 entry   0x818 start-up pages       0x81C reserved
///     0x11000  core 1, and so on to 63
///
/// On the Single-chip Cloud Computer these are registers in each tile; here they are memory that no node owns, or that
/// the first node keeps back.

import Base

/// The places and numbers that start-up code, tools and kernel agree on.
public enum CoreRegisters {
  /// The most cores.
  public static var mostCores: Int { 64 }
  /// The system address of the reset pins: 64 bits.
  public static var resetPins: UInt64 { 0xF000 }
  /// The system address of core 0's page.
  public static var start: UInt64 { 0x10000 }
  /// The bytes of a core.
  public static var byteCount: UInt64 { 0x1000 }
  /// "CORE" as a little-endian number.
  public static var magic: UInt32 { 0x4552_4F43 }
  /// The offset of the magic number, which the other words follow.
  public static var words: Int { 0x800 }
  /// The offset of the state.
  public static var stateOffset: Int { 0x804 }
  /// The offset of the ticks in a millisecond.
  public static var rateOffset: Int { 0x810 }
  /// The core address of the boot structure.
  public static var structureAddress: UInt32 { 0x8000 }
  /// The core address where the kernel's image begins, and is entered.
  public static var kernelAddress: UInt32 { 0x10_0000 }
  /// The core address of the pages that start-up code uses: six for page tables, one for a stack.
  public static var startUpPages: UInt32 { 0x1000 }
  /// Where the page of code lies with which a running node starts a core: the same system and core address.
  public static var trampoline: UInt32 { 0x9000 }
  /// The page that a core begins in when the ROM's code starts it; the chip set shows the ROM's last page there.
  public static var secondaryPage: UInt8 { 0xFF }
  /// The system address that a core fetches its first instruction from.
  public static var resetVector: UInt32 { 0xFFFF_FFF0 }

  /// The system address of a core's page.
  public static func address(ofCore core: Int) -> UInt64 { start + UInt64(core) * byteCount }

  /// The row `row` of a table, as it lies at 8 times its number.
  public static func row(_ segment: Segment) -> UInt64 { BootStructure.encodeRow(segment) }

  /// The seven words from `words` on.
  public static func words(
    isWide: Bool, ticksPerMillisecond: UInt32, state: CoreState
  ) -> InlineArray<7, UInt32> {
    [
      magic, state.rawValue, isWide ? 64 : 32, structureAddress, ticksPerMillisecond, kernelAddress,
      startUpPages,
    ]
  }
}

/// How far a core has come.
public enum CoreState: UInt32, BitwiseCopyable, Hashable, Sendable, CaseIterable {
  /// Its reset pin is pulled.
  case held
  /// Its reset pin is released; it has not done anything yet.
  case released
  /// It has reached protected mode.
  case isProtected
  /// It has put its lookup table in force and gone on to its kernel.
  case mapped
}

extension BootStructure {
  /// "NODE": what start-up code leaves in eax, where a boot loader leaves its own number.
  public static var startMagic: UInt32 { 0x4544_4F4E }
}
