/// An entry of a guest's interrupt descriptor table.

/// Where a guest wants a vector to arrive.
public struct GuestGate: BitwiseCopyable, Hashable, Sendable {
  /// How the gate treats the interrupt flag.
  public enum Kind: UInt8, BitwiseCopyable, Sendable {
    /// There is no gate.
    case absent
    /// Interrupts are disabled on entry.
    case interrupt
    /// The interrupt flag stays as it is.
    case trap
  }

  /// What it is.
  public var kind: Kind
  /// The outermost ring that may use it with an `int` instruction.
  public var ring: UInt8
  /// Where the guest's kernel goes on.
  public var offset: UInt32

  /// No gate.
  public static var absent: Self { Self(kind: .absent, ring: 0, offset: 0) }

  /// A gate of its parts.
  public init(kind: Kind, ring: UInt8, offset: UInt32) {
    self.kind = kind
    self.ring = ring
    self.offset = offset
  }

  /// The gate that two words of a descriptor stand for, or `nil` if it is of a kind that guests may not have.
  public init?(low: UInt32, high: UInt32) {
    guard high >> 15 & 1 == 1 else {
      self = .absent
      return
    }
    switch high >> 8 & 0x1F {
    case 0x0E: kind = .interrupt
    case 0x0F: kind = .trap
    default: return nil
    }
    ring = UInt8(truncatingIfNeeded: high >> 13 & 3)
    offset = high & 0xFFFF_0000 | low & 0xFFFF
  }

  /// Whether the processor may enter the guest by this gate without the host.
  ///
  /// Only a trap gate: an interrupt gate would turn the real interrupt flag off, which must stay on.
  public func mayBeDirect(for vector: UInt8) -> Bool {
    kind == .trap && Self.isDirectVector(vector)
  }

  /// Whether a vector belongs to the guest alone.
  ///
  /// Not: non-maskable interrupts, what the host itself must see (a missing FPU, protection and page faults, hypercalls),
  /// a double fault, and the machine's own interrupts from 32, but for the system call.
  public static func isDirectVector(_ vector: UInt8) -> Bool {
    if vector >= 32 { return UInt32(vector) == GuestData.linuxSystemCallVector }
    switch vector {
    case 2, 7, 8, 13, 14, 15, 31: return false
    default: return true
    }
  }

  /// The outermost ring that may use a vector of the processor's table with `int` while a guest runs.
  ///
  /// Ring 0, which no guest is, for all that would be mistaken for something else: the machine's interrupts, whose
  /// handlers the host would run, and exceptions with an error code, which an instruction does not push.
  public func callableRing(for vector: UInt8) -> UInt8 {
    if vector == Hypercall.vector { return 1 }
    let isMachines = vector >= 32 && UInt32(vector) != GuestData.linuxSystemCallVector
    return kind == .absent || isMachines || Self.pushesErrorCode(vector) ? 0 : ring
  }

  /// Whether a processor of our time pushes an error code with an exception; guests know of fewer.
  private static func pushesErrorCode(_ vector: UInt8) -> Bool {
    hasErrorCode(vector) || vector == 21 || vector == 29 || vector == 30
  }

  /// Whether what a guest loads for a vector is ignored.
  public static func isIgnored(_ vector: UInt32) -> Bool {
    vector == 2 || vector == 8 || vector == 15 || vector == 31
  }

  /// Whether the processor pushes an error code with an exception.
  public static func hasErrorCode(_ vector: UInt8) -> Bool {
    vector == 8 || (10...14).contains(vector) || vector == 17
  }
}
