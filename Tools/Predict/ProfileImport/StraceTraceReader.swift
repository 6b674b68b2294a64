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
// Only the start and the end of a line are read: what stands between, the arguments, may hold anything. A call is
// counted when it returns, so a call a thread dies in is counted as 0 seconds long where its line says `= ?`.

/// Adds up a trace of single calls.
struct StraceTraceReader {
  private(set) var tally = CallTally()
  private(set) var firstTime = Double.infinity
  private(set) var lastTime = -Double.infinity
  private var threads: Set<Int> = []
  private var sawCall = false
  /// Calls that began and whose end is still to come, or lies beyond the end of a cut file.
  private(set) var unfinished = 0

  /// Threads that appear in the trace, at least 1.
  var threadCount: Int { max(1, threads.count) }

  /// Takes one line.
  mutating func take(_ line: UnsafeRawBufferPointer, number: Int, place: String) throws(InputError) {
    var scanner = LineScanner(line)
    scanner.skipSpaces()
    guard !scanner.isAtEnd else { return }
    // What strace itself says, such as "strace: Process 4711 attached".
    if scanner.take("strace: ") { return }
    func refuse(_ allowed: String) -> InputError {
      InputError(
        place, line: number, column: scanner.index + 1, found: scanner.wordHere, allowed: allowed)
    }
    if scanner.take("[pid") {
      scanner.skipSpaces()
      guard let thread = scanner.takeInteger(), scanner.take("] ") else { throw refuse("[pid NUMBER]") }
      threads.insert(thread)
      scanner.skipSpaces()
    }
    guard var time = scanner.takeDecimal() else { throw refuse("a time stamp as strace -ttt writes it") }
    if scanner.byte == 32, time == time.rounded(), time < 1e8 {
      // A whole number in front is the thread; the time stamp has a point and follows.
      threads.insert(Int(time))
      scanner.skipSpaces()
      guard let stamp = scanner.takeDecimal() else { throw refuse("a time stamp as strace -ttt writes it") }
      time = stamp
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
    try takeEnd(of: line, name, at: time, resumed: resumed, number: number, place: place)
  }

  private mutating func takeEnd(
    of line: UnsafeRawBufferPointer, _ name: Range<Int>, at time: Double, resumed: Bool, number: Int,
    place: String
  ) throws(InputError) {
    var stop = line.count
    while stop > 0, line[stop - 1] == 32 { stop -= 1 }
    if Self.ends(line, stop, with: "<unfinished ...>") {
      unfinished += 1
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
    guard let record = tally.index(of: line, name) else {
      throw InputError(
        place, line: number, column: name.lowerBound + 1,
        found: "more than \(CallTally.mostNames) distinct names",
        allowed: "the trace of one program")
    }
    sawCall = true
    // The time stamp of a resumed call is its end already.
    lastTime = max(lastTime, resumed ? time : time + seconds)
    tally.add(record, seconds: seconds, bytes: Self.movesBytes(line, name) ? Self.result(line, closing) : 0)
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
  private static func result(_ line: UnsafeRawBufferPointer, _ stop: Int) -> Double {
    var index = stop - 1
    while index > 0, line[index] != 61 { index -= 1 }
    var scanner = LineScanner(line)
    scanner.index = index + 1
    scanner.skipSpaces()
    guard let value = scanner.takeInteger(), value < 1 << 40 else { return 0 }
    return Double(value)
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
