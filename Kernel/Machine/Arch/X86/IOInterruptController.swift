/// An I/O APIC: where the wires of devices become interrupts of processors.

import Base
import CMachine
import X86

/// The registers of an I/O APIC, reached by writing a number and then reading or writing what it names (82093AA data
/// sheet, 3.1).
///
/// Two accesses belong together: used with interrupts off.
public struct IOInterruptController: BitwiseCopyable, Sendable {
  private let registers: UInt

  private static let versionRegister: UInt32 = 1
  private static let firstEntryRegister: UInt32 = 0x10

  /// A controller whose registers are mapped at `address`, not cached.
  public init(at address: VirtualAddress) { registers = address.rawValue }

  /// The number of inputs, or `nil` if there is no such controller: a place where nothing is reads as all ones.
  public var inputCount: UInt32? {
    let version = read(Self.versionRegister)
    guard version != .max, version & 0xFF != 0 else { return nil }
    return (version >> 16 & 0xFF) + 1
  }

  /// Says what an input raises.
  ///
  /// It is masked while only one half is written.
  public func set(_ entry: RedirectionEntry, input: UInt8) {
    let register = Self.firstEntryRegister + 2 * UInt32(input)
    write(register, UInt32(truncatingIfNeeded: RedirectionEntry.masked.rawValue))
    write(register + 1, UInt32(truncatingIfNeeded: entry.rawValue >> 32))
    write(register, UInt32(truncatingIfNeeded: entry.rawValue))
  }

  private func read(_ register: UInt32) -> UInt32 {
    cpu_store32(registers, register)
    return cpu_load32(registers + 0x10)
  }

  private func write(_ register: UInt32, _ value: UInt32) {
    cpu_store32(registers, register)
    cpu_store32(registers + 0x10, value)
  }
}
