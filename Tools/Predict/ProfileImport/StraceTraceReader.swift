import SpeedupModel

// Lines of `strace -T -ttt`, with -f or -o FILE:
//
//     1795235290.312249 brk(NULL) = 0x558d1211d000 <0.000004>
//     [pid  4711] 1795235290.312249 read(3, "..."..., 4096) = 4096 <0.000012>
//     4711  1795235290.312249 read(3,  <unfinished ...>
//     4711  1795235290.412249 <... read resumed>"..."..., 4096) = 4096 <0.100000>
//     4711  1795235290.512249 --- SIGCHLD {si_signo=SIGCHLD, ...} ---
//     4711  1795235290.612249 +++ exited with 0 +++
//
// Without -o, strace says of a new process in the middle of the line of the call that made it:
//
//     1795235290.712249 clone(child_stack=NULL, flags=SIGCHLDstrace: Process 4712 attached
//      <unfinished ...>
//
// or goes on with the rest of the call, as `) = 4712 <0.000221>`. With -k lines of a stack follow, which begin with ` > `.
//
// Only the start and the end of a line are read: what stands between, the arguments, may hold anything. A call is
// counted when it returns, so a call a thread dies in is counted as 0 seconds long where its line says `= ?`.

/// Adds up a trace of single calls.
struct StraceTraceReader {
  private(set) var tally = CallTally()
  private(set) var clocks = ThreadClocks()
  private(set) var firstTime = Double.infinity
  private(set) var lastTime = -Double.infinity
  private var sawCall = false
  /// Calls that began and whose end is still to come, or lies beyond the end of a cut file.
  private(set) var unfinished = 0
  /// The call whose line another process's coming broke off.
  private var broken: Start?

  /// A call's name, and where and when its line began.
  private struct Start {
    var record: Int
    var movesBytes: Bool
    var makesThread: Bool
    var time: Double
    var thread: Int
    var resumed: Bool
  }

  /// Takes one line.
  mutating func take(_ line: UnsafeRawBufferPointer, number: Int, place: String) throws(InputError) {
    var scanner = LineScanner(line)
    scanner.skipSpaces()
    guard !scanner.isAtEnd else { return }
    // What strace itself says, such as "strace: Process 4711 attached", and the stacks of -k.
    if scanner.take("strace: ") || scanner.take("> ") { return }
    func refuse(_ allowed: String) -> InputError {
      InputError(
        place, line: number, column: scanner.index + 1, found: scanner.wordHere, allowed: allowed)
    }
    if let start = broken {
      broken = nil
      // Anything but the start of another line goes on with it, be it `0x7ffe, 0) = 0 <0.000004>`.
      if !Self.startsLine(scanner) {
        unfinished -= 1
        return try takeEnd(of: line, start, number: number, place: place)
      }
    }
    var thread = 0
    if scanner.take("[pid") {
      scanner.skipSpaces()
      guard let number = scanner.takeInteger(), scanner.take("] ") else { throw refuse("[pid NUMBER]") }
      thread = number
      scanner.skipSpaces()
    }
    let stamp = "a time stamp as strace -ttt writes it; with -o a program's own output does not mix in"
    guard var time = scanner.takeDecimal() else { throw refuse(stamp) }
    if scanner.byte == 32, time == time.rounded(), time < 1e8 {
      // A whole number in front is the thread; the time stamp has a point and follows.
      thread = Int(time)
      scanner.skipSpaces()
      guard let second = scanner.takeDecimal() else { throw refuse(stamp) }
      time = second
    }
    guard scanner.byte == 32 else { throw refuse("a time stamp in seconds with a point, then a space") }
    scanner.skipSpaces()
    firstTime = min(firstTime, time)
    lastTime = max(lastTime, time)
    if scanner.take("---") || scanner.take("+++") { return }
    let resumed = scanner.take("<... ")
    let name = scanner.takeName()
    guard !name.isEmpty else { throw refuse("the name of a system call") }
    if resumed {
      guard scanner.take(" resumed>") else { throw refuse("\" resumed>\"") }
      unfinished -= 1
    } else if scanner.byte != 40 {
      throw refuse("\"(\" after the name of a system call")
    }
    guard let record = tally.index(of: line, name) else {
      throw InputError(
        place, line: number, column: name.lowerBound + 1,
        found: "more than \(CallTally.mostNames) distinct names",
        allowed: "the trace of one program")
    }
    let start = Start(
      record: record, movesBytes: Self.movesBytes(line, name), makesThread: Self.makesThread(line, name),
      time: time, thread: clocks.thread(numbered: thread), resumed: resumed)
    if !resumed { clocks.begin(start.thread, at: time) }
    try takeEnd(of: line, start, number: number, place: place)
  }

