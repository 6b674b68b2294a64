import Foundation
import HostSupport

/// Passes the guest's output on as it comes, except that a panic report waits until it can be shown with names.
///
/// Bytes go through at once, so a prompt without a line end appears; only from a line with `panic:` on are they kept,
/// until the run ends, the record of the verdict appears, or the guest has been silent for a moment (a program may
/// print such a line too, and must not be cut off by it).
public final class ConsoleFilter: @unchecked Sendable {
  private let lock = NSLock()
  private let symbolizer: Symbolizer?
  private let write: @Sendable ([UInt8]) -> Void
  private var line: [UInt8] = []
  private var held: [UInt8] = []
  private var isHolding = false
  private var generation = 0

  /// Makes a filter that hands its output to `write`.
  public init(symbolizer: Symbolizer?, write: @escaping @Sendable ([UInt8]) -> Void) {
    self.symbolizer = symbolizer
    self.write = write
  }

  /// Takes what the guest wrote.
  public func take(_ bytes: [UInt8]) {
    let plain = lock.withLock { () -> [UInt8] in
      if isHolding {
        held += bytes
        generation += 1
        return []
      }
      // The current line decides; what of it was shown already stays shown, the rest is held from here on.
      var passed: [UInt8] = []
      for (index, byte) in bytes.enumerated() {
        line.append(byte)
        passed.append(byte)
        if byte == UInt8(ascii: ":"), line.suffix(6).elementsEqual(PanicReport.mark.utf8), symbolizer != nil {
          isHolding = true
          held = Array(bytes[(index + 1)...])
          generation += 1
          break
        }
        if byte == 0x0A { line = [] }
      }
      return passed
    }
    if !plain.isEmpty { write(plain) }
    let current = lock.withLock { isHolding ? generation : nil }
    guard let current else { return }
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.3) { [self] in
      guard lock.withLock({ isHolding && generation == current }) else { return }
      Task { await self.release() }
    }
  }

  /// Shows what is held, with names; called once more when the run has ended.
  public func release() async {
    let text = lock.withLock { () -> [UInt8] in
      defer {
        held = []
        isHolding = false
        line = []
      }
      return held
    }
    guard !text.isEmpty else { return }
    let report = PanicReport(String(decoding: text, as: UTF8.self))
    guard let symbolizer else { return write(text) }
    write(Array(await report.symbolised(by: symbolizer).utf8))
  }
}
