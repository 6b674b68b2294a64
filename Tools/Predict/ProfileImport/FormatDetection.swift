import SpeedupModel

extension ProfileFormat {
  /// The format of the file at `path`, from its first lines.
  public static func detect(path: String) throws(InputError) -> ProfileFormat {
    try detect(LineSource(path: path))
  }

  static func detect(_ source: LineSource) throws(InputError) -> ProfileFormat {
    var read = 0
    while read < 10_000, let line = try source.next() {
      read += 1
      let text = String(decoding: line.prefix(200), as: UTF8.self)
      let words = text.split(separator: " ", omittingEmptySubsequences: true)
      guard let first = words.first else { continue }
      if first.hasPrefix("{") || first.hasPrefix("\u{FEFF}{") { return .json }
      // -c and -c -w print the same table; the user must say which.
      if text.hasPrefix("% time") { return .straceSummary }
      if text.contains("Summary of events:") { return .perfSummary }
      if first == "real", words.count == 2 { return .time }
      if looksLikeTrace(words) { return .straceTrace }
    }
    throw InputError(
      source.place, found: "nothing known in the first \(read) lines",
      allowed: "what strace -c, strace -T -ttt, perf trace -s or time -p writes, or --format with one of "
        + ProfileFormat.allCases.map(\.rawValue).joined(separator: ", "))
  }

  private static func looksLikeTrace(_ words: [Substring]) -> Bool {
    words.prefix(3).contains { word in
      let parts = word.split(separator: ".")
      return parts.count == 2 && parts[0].count >= 9 && parts[1].count == 6
        && parts.allSatisfy { $0.allSatisfy(\.isNumber) }
    }
  }
}
