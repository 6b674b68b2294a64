/// Decides when a guest will never go on, from samples of its registers taken while it is silent.
///
/// Two situations are beyond hope, whatever the guest may be waiting for:
///
/// - every processor halts with interrupts off: only a reset or a non-maskable interrupt, which nothing in the
///   machine sends, would wake one. Three samples in a row settle it, so that a processor seen between `hlt` and its
///   wake-up is not mistaken;
/// - every processor either halts like that or runs with interrupts off inside the same few instructions, for as long
///   as `patience`. A loop that short which nothing can interrupt, and that nothing was heard of for so long, waits
///   for something that does not come. (A slow device could prove this wrong; the patience is generous for that.)
///
/// An idle guest takes interrupts, and so is never taken for hung: input or a timer may wake it. A loop with
/// interrupts on is left to the time limit.
public struct HangDetector: Sendable {
  /// How many bytes of code a loop may span and still count as one place.
  static let loopSpan: UInt64 = 64
  /// How many samples must show a halt.
  static let haltSamples = 3

  /// How long a tight loop must be silent, in seconds.
  public let patience: Double

  private var halts = 0
  private var loops: [ClosedRange<UInt64>] = []
  private var loopSince = 0.0

  /// A detector that has seen nothing.
  public init(patience: Double = 5) { self.patience = patience }

  /// Forgets what was seen, because the guest gave a sign of life.
  public mutating func reset() {
    halts = 0
    loops = []
  }

  /// Takes in a sample from `now`, in seconds of any clock; returns why the guest is hung, once it is certain.
  public mutating func add(_ sample: RegisterSample, at now: Double) -> String? {
    guard sample.processors.allSatisfy({ !$0.takesInterrupts }) else {
      reset()
      return nil
    }
    let places = sample.processors.map { "0x" + String($0.instruction, radix: 16) }.joined(separator: ", ")
    if sample.processors.allSatisfy(\.isHalted) {
      halts += 1
      return halts >= Self.haltSamples ? "every processor halts with interrupts off, at \(places)" : nil
    }
    halts = 0
    let widened = zip(loops, sample.processors).map { range, processor in
      min(range.lowerBound, processor.instruction)...max(range.upperBound, processor.instruction)
    }
    if widened.count == sample.processors.count,
      widened.allSatisfy({ $0.upperBound - $0.lowerBound < Self.loopSpan })
    {
      loops = widened
    } else {
      loops = sample.processors.map { $0.instruction...$0.instruction }
      loopSince = now
    }
    guard now - loopSince >= patience else { return nil }
    return "the processor runs in one short loop with interrupts off, at \(places)"
  }
}
