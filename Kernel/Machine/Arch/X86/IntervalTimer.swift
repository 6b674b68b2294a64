/// The programmable interval timer, an 8254: the one clock whose rate is the same on every PC.

import CMachine

/// The 8254: channel 2 counts without raising an interrupt, channel 0 is a timer where there is no better one.
public enum IntervalTimer {
  /// Counts in a second.
  public static let frequency: UInt32 = 1_193_182

  /// The legacy interrupt line of channel 0.
  public static let interruptLine: UInt8 = 0

  private static let channel0: UInt16 = 0x40
  private static let channel2: UInt16 = 0x42
  private static let command: UInt16 = 0x43
  private static let gate: UInt16 = 0x61

  /// Lets channel 0 interrupt once, after `count` of its counts.
  public static func interrupt(afterCount count: UInt16) {
    cpu_out8(command, 0x30)  // channel 0, low then high byte, mode 0, binary
    cpu_out8(channel0, UInt8(truncatingIfNeeded: count))
    cpu_out8(channel0, UInt8(truncatingIfNeeded: count >> 8))
  }

  /// Starts channel 2 counting down from 65,535.
  public static func start() {
    // Gate on, loudspeaker off (bits 0 and 1 of the system control port).
    cpu_out8(gate, cpu_in8(gate) & 0xFC | 0x01)
    cpu_out8(command, 0xB0)  // channel 2, low then high byte, mode 0, binary
    cpu_out8(channel2, 0xFF)
    cpu_out8(channel2, 0xFF)
  }

  /// The present count.
  public static func readCount() -> UInt16 {
    cpu_out8(command, 0x80)  // latch channel 2
    let low = UInt16(cpu_in8(channel2))
    return UInt16(cpu_in8(channel2)) << 8 | low
  }
}
