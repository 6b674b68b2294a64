/// On which input of which I/O APIC each ISA interrupt arrives.

/// An input of an I/O APIC, and how its interrupt is signalled.
public struct InterruptRoute: BitwiseCopyable, Equatable, Sendable {
  /// The I/O APIC, by its place in the topology.
  public var controller: UInt8 = 0
  /// Its input.
  public var input: UInt8 = 0
  /// Polarity and trigger mode.
  public var flags = InterruptFlags()
}

/// The inputs of the sixteen ISA interrupts.
public struct InterruptRoutes: BitwiseCopyable {
  private var routes: InlineArray<16, InterruptRoute> = .init(repeating: InterruptRoute())
  private var present: UInt16 = 0

  /// Makes a table in which no interrupt arrives anywhere.
  public init() {}

  /// Follows the overrides; an interrupt whose input nobody has does not arrive.
  ///
  /// - Parameters:
  ///   - topology: what the firmware says.
  ///   - inputs: the number of inputs that an I/O APIC has, by its own account.
  public init(_ topology: InterruptTopology, inputs: (_ controller: Int) -> UInt32) {
    for line in 0..<16 as Range<UInt8> {
      let global = topology.global(forLegacy: line)
      // An input that another interrupt was moved to is not this one's any more.
      if Self.isTaken(global.target, from: line, topology) { continue }
      for controller in 0..<topology.ioControllers.count {
        let first = topology.ioControllers[controller].firstInterrupt
        guard global.target >= first, global.target - first < min(inputs(controller), 256) else { continue }
        routes[Int(line)] = InterruptRoute(
          controller: UInt8(controller), input: UInt8(global.target - first), flags: global.flags)
        present |= 1 << UInt16(line)
        break
      }
    }
  }

  /// Where an ISA interrupt arrives, or `nil`.
  public func route(_ line: UInt8) -> InterruptRoute? {
    guard line < 16, present >> UInt16(line) & 1 == 1 else { return nil }
    return routes[Int(line)]
  }

  private static func isTaken(_ target: UInt32, from line: UInt8, _ topology: InterruptTopology) -> Bool {
    for index in 0..<topology.overrides.count {
      let other = topology.overrides[index]
      // Of two that were moved to one input, the first keeps it.
      if other.source == line { return false }
      if other.target == target { return true }
    }
    return false
  }
}
