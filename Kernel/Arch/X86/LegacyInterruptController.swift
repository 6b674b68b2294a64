/// The pair of 8259 interrupt controllers that every PC starts with.

import CMachine

/// The two cascaded controllers, moved away from the processor's own vectors and masked.
public enum LegacyInterruptController {
  /// The vector of interrupt line 0; line 15 has this plus 15.
  ///
  /// Vectors below 32 belong to exceptions.
  public static let firstVector: UInt8 = 0x20

  private static let primaryCommand: UInt16 = 0x20
  private static let primaryData: UInt16 = 0x21
  private static let secondaryCommand: UInt16 = 0xA0
  private static let secondaryData: UInt16 = 0xA1

  /// Gives the lines vectors of their own and masks all of them (8259A data sheet, initialisation command words).
  public static func remapAndMask() {
    cpu_out8(primaryCommand, 0x11)  // ICW1: edge triggered, cascade, ICW4 follows
    cpu_out8(secondaryCommand, 0x11)
    cpu_out8(primaryData, firstVector)  // ICW2
    cpu_out8(secondaryData, firstVector + 8)
    cpu_out8(primaryData, 0x04)  // ICW3: the second controller is on line 2
    cpu_out8(secondaryData, 0x02)
    cpu_out8(primaryData, 0x01)  // ICW4: 8086 mode
    cpu_out8(secondaryData, 0x01)
    cpu_out8(primaryData, 0xFF)
    cpu_out8(secondaryData, 0xFF)
  }
}
