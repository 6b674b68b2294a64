/// Reading and checking one table (ACPI 6.5, 5.2.6).

import Base

/// Four letters that name a table, first letter in the low byte.
public struct TableSignature: BitwiseCopyable, Equatable, Sendable {
  /// The letters as a little-endian number.
  public var rawValue: UInt32

  /// Makes a signature of its little-endian number.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `APIC`, the interrupt controllers.
  public static let interruptControllers = Self(rawValue: 0x4349_5041)
  /// `FACP`, the fixed description.
  public static let fixedDescription = Self(rawValue: 0x5043_4146)
  /// `RSDT`, the root table of 32-bit addresses.
  static let root = Self(rawValue: 0x5444_5352)
  /// `XSDT`, the root table of 64-bit addresses.
  static let extendedRoot = Self(rawValue: 0x5444_5358)
}

/// A table whose length and checksum were found right.
public struct Table<Memory: PhysicalMemoryReader> {
  /// Bytes in the header of every table.
  static var headerSize: UInt32 { 36 }
  /// The longest table that is read: a table of 64 KiB has room for 2,700 processors.
  static var longest: UInt32 { 1 << 16 }

  let memory: Memory
  /// Where the table begins.
  public let address: PhysicalAddress
  /// Bytes in the table, header included.
  public let length: UInt32

  /// Reads the table at `address`.
  init(
    at address: PhysicalAddress, signature: TableSignature, in memory: Memory
  ) throws(ACPIError) {
    guard let found: UInt32 = memory.load(at: address), let end = address.advanced(byChecked: 4),
      let length: UInt32 = memory.load(at: end)
    else { throw ACPIError(reason: .unreadable, address: address) }
    guard found == signature.rawValue else { throw ACPIError(reason: .badSignature, address: address) }
    guard length >= Self.headerSize, length <= Self.longest else {
      throw ACPIError(reason: .badLength, address: address)
    }
    try checkSum(of: UInt64(length), at: address, in: memory)
    (self.memory, self.address, self.length) = (memory, address, length)
  }

  /// The place of a byte of the table.
  func place(_ offset: UInt32) -> PhysicalAddress { PhysicalAddress(address.rawValue &+ UInt64(offset)) }

  /// A field at an offset.
  ///
  /// - Throws: `badLength` if it reaches past the table.
  @inline(never)
  func field<Value: FixedWidthInteger & UnsignedInteger>(
    _ offset: UInt32, as type: Value.Type = Value.self
  ) throws(ACPIError) -> Value {
    guard offset <= length, UInt32(Value.bitWidth / 8) <= length - offset else {
      throw ACPIError(reason: .badLength, address: address)
    }
    guard let value: Value = memory.load(at: place(offset)) else {
      throw ACPIError(reason: .unreadable, address: place(offset))
    }
    return value
  }
}

/// Checks that `count` bytes can be read and add up to zero.
@inline(never)
func checkSum<Memory: PhysicalMemoryReader>(
  of count: UInt64, at address: PhysicalAddress, in memory: Memory
) throws(ACPIError) {
  var sum: UInt8 = 0
  for index in 0..<count {
    guard let place = address.advanced(byChecked: index), let byte = memory.byte(at: place) else {
      throw ACPIError(reason: .unreadable, address: address)
    }
    sum &+= byte
  }
  guard sum == 0 else { throw ACPIError(reason: .badChecksum, address: address) }
}
