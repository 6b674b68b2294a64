/// Interrupts from one processor to another, by the local controllers (Intel SDM volume 3, 10.6).

import Base
import CMachine

extension LocalInterruptController {
  /// The vector of a doorbell.
  public static let doorbellVector: UInt8 = 0xF0

  private static var commandLow: UInt { window.rawValue + 0x300 }
  private static var commandHigh: UInt { window.rawValue + 0x310 }
  private static let isPending: UInt32 = 1 << 12

  /// Interrupts a processor with a vector.
  @inline(__always)
  public static func interrupt(_ processor: UInt8, vector: UInt8) {
    command(processor, UInt32(vector) | 0x4000)
  }

  /// Pulls a processor's reset pin: it does nothing more until it is started.
  public static func reset(_ processor: UInt8) { command(processor, 0x4500) }

  /// Starts a processor that is held in reset, in real mode at the beginning of a page below 1 MiB.
  public static func start(_ processor: UInt8, atPage page: UInt8) {
    command(processor, 0x4600 | UInt32(page))
  }

  @inline(__always)
  private static func command(_ processor: UInt8, _ command: UInt32) {
    // An interrupt between the two stores could send one of its own.
    let wereOn = cpu_flags() & 0x200 != 0
    cpu_cli()
    cpu_store32(commandHigh, UInt32(processor) << 24)
    cpu_store32(commandLow, command)
    if wereOn { cpu_sti() }
    var looksLeft = 100_000
    while cpu_load32(commandLow) & isPending != 0, looksLeft > 0 { looksLeft -= 1 }
  }
}
