/// The sixteen interrupt lines of devices, by whichever controllers the machine has.
///
/// They arrive at the same vectors either way, so the way there matters only to whoever masks and acknowledges them.

import ACPI
import Arch
import Base
import X86

/// Who brings the lines, and which of them are kept back.
///
/// Used with interrupts off.
public struct InterruptLines: BitwiseCopyable {
  /// Whether there is a local APIC, and its registers are mapped.
  public internal(set) var hasLocalController = false
  /// Whether I/O APICs bring the lines; otherwise the two 8259 do.
  public private(set) var usesIOControllers = false
  /// The inputs of all I/O APICs together.
  public internal(set) var inputCount: UInt32 = 0
  /// Lines that may not be unmasked before they are released, one bit each.
  public private(set) var held: UInt16 = 0

  private var routes = InterruptRoutes()
  private var controllers: InlineArray<16, UInt> = .init(repeating: 0)
  // The local APIC that gets the interrupts.
  private var destination: UInt8 = 0

  /// The lines of a machine whose controllers are not known yet: the two 8259, all masked.
  public init() {}

  /// Lets the I/O APICs bring the lines from now on, all of them masked; the 8259 are cut off.
  mutating func use(
    _ routes: InterruptRoutes, controllers: InlineArray<16, UInt>, destination: UInt8
  ) {
    LegacyInterruptController.maskAll()
    LocalInterruptController.maskLegacyControllers()
    self.routes = routes
    self.controllers = controllers
    self.destination = destination
    usesIOControllers = true
  }

  /// Where a line arrives, if I/O APICs bring the lines.
  public func route(_ line: UInt8) -> InterruptRoute? { usesIOControllers ? routes.route(line) : nil }

  /// Lets a line raise interrupts.
  ///
  /// - Returns: whether it does: not while it is held, and not if no controller has it.
  @discardableResult
  @export(interface)
  public func unmask(_ line: UInt8) -> Bool {
    guard held >> UInt16(line & 15) & 1 == 0 else { return false }
    guard usesIOControllers else {
      LegacyInterruptController.unmask(line)
      return true
    }
    return set(line, isMasked: false)
  }

  /// Keeps a line from raising interrupts.
  @export(interface)
  public func mask(_ line: UInt8) {
    if usesIOControllers { _ = set(line, isMasked: true) } else { LegacyInterruptController.mask(line) }
  }

  /// Masks a line until it is released, whoever unmasks it meanwhile.
  public mutating func hold(_ line: UInt8) {
    held |= 1 << UInt16(line & 15)
    mask(line)
  }

  /// Allows a line to be unmasked again.
  public mutating func release(_ line: UInt8) { held &= ~(1 << UInt16(line & 15)) }

  /// Whether an interrupt was really asked for.
  ///
  /// What only looks like one is not acknowledged.
  @export(interface)
  public func isGenuine(_ line: UInt8) -> Bool {
    usesIOControllers
      ? LocalInterruptController.isInService(LegacyInterruptController.firstVector + line)
      : LegacyInterruptController.isGenuine(line)
  }

  /// Says that the interrupt of a line is being handled.
  @export(interface)
  public func acknowledge(_ line: UInt8) {
    if usesIOControllers {
      LocalInterruptController.endInterrupt()
    } else {
      LegacyInterruptController.acknowledge(line)
    }
  }

  private func set(_ line: UInt8, isMasked: Bool) -> Bool {
    guard let route = routes.route(line) else { return false }
    let entry = RedirectionEntry(
      vector: LegacyInterruptController.firstVector + line, destination: destination,
      isActiveLow: route.flags.isActiveLow, isLevelTriggered: route.flags.isLevelTriggered,
      isMasked: isMasked)
    IOInterruptController(at: VirtualAddress(controllers[Int(route.controller)]))
      .set(entry, input: route.input)
    return true
  }
}
