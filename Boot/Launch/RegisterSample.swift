/// What each processor of the guest is doing at one moment, from QEMU's `info registers -a`.
public struct RegisterSample: Equatable, Sendable {
  /// One processor.
  public struct Processor: Equatable, Sendable {
    /// The instruction pointer.
    public var instruction: UInt64
    /// Whether it takes interrupts : bit 9 of the flags, Intel SDM volume 1, 3.4.3.3.
    public var takesInterrupts: Bool
    /// Whether it stands at a `hlt`.
    public var isHalted: Bool

    /// A processor in a known state.
    public init(instruction: UInt64, takesInterrupts: Bool, isHalted: Bool) {
      self.instruction = instruction
      self.takesInterrupts = takesInterrupts
      self.isHalted = isHalted
    }
  }

  /// The processors in QEMU's order.
  public var processors: [Processor]

  /// Reads the monitor's text; `nil` if a processor lacks one of the three fields.
  public init?(_ text: String) {
    var processors: [Processor] = []
    var instruction: UInt64?, flags: UInt64?
    for word in text.split(whereSeparator: { $0 == " " || $0.isNewline }) {
      guard let equals = word.firstIndex(of: "=") else { continue }
      let value = UInt64(word[word.index(after: equals)...], radix: 16)
      switch word[..<equals] {
      case "EIP", "RIP": instruction = value
      case "EFL", "RFL": flags = value
      case "HLT":
        guard let instruction, let flags, let value else { return nil }
        processors.append(
          Processor(instruction: instruction, takesInterrupts: flags & 0x200 != 0, isHalted: value != 0))
      default: break
      }
    }
    guard !processors.isEmpty else { return nil }
    self.processors = processors
  }

  /// A sample with known content.
  public init(processors: [Processor]) { self.processors = processors }
}
