/// What an I/O APIC does with an input (82093AA data sheet, 3.2.4).

/// An entry of an I/O APIC's redirection table.
public struct RedirectionEntry: BitwiseCopyable, Equatable, Sendable {
  /// The entry as two registers of 32 bits, the lower one in the lower half.
  public let rawValue: UInt64

  /// An input that raises nothing.
  public static let masked = Self(rawValue: 1 << 16)

  private init(rawValue: UInt64) { self.rawValue = rawValue }

  /// An interrupt of fixed delivery to one processor.
  ///
  /// - Parameters:
  ///   - vector: where it arrives, 16 or more.
  ///   - destination: the identity of the processor's local APIC.
  ///   - isActiveLow: whether the wire is active when it is low.
  ///   - isLevelTriggered: whether it is asked for as long as the wire is active, rather than when it becomes so.
  ///   - isMasked: whether it is kept back.
  public init(
    vector: UInt8, destination: UInt8, isActiveLow: Bool, isLevelTriggered: Bool, isMasked: Bool
  ) {
    var value = UInt64(vector) | UInt64(destination) << 56
    if isActiveLow { value |= 1 << 13 }
    if isLevelTriggered { value |= 1 << 15 }
    if isMasked { value |= 1 << 16 }
    rawValue = value
  }
}
