import SpeedupModel

// Tables of `strace -c`:
//
//     % time     seconds  usecs/call     calls    errors syscall
//     ------ ----------- ----------- --------- --------- ----------------
//      25.39    0.000372         371         1           execve
//     ------ ----------- ----------- --------- --------- ----------------
//     100.00    0.001465          50        29         1 total
//
// and the tables of `perf trace -s`, one for each thread:
//
//      true (6506), 58 events, 90.6%
//
//        syscall            calls  errors  total       min       avg       max       stddev
//                                          (msec)    (msec)    (msec)    (msec)        (%)
//        --------------- --------  ------ -------- --------- --------- ---------     ------
//        mmap                   8      0     0.111     0.012     0.014     0.021      7.30%

/// Adds up the table of `strace -c`.
struct StraceSummaryReader {
  private enum Part { case before, rows, after }
  private(set) var tally = CallTally()
  private var part = Part.before
  private var sawTotal = false

  /// Takes one line; lines before the table are the traced program's own output.
  mutating func take(_ line: UnsafeRawBufferPointer, number: Int, place: String) throws(InputError) {
    var scanner = LineScanner(line)
    scanner.skipSpaces()
    if scanner.take("------") {
      part = part == .before ? .rows : .after
      return
    }
    guard part != .before else { return }
    guard !scanner.isAtEnd else { return }
    func refuse(_ allowed: String) -> InputError {
      InputError(place, line: number, column: scanner.index + 1, found: scanner.wordHere, allowed: allowed)
    }
    guard scanner.takeDecimal() != nil else {
      if part == .after { return }
      throw refuse("a row of strace -c: per cent, seconds, microseconds a call, calls, errors, name")
    }
    scanner.skipSpaces()
    guard let seconds = scanner.takeDecimal(), scanner.byte == 32 else {
      throw refuse("seconds with a point")
    }
    scanner.skipSpaces()
    guard scanner.takeInteger() != nil, scanner.byte == 32 else { throw refuse("microseconds a call") }
    scanner.skipSpaces()
    guard let count = scanner.takeInteger(), scanner.byte == 32 else { throw refuse("a count of calls") }
    scanner.skipSpaces()
    if scanner.byte >= 48, scanner.byte <= 57 {
      guard scanner.takeInteger() != nil, scanner.byte == 32 else { throw refuse("a count of errors") }
      scanner.skipSpaces()
    }
    let name = scanner.takeName()
    guard !name.isEmpty, scanner.isAtEnd else { throw refuse("the name of a system call") }
    if part == .after {
      sawTotal = true
      return
    }
    guard let record = tally.index(of: line, name) else {
      throw refuse("at most \(CallTally.mostNames) distinct names")
    }
    guard tally.add(record, count: count, seconds: seconds) else {
      throw InputError(place, line: number, found: "one row too many or too long", allowed: CallTally.most)
    }
  }

  /// Checks that the table was whole.
  func finish(place: String, lines: Int) throws(InputError) {
    guard sawTotal else {
      throw InputError(
        place, line: lines, found: part == .before ? "no table" : "a table without its total",
        allowed: "the whole output of strace -c")
    }
  }
}

/// Adds up the tables of `perf trace -s`.
struct PerfSummaryReader {
  private(set) var tally = CallTally()
  private(set) var threadCount = 0
  private var isInTable = false

  /// Takes one line; lines outside tables are the traced program's own output.
  mutating func take(_ line: UnsafeRawBufferPointer, number: Int, place: String) throws(InputError) {
    var scanner = LineScanner(line)
    scanner.skipSpaces()
    if scanner.take("------") {
      isInTable = true
      threadCount += 1
      return
    }
    guard isInTable else { return }
    guard !scanner.isAtEnd else {
      isInTable = false
      return
    }
    func refuse(_ allowed: String) -> InputError {
      InputError(place, line: number, column: scanner.index + 1, found: scanner.wordHere, allowed: allowed)
    }
    let name = scanner.takeName()
    guard !name.isEmpty, scanner.byte == 32 else { throw refuse("the name of a system call") }
    scanner.skipSpaces()
    guard let count = scanner.takeInteger(), scanner.byte == 32 else { throw refuse("a count of calls") }
    scanner.skipSpaces()
    guard scanner.takeInteger() != nil, scanner.byte == 32 else { throw refuse("a count of errors") }
    scanner.skipSpaces()
    guard let milliseconds = scanner.takeDecimal(), scanner.byte == 32 else {
      throw refuse("milliseconds with a point")
    }
    guard let record = tally.index(of: line, name) else {
      throw refuse("at most \(CallTally.mostNames) distinct names")
    }
    guard tally.add(record, count: count, seconds: milliseconds / 1000) else {
      throw InputError(place, line: number, found: "one row too many or too long", allowed: CallTally.most)
    }
  }

  /// Checks that there was a table.
  func finish(place: String, lines: Int) throws(InputError) {
    guard threadCount > 0, !tally.records.isEmpty else {
      throw InputError(place, line: lines, found: "no table", allowed: "the output of perf trace -s")
    }
  }
}

/// Reads the three lines of `time -p`, which may follow the program's own output.
struct TimeReader {
  private(set) var real: Double?
  private(set) var user: Double?
  private(set) var system: Double?

  /// Takes one line.
  mutating func take(_ line: UnsafeRawBufferPointer, number: Int, place: String) throws(InputError) {
    var scanner = LineScanner(line)
    let name = scanner.takeName()
    guard name.count == 3 || name.count == 4, scanner.byte == 32 else { return }
    let word = scanner.text(name)
    guard ["real", "user", "sys"].contains(word) else { return }
    scanner.skipSpaces()
    let column = scanner.index + 1
    guard let value = scanner.takeDecimal(), scanner.isAtEnd else {
      scanner.index = column - 1
      throw InputError(
        place, line: number, column: column, found: scanner.wordHere, allowed: "seconds with a point, as 1.50"
      )
    }
    switch word {
    case "real": real = value
    case "user": user = value
    default: system = value
    }
  }

  /// Checks that all three lines were there.
  func finish(place: String, lines: Int) throws(InputError) {
    guard real != nil, user != nil, system != nil else {
      throw InputError(
        place, line: lines, found: "not all of real, user and sys", allowed: "the three lines of time -p")
    }
  }
}
