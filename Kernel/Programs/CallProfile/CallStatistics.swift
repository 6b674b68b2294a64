/// What the invocations of one system call have cost a process.
///
/// Sums, the least and the most are exact. So is the median of the first 63 invocations; after that it is the median of
/// 63 that chance has kept, each invocation with the same probability (Vitter's algorithm R): a table of all would have no
/// limit.

/// The invocations of one call by one process.
public struct CallStatistics: BitwiseCopyable {
  /// Samples that are kept.
  public static var sampleCount: Int { 63 }

  /// The call's number.
  public let number: UInt16
  /// How often it was invoked.
  public private(set) var count: UInt64 = 0
  /// The ticks of all invocations.
  public private(set) var ticks: UInt64 = 0
  /// The ticks of the cheapest.
  public private(set) var least = UInt64.max
  /// The ticks of the dearest.
  public private(set) var most: UInt64 = 0
  /// Bytes that went from or to the program.
  public private(set) var bytes: UInt64 = 0
  private var samples: InlineArray<63, UInt32> = .init(repeating: 0)
  private var state: UInt32 = 0x2545_F491

  /// A call that was not invoked yet.
  public init(number: UInt16) { self.number = number }

  /// Counts an invocation.
  public mutating func note(ticks cost: UInt64, bytes moved: UInt64) {
    count += 1
    ticks &+= cost
    bytes &+= moved
    least = min(least, cost)
    most = max(most, cost)
    let place = count <= UInt64(Self.sampleCount) ? count - 1 : UInt64(random()) % count
    if place < UInt64(Self.sampleCount) { samples[Int(place)] = UInt32(clamping: cost) }
  }

  /// The ticks that half of the invocations are not above; 0 without any.
  ///
  /// Sorts what is kept.
  public mutating func median() -> UInt64 {
    let kept = Int(min(count, UInt64(Self.sampleCount)))
    guard kept > 0 else { return 0 }
    for index in 1..<max(kept, 1) {
      let value = samples[index]
      var place = index
      while place > 0, samples[place - 1] > value {
        samples[place] = samples[place - 1]
        place -= 1
      }
      samples[place] = value
    }
    return UInt64(samples[kept / 2])
  }

  /// Xorshift: good enough to choose what is kept.
  private mutating func random() -> UInt32 {
    state ^= state << 13
    state ^= state >> 17
    state ^= state << 5
    return state
  }
}
