import ImageBuilder

/// QEMU's log of exceptions (`-d int,cpu_reset`), of which the last ones tell why a machine reset.
public struct ExceptionLog: Sendable {
  /// One exception or interrupt that the processor started to deliver.
  public struct Entry: Equatable, Sendable {
    /// The vector.
    public var vector: UInt8
    /// The error code; 0 for vectors that have none.
    public var errorCode: UInt64
    /// The address of the instruction.
    public var instruction: UInt64
    /// The stack pointer.
    public var stack: UInt64
    /// For a page fault, the address that was touched.
    public var faultAddress: UInt64?

    /// The name in the manual, Intel SDM volume 3, table 6-1.
    public var name: String {
      let names = [
        "divide error", "debug", "non-maskable interrupt", "breakpoint", "overflow", "bound range exceeded",
        "invalid opcode", "device not available", "double fault", "coprocessor segment overrun",
        "invalid TSS",
        "segment not present", "stack-segment fault", "general protection", "page fault", "reserved",
        "x87 floating-point error", "alignment check", "machine check", "SIMD floating-point error",
        "virtualization exception", "control protection",
      ]
      return Int(vector) < names.count ? names[Int(vector)] : "interrupt"
    }
  }

  /// The entries in order of time.
  public var entries: [Entry] = []
  /// Whether the processor gave up.
  public var showsTripleFault: Bool

  /// Reads a log.
  ///
  /// Entries look like `     3: v=0e e=0002 i=0 cpl=0 IP=0008:000000000010000c pc=… SP=0010:… CR2=…` or, without CR2,
  /// `… env->regs[R_EAX]=…`; everything else is left out.
  public init(_ text: String) {
    showsTripleFault = text.contains("Triple fault")
    for line in text.split(separator: "\n") where line.contains(" v=") && line.contains(" IP=") {
      var fields: [Substring: Substring] = [:]
      for word in line.split(separator: " ") {
        guard let equals = word.firstIndex(of: "=") else { continue }
        fields[word[..<equals]] = word[word.index(after: equals)...]
      }
      func number(_ name: Substring) -> UInt64? { fields[name].flatMap { UInt64($0, radix: 16) } }
      /// The part of `selector:offset` after the colon.
      func offset(_ name: Substring) -> UInt64? {
        fields[name]?.split(separator: ":").last.flatMap { UInt64($0, radix: 16) }
      }
      guard let vector = number("v"), let code = number("e"), let instruction = number("pc") ?? offset("IP")
      else {
        continue
      }
      entries.append(
        Entry(
          vector: UInt8(truncatingIfNeeded: vector), errorCode: code, instruction: instruction,
          stack: offset("SP") ?? 0, faultAddress: vector == 14 ? number("CR2") : nil))
    }
  }

  /// The last exceptions that are not ordinary interrupts, at most `count`, oldest first.
  public func last(_ count: Int) -> [Entry] { Array(entries.filter { $0.vector < 32 }.suffix(count)) }

  /// The last exceptions as lines, addresses left for the symbolizer.
  public func report(_ count: Int = 6) -> String {
    last(count).map { entry in
      var line = "  #\(entry.vector) \(entry.name)"
      if entry.errorCode != 0 { line += ", error code 0x\(hexadecimal(entry.errorCode))" }
      if let address = entry.faultAddress { line += ", touching 0x\(hexadecimal(address))" }
      return line + ", stack 0x\(hexadecimal(entry.stack)), at 0x\(hexadecimal(entry.instruction))\n"
    }.joined()
  }
}