  private mutating func takeEnd(
    of line: UnsafeRawBufferPointer, _ start: Start, number: Int, place: String
  ) throws(InputError) {
    var stop = line.count
    while stop > 0, line[stop - 1] == 32 { stop -= 1 }
    if Self.ends(line, stop, with: "<unfinished ...>") {
      unfinished += 1
      return
    }
    if Self.ends(line, stop, with: " attached"), Self.isBrokenOff(line, stop) {
      unfinished += 1
      broken = start
      return
    }
    func refuse(_ column: Int, _ found: String) -> InputError {
      InputError(
        place, line: number, column: column + 1, found: found,
        allowed: "\"<SECONDS>\" at the end, as strace -T writes it")
    }
    var seconds = 0.0
    var closing = stop
    if stop > 0, line[stop - 1] == 62 {
      var opening = stop - 1
      while opening > 0, line[opening] != 60 { opening -= 1 }
      var scanner = LineScanner(line)
      scanner.index = opening + 1
      guard let value = scanner.takeDecimal(), scanner.index == stop - 1 else {
        throw refuse(opening, scanner.wordHere)
      }
      seconds = value
      closing = opening
    } else if !Self.ends(line, stop, with: "= ?") {
      throw refuse(max(0, stop - 1), "a line that ends without a time")
    }
    sawCall = true
    // The time stamp of a resumed call is its end already.
    let end = start.resumed ? start.time : start.time + seconds
    lastTime = max(lastTime, end)
    clocks.end(start.thread, at: end)
    let result = start.movesBytes || start.makesThread ? Self.result(line, closing) : 0
    if start.makesThread, result > 0 { clocks.expect(result, from: end) }
    guard tally.add(start.record, seconds: seconds, bytes: start.movesBytes ? Double(result) : 0) else {
      throw InputError(
        place, line: number, column: closing + 1, found: "one call too many or too long",
        allowed: CallTally.most)
    }
  }

  /// Whether a line of its own begins here: with `[pid 4711]`, or with a time stamp, after a number or not.
  private static func startsLine(_ scanner: LineScanner) -> Bool {
    var scanner = scanner
    if scanner.take("[pid") { return true }
    guard scanner.takeInteger() != nil else { return false }
    if scanner.byte == 32 {
      scanner.skipSpaces()
      guard scanner.takeInteger() != nil else { return false }
    }
    return scanner.take(".") && scanner.takeInteger() != nil && scanner.byte == 32
  }

  /// Whether a line that ends in " attached" holds what strace says of a new process.
  private static func isBrokenOff(_ line: UnsafeRawBufferPointer, _ stop: Int) -> Bool {
    var index = stop - " attached".utf8.count
    while index > 0, line[index - 1] >= 48, line[index - 1] <= 57 { index -= 1 }
    return ends(line, index, with: "strace: Process ")
  }

  /// Whether the result of the call is the number of a new process or thread.
  private static func makesThread(_ line: UnsafeRawBufferPointer, _ name: Range<Int>) -> Bool {
    let scanner = LineScanner(line)
    return scanner.holds("clone", at: name) || scanner.holds("clone3", at: name)
      || scanner.holds("fork", at: name) || scanner.holds("vfork", at: name)
  }

  /// Whether the result of the call is the number of bytes it moved.
  private static func movesBytes(_ line: UnsafeRawBufferPointer, _ name: Range<Int>) -> Bool {
    // read, readv, pread64, preadv, write, writev, pwrite64, recvfrom, recvmsg, sendto, sendmsg, getdents64, ...
    guard name.count >= 4 else { return false }
    let first = line[name.lowerBound]
    let second = line[name.lowerBound + 1]
    let third = line[name.lowerBound + 2]
    let fourth = line[name.lowerBound + 3]
    switch (first, second, third, fourth) {
    case (114, 101, 97, 100), (112, 114, 101, 97), (119, 114, 105, 116), (112, 119, 114, 105),
      (114, 101, 99, 118),
      (115, 101, 110, 100), (103, 101, 116, 100), (103, 101, 116, 114), (99, 111, 112, 121):
      return true
    default: return false
    }
  }

  /// The number behind the last `= ` before `stop`, or 0.
  private static func result(_ line: UnsafeRawBufferPointer, _ stop: Int) -> Int {
    var index = stop - 1
    while index > 0, line[index] != 61 { index -= 1 }
    var scanner = LineScanner(line)
    scanner.index = index + 1
    scanner.skipSpaces()
    guard let value = scanner.takeInteger(), value < 1 << 40 else { return 0 }
    return value
  }

  private static func ends(_ line: UnsafeRawBufferPointer, _ stop: Int, with text: StaticString) -> Bool {
    var scanner = LineScanner(line)
    scanner.index = stop - text.utf8CodeUnitCount
    return scanner.index >= 0 && scanner.take(text)
  }

  /// Checks that the trace held calls.
  func finish(place: String, lines: Int) throws(InputError) {
    guard sawCall else {
      throw InputError(
        place, line: lines, found: "no finished system call", allowed: "the output of strace -T -ttt")
    }
  }
}
