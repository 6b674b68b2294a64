import HostSupport

/// A kernel's panic report, in which addresses of code are given names.
///
/// Lines stay as the kernel wrote them. An address of the kernel's code gets its function and place behind the line if
/// it is the only one there, and lines below otherwise; inlined calls follow, innermost first.
public struct PanicReport: Sendable {
  /// Where a report starts.
  public static let mark = "panic:"

  /// The lines with their line ends.
  private let lines: [Substring]

  /// A report, or any other text with addresses in it.
  public init(_ text: String) {
    var lines: [Substring] = []
    var rest = text[...]
    while let end = rest.firstIndex(where: \.isNewline) {
      let next = rest.index(after: end)
      lines.append(rest[..<next])
      rest = rest[next...]
    }
    if !rest.isEmpty { lines.append(rest) }
    self.lines = lines
  }

  /// An address as it stands in a line, and the one to look up for it.
  struct Mention: Equatable {
    /// The value in the line.
    var address: UInt64
    /// What is looked up: for a return address the call before it, because the next instruction may belong to another
    /// line or even another function.
    var lookup: UInt64
  }

  /// The addresses in a line: `0x` and hexadecimal digits, each value once.
  static func mentions(in line: Substring) -> [Mention] {
    var found: [Mention] = []
    // `  #N 0x…` is a line of a backtrace; from #1 on the addresses are return addresses.
    let words = line.split(whereSeparator: { $0 == " " || $0.isNewline })
    let isReturn =
      line.hasPrefix("  #") && words.count == 2 && words[0].dropFirst().allSatisfy(\.isNumber)
      && words[0] != "#0"
    var rest = line
    while let mark = rest.firstRange(of: "0x") {
      let digits = rest[mark.upperBound...].prefix(while: \.isHexDigit)
      if let address = UInt64(digits, radix: 16), !found.contains(where: { $0.address == address }) {
        found.append(Mention(address: address, lookup: isReturn && address > 0 ? address - 1 : address))
      }
      rest = rest[digits.endIndex...]
    }
    return found
  }

  /// The report with names; as it was if the symbolizer fails.
  public func symbolised(by symbolizer: Symbolizer) async -> String {
    let wanted = lines.flatMap(Self.mentions).filter { symbolizer.covers($0.address) }.map(\.lookup)
    guard !wanted.isEmpty, let frames = try? await symbolizer.frames(at: wanted) else {
      return lines.joined()
    }
    return annotated { mention in symbolizer.covers(mention.address) ? frames[mention.lookup] ?? [] : [] }
  }

  /// The report with the frames that `frames` knows for each mention.
  func annotated(_ frames: (Mention) -> [Symbolizer.Frame]) -> String {
    lines.map { line -> String in
      let known = Self.mentions(in: line).map { ($0, frames($0)) }.filter { !$0.1.isEmpty }
      guard !known.isEmpty else { return String(line) }
      let end = line.last.map { $0.isNewline ? String($0) : "" } ?? ""
      let body = end.isEmpty ? String(line) : String(line.dropLast())
      if known.count == 1 {
        let texts = Self.texts(known[0].1)
        return body + " " + texts[0] + end
          + texts.dropFirst().map { "       \($0)\(end.isEmpty ? "\n" : end)" }.joined()
      }
      let separator = end.isEmpty ? "\n" : end
      return body + separator
        + known.flatMap { mention, frames in
          Self.texts(frames).enumerated().map { index, text in
            index == 0 ? "     0x\(String(mention.address, radix: 16)) \(text)" : "       \(text)"
          }
        }.map { $0 + separator }.joined()
    }.joined()
  }

  /// One text per frame; Swift's reason for a trap goes before the place where it happened.
  static func texts(_ frames: [Symbolizer.Frame]) -> [String] {
    let reason = frames.first?.trapReason
    let calls = frames.filter { $0.trapReason == nil }
    var texts = calls.enumerated().map { index, frame in
      let place = frame.place.isEmpty ? "" : " at \(frame.place)"
      return index == 0 ? "in \(frame.function)\(place)" : "inlined into \(frame.function)\(place)"
    }
    if let reason { texts.insert("trap: \(reason)", at: 0) }
    return texts.isEmpty ? ["in ?"] : texts
  }
}
