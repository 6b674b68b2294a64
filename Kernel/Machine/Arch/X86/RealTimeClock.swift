/// The clock that runs while the machine is off: where the date comes from.

import CMachine

/// The real-time clock behind ports 0x70 and 0x71, which a PC has since the AT.
public enum RealTimeClock {
  /// A date and a time of day.
  public struct Reading: Equatable {
    /// From the year with its century to the second.
    public var year, month, day, hour, minute, second: Int
  }

  /// What the clock shows, read twice the same.
  @export(interface)
  public static func read() -> Reading {
    var last = readOnce()
    for _ in 0..<10 {
      let next = readOnce()
      if next == last { break }
      last = next
    }
    return last
  }

  private static func register(_ number: UInt8) -> UInt8 {
    cpu_out8(0x70, number)
    return cpu_in8(0x71)
  }

  private static func readOnce() -> Reading {
    // Register A bit 7: an update is under way.
    var looksLeft = 10_000
    while register(0x0A) & 0x80 != 0, looksLeft > 0 { looksLeft -= 1 }
    let mode = register(0x0B)
    func number(_ index: UInt8) -> Int {
      let value = register(index)
      // Register B bit 2: binary; otherwise two decimal digits.
      return mode & 4 != 0 ? Int(value) : Int(value >> 4) * 10 + Int(value & 15)
    }
    let rawHour = register(4)
    var hour = mode & 4 != 0 ? Int(rawHour & 0x7F) : Int(rawHour >> 4 & 7) * 10 + Int(rawHour & 15)
    // Register B bit 1: 24 hours; otherwise bit 7 of the hour is the afternoon.
    if mode & 2 == 0 { hour = hour % 12 + (rawHour & 0x80 != 0 ? 12 : 0) }
    return Reading(
      year: 2000 + number(9), month: number(8), day: number(7), hour: hour, minute: number(2),
      second: number(0))
  }
}
