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
    maskAll()
  }

  /// Keeps all lines from raising interrupts.
  public static func maskAll() {
    cpu_out8(primaryData, 0xFF)
    cpu_out8(secondaryData, 0xFF)
  }

  /// The interrupt line, 0 to 15, that arrives at `vector`, or `nil` if no line does.
  public static func line(of vector: UInt8) -> UInt8? {
    vector >= firstVector && vector < firstVector + 16 ? vector - firstVector : nil
  }

  /// Lets a line raise interrupts.
  public static func unmask(_ line: UInt8) {
    let port = line < 8 ? primaryData : secondaryData
    cpu_out8(port, cpu_in8(port) & ~(1 << (line & 7)))
    if line >= 8 { unmask(2) }
  }

  /// Keeps a line from raising interrupts.
  public static func mask(_ line: UInt8) {
    let port = line < 8 ? primaryData : secondaryData
    cpu_out8(port, cpu_in8(port) | 1 << (line & 7))
  }

  /// Whether the interrupt of a line is really there.
  ///
  /// Lines 7 and 15 also stand for one that was gone when the
  /// processor asked which it was (8259A data sheet, "default level 7"); the one on 15 is acknowledged on line 2.
  public static func isGenuine(_ line: UInt8) -> Bool {
    guard line & 7 == 7 else { return true }
    let port = line < 8 ? primaryCommand : secondaryCommand
    cpu_out8(port, 0x0B)  // the next read shows which interrupts are in service
    if cpu_in8(port) & 0x80 != 0 { return true }
    if line >= 8 { cpu_out8(primaryCommand, 0x20) }
    return false
  }

  /// Tells the controllers that the interrupt of `line` is being handled.
  public static func acknowledge(_ line: UInt8) {
    if line >= 8 { cpu_out8(secondaryCommand, 0x20) }
    cpu_out8(primaryCommand, 0x20)
  }
}
