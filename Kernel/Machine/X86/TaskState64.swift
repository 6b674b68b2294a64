/// The task-state segment of x86_64.

/// A 64-bit task-state segment, 104 bytes (AMD APM volume 2, 12.2.5).
///
/// The 64-bit fields of the manual lie at addresses that are not multiples of eight, so they stand here as halves.
public struct TaskState64: BitwiseCopyable, Sendable {
  private var words: InlineArray<26, UInt32> = .init(repeating: 0)

  /// A segment of zeros without a port bitmap.
  public init() { words[25] = UInt32(Self.size) << 16 }

  /// Bytes in the segment.
  public static let size = 104

  /// The stack pointer that is loaded on entry to ring 0 from an outer ring.
  public var rsp0: UInt64 {
    get { pair(1) }
    set { setPair(1, newValue) }
  }

  /// The stack pointer that a gate with interrupt stack `index`, 1 to 7, loads.
  public subscript(interruptStack index: Int) -> UInt64 {
    get {
      precondition(index >= 1 && index <= 7, "there are seven interrupt stacks")
      return pair(7 + 2 * index)
    }
    set {
      precondition(index >= 1 && index <= 7, "there are seven interrupt stacks")
      setPair(7 + 2 * index, newValue)
    }
  }

  private func pair(_ index: Int) -> UInt64 { UInt64(words[index + 1]) << 32 | UInt64(words[index]) }

  private mutating func setPair(_ index: Int, _ value: UInt64) {
    words[index] = UInt32(truncatingIfNeeded: value)
    words[index + 1] = UInt32(truncatingIfNeeded: value >> 32)
  }
}
