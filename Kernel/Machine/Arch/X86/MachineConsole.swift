/// The console of a PC: serial line, screen and debug port behind one interface.

import ABI
import CMachine
import Log

/// Writes every byte to all the consoles that the machine has.
public struct MachineConsole: ConsoleOutput {
  /// The serial line, from which input comes too.
  public var serial: SerialPort
  /// The text screen.
  public var screen: TextScreen

  /// The last byte that was shown.
  public private(set) var lastByte = UInt8(ascii: "\n")

  private var usesSerial = true
  private var usesScreen = true
  private var usesDebugPort = true

  /// Makes a console over the two devices; the debug port needs no set-up.
  public init(serial: SerialPort, screen: TextScreen) {
    self.serial = serial
    self.screen = screen
  }

  /// Chooses the devices that are written to.
  public mutating func use(serial: Bool, screen: Bool, debug: Bool) {
    (usesSerial, usesScreen, usesDebugPort) = (serial, screen, debug)
  }

  /// Shows one byte as it is: a terminal has made its lines' ends already.
  public mutating func writeRaw(_ byte: UInt8) {
    lastByte = byte
    if usesSerial { serial.send(byte) }
    if usesScreen { screen.write(byte) }
    if usesDebugPort { cpu_out8(VerdictChannel.debugConsolePort, byte) }
  }

  /// Shows one byte everywhere.
  public mutating func write(_ byte: UInt8) {
    lastByte = byte
    if usesSerial { serial.write(byte) }
    if usesScreen { screen.write(byte) }
    if usesDebugPort { cpu_out8(VerdictChannel.debugConsolePort, byte) }
  }
}
