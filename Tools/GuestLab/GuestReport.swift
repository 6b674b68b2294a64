/// What guests and their host said, read.

/// A line of the Test Anything Protocol.
public struct TestLine: Equatable, Sendable {
  /// Whether the behaviour is as it should be, or was not looked at.
  public var isRight: Bool
  /// The behaviour; behind ` # SKIP ` why it was not looked at.
  public var name: String
  /// More about a failure.
  public var detail = ""

  /// Whether it was not looked at.
  public var isSkipped: Bool { name.contains(" # SKIP ") }
}

/// Reads the console of a run.
public enum GuestReport {
  /// The tests that a guest survived: its own lines, and a failure more if its plan does not fit them.
  public static func tests(in console: String) -> [TestLine] {
    var lines: [TestLine] = []
    var plan: Int?
    for line in console.split(whereSeparator: \.isNewline) {
      if line.hasPrefix("1..") { plan = Int(line.dropFirst(3)) }
      let isRight = line.hasPrefix("ok ")
      guard isRight || line.hasPrefix("not ok "), let dash = line.firstRange(of: " - ") else { continue }
      lines.append(TestLine(isRight: isRight, name: String(line[dash.upperBound...])))
    }
    if plan != lines.count {
      lines.append(
        TestLine(
          isRight: false, name: "all tests of the guest came to an end",
          detail: "\(lines.count) lines, plan \(plan.map(String.init) ?? "missing")"))
    }
    return lines
  }

  /// The ways to end a guest: each start says what it expects of the host, whose next report must say that.
  public static func ends(in console: String) -> [TestLine] {
    var lines: [TestLine] = []
    var expected: String?
    var isWhole = false
    for line in console.split(whereSeparator: \.isNewline) {
      if line.hasPrefix("# expects: ") { expected = String(line.dropFirst(11)) }
      if line.hasPrefix("# cases ") {
        isWhole = Int(line.dropFirst(8)) == lines.count
      }
      guard line.contains(" guest: killed: ") || line.contains(" guest: ended: "), let wanted = expected
      else { continue }
      let isRight =
        line.contains("guest: killed: \(wanted)") && line.contains(", at 0x")
      lines.append(
        TestLine(
          isRight: isRight, name: "a guest is ended: \(reason(in: line, wanted))",
          detail: isRight ? "" : "expected: \(wanted); the host: \(line)"))
      expected = nil
    }
    if !isWhole { lines.append(TestLine(isRight: false, name: "all ways to end a guest were tried")) }
    return lines
  }

  /// The host's report without the time and the place.
  private static func reason(in line: Substring, _ wanted: String) -> String {
    guard let start = line.firstRange(of: "killed: "), let end = line.firstRange(of: ", at 0x") else {
      return wanted
    }
    return String(line[start.upperBound..<end.lowerBound])
  }

  /// What a series of starts came to.
  public struct Series: Equatable, Sendable {
    /// How often the guest was started.
    public var starts = 0
    /// How often the host ended it.
    public var killed = 0
    /// How many of those were not over in time.
    public var outlived = 0
    /// Frames that were free after the first start.
    public var framesBefore = 0
    /// Frames that were free after the last.
    public var framesAfter = 0
    /// Calls that the guests made.
    public var calls = 0
    /// Times that the host looked through the shadow tables.
    public var audits = 0

    /// A series of its numbers.
    public init(
      starts: Int = 0, killed: Int = 0, outlived: Int = 0, framesBefore: Int = 0, framesAfter: Int = 0,
      calls: Int = 0,
      audits: Int = 0
    ) {
      (self.starts, self.killed, self.outlived) = (starts, killed, outlived)
      (self.calls, self.audits) = (calls, audits)
      (self.framesBefore, self.framesAfter) = (framesBefore, framesAfter)
    }
  }

  /// The series in a console, by their modules' order of ending.
  public static func series(in console: String) -> [Series] {
    var all: [Series] = []
    for line in console.split(whereSeparator: \.isNewline) {
      guard let title = line.firstRange(of: " guest: series of guest ") else { continue }
      // The numbers behind it, in order.
      let text = line[title.upperBound...]
      let numbers = text.split { !$0.isNumber }.compactMap { Int($0) }
      if line.contains(" starts, "), numbers.count == 6 {
        all.append(
          Series(
            starts: numbers[1], killed: numbers[2], outlived: numbers[3], framesBefore: numbers[4],
            framesAfter: numbers[5]))
      } else if line.contains(" calls, "), numbers.count == 6, !all.isEmpty {
        all[all.count - 1].calls = numbers[1]
        all[all.count - 1].audits = numbers[5]
      }
    }
    return all
  }

  /// What the neighbour said at each of its ends: by how many microseconds it woke late at most; `nil` if its memory was
  /// not whole.
  public static func canaries(in console: String) -> [Int?] {
    console.split(whereSeparator: \.isNewline).filter { $0.contains("canary: ") }.map { line in
      guard line.contains("canary: whole"), let by = line.firstRange(of: " by ") else { return nil }
      return Int(line[by.upperBound...].prefix { $0.isNumber })
    }
  }
}
