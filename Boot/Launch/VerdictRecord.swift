import ABI

/// The last line that a kernel writes to the debug port: how the run ended, in its own words.
public struct VerdictRecord: Equatable, Sendable {
  /// The way in which the run ended.
  public var verdict: Verdict
  /// The status that came with it; a program's, for a pass.
  public var status: Int32

  /// Finds the last complete record in what was written to the debug port, if there is one.
  ///
  /// The text before may be anything: an interrupted line, the escape sequences of an emulator's screen.
  public init?(in text: String) {
    let prefix = String(describing: VerdictChannel.recordPrefix)
    guard let mark = text.ranges(of: prefix).last else { return nil }
    let line = text[mark.upperBound...].prefix { $0 != "\n" && $0 != "\r" && $0 != "\r\n" && $0 != "\u{1B}" }
    let words = line.split(separator: " ")
    guard words.count == 2, let status = Int32(words[1]),
      let verdict = Verdict.allCases.first(where: { String(describing: $0.name) == words[0] })
    else { return nil }
    self.verdict = verdict
    self.status = status
  }

  /// A record with known content.
  public init(verdict: Verdict, status: Int32) {
    self.verdict = verdict
    self.status = status
  }
}
