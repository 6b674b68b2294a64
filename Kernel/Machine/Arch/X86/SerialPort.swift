/// The first serial port, a 16550: the console that emulators and real machines share.

import CMachine
import Log

/// A 16550 UART reached by port I/O, written and read by polling.
///
/// Without interrupts a byte can be written from anywhere, from a panic as well; the log is short and the
/// emulated line has no bit rate.
public struct SerialPort: ConsoleOutput {
  // Registers by offset (16550D data sheet, table 2).
  private let data: UInt16 = 0x3F8
  private let interruptEnable: UInt16 = 0x3F9
  private let fifoControl: UInt16 = 0x3FA
  private let lineControl: UInt16 = 0x3FB
  private let modemControl: UInt16 = 0x3FC
  private let lineStatus: UInt16 = SerialPort.lineStatusPort
  private let scratch: UInt16 = 0x3FF

  private static let lineStatusPort: UInt16 = 0x3FD

  /// The interrupt line of the first serial port.
  public static let interruptLine: UInt8 = 4

  /// Whether there is a port at all: its scratch register keeps what is written to it.
  public let isPresent: Bool

  /// A byte that had arrived before the kernel began; switching the buffers on would lose it.
  private var earlyByte: UInt8?

  /// Sets the port to 115,200 bits a second, eight data bits, no parity, one stop bit, with its buffers on.
  ///
  /// - Parameter isUsed: false if the port is another kernel's; it is left alone and seems absent.
  public init(isUsed: Bool = true) {
    earlyByte = nil
    guard isUsed else {
      isPresent = false
      return
    }
    cpu_out8(scratch, 0x5A)
    isPresent = cpu_in8(scratch) == 0x5A
    guard isPresent else { return }
    cpu_out8(interruptEnable, 0)
    cpu_out8(lineControl, 0x03)
    if cpu_in8(lineStatus) & 0x01 != 0 { earlyByte = cpu_in8(data) }
    cpu_out8(lineControl, 0x80)  // the next two ports hold the divisor
    cpu_out8(data, 1)
    cpu_out8(interruptEnable, 0)
    cpu_out8(lineControl, 0x03)
    cpu_out8(fifoControl, 0xC7)
    cpu_out8(modemControl, 0x0B)  // terminal ready, request to send, interrupt line on
  }

  /// Writes one byte, with a carriage return before a line feed.
  public mutating func write(_ byte: UInt8) {
    if byte == UInt8(ascii: "\n") { send(UInt8(ascii: "\r")) }
    send(byte)
  }

  /// Sends one byte as it is.
  func send(_ byte: UInt8) {
    guard isPresent else { return }
    // A line whose other end has gone must not stop the kernel: after this many looks the byte is sent anyway.
    var looksLeft = 100_000
    while cpu_in8(lineStatus) & 0x20 == 0, looksLeft > 0 { looksLeft -= 1 }
    cpu_out8(data, byte)
  }

  /// Waits until every byte has left the port, within limits: an emulator that ends at once would lose the rest.
  public static func drain() {
    var looksLeft = 100_000
    while cpu_in8(lineStatusPort) & 0x40 == 0, looksLeft > 0 { looksLeft -= 1 }
  }

  /// Lets the port raise an interrupt for every byte that arrives.
  public func interruptOnInput() {
    if isPresent { cpu_out8(interruptEnable, 0x01) }
  }

  /// A byte that has arrived, or `nil`.
  public mutating func receive() -> UInt8? {
    if let byte = earlyByte {
      earlyByte = nil
      return byte
    }
    guard isPresent, cpu_in8(lineStatus) & 0x01 != 0 else { return nil }
    return cpu_in8(data)
  }
}
