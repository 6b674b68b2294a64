import FileFixture
import LinuxABI
import OpenFiles
import Testing
import VirtualFileSystem

@Test func aPipeWakesItsOtherSide() throws {
  let station = try Station()
  let (read, write) = try station.files.makePipe([], for: station.caller)
  guard case .wait(let channel, 0) = try station.outcome(ofRead: read).0 else {
    Issue.record("an empty pipe was read")
    return
  }
  #expect(station.wakeups() == [])
  #expect(try station.write("abc", to: write) == 3)
  #expect(station.wakeups() == [channel.rawValue])
  #expect(try station.read(read) == "abc")
  #expect(station.files.readiness(read, [.input, .output], for: station.caller) == [])
  let large = String(repeating: "x", count: 70_000)
  #expect(try station.write(large, to: write) == 65_536)
  guard case .wait(let full, 0) = try station.outcome(ofWrite: "y", to: write) else {
    Issue.record("a full pipe was written")
    return
  }
  #expect(station.files.readiness(write, .output, for: station.caller) == [])
  _ = station.wakeups()
  _ = try station.read(read)
  #expect(station.wakeups() == [full.rawValue])
  try station.close(write)
  #expect(station.wakeups() == [channel.rawValue])
  #expect(station.files.readiness(read, .input, for: station.caller) == [.input, .hangUp])
  while try station.read(read) != "" {}
}

@Test func onlyPipesThatAreWaitedForGoTheShortWay() throws {
  let station = try Station()
  let (read, write) = try station.files.makePipe([], for: station.caller)
  let (other, _) = try station.files.makePipe(.nonBlocking, for: station.caller)
  func isShort(_ number: Int32, writes: Bool) -> Bool {
    let pipe = station.files.quickPipe(number, of: station.caller.files, writes: writes)
    return pipe != nil
  }
  #expect(isShort(read, writes: false))
  #expect(isShort(write, writes: true))
  #expect(!isShort(read, writes: true))
  #expect(!isShort(write, writes: false))
  #expect(!isShort(other, writes: false))
  for number in [-1, 900, .max, .min] as [Int32] { #expect(!isShort(number, writes: false)) }
}

@Test func aCallThatWaitsKeepsItsPipeOpen() throws {
  let station = try Station()
  let (read, write) = try station.files.makePipe([], for: station.caller)
  let found = station.files.quickPipe(read, of: station.caller.files, writes: false)
  let pipe = try #require(found)
  pipe.hold()
  let first = station.files.release(pipe)
  #expect(!first)
  pipe.hold()
  try station.close(read)
  // Somebody waits to read, so it is not broken.
  #expect(try station.write("x", to: write) == 1)
  _ = station.wakeups()
  let channel = pipe.writeChannel.rawValue
  let second = station.files.release(pipe)
  #expect(second)
  #expect(station.wakeups() == [channel])
  #expect(refusal { () throws(ErrorNumber) in try station.write("x", to: write) } == .brokenPipe)
}

@Test func writingToAPipeThatNobodyReadsFails() throws {
  let station = try Station()
  let (read, write) = try station.files.makePipe(.nonBlocking, for: station.caller)
  #expect(refusal { () throws(ErrorNumber) in try station.read(read) } == .tryAgain)
  #expect(
    refusal { () throws(ErrorNumber) in try station.files.seek(read, 0, from: .start, for: station.caller) }
      == .illegalSeek)
  let child = try station.fork(process: 8)
  try station.close(read)
  #expect(try station.write("x", to: write) == 1)  // the child still has it
  station.files.releaseFiles(child.files)
  #expect(refusal { () throws(ErrorNumber) in try station.write("x", to: write) } == .brokenPipe)
  #expect(station.files.readiness(write, [], for: station.caller) == .error)
}

@Test func aNamedPipeIsOpenedByBothSides() throws {
  let station = try Station()
  try station.makeNode("/fifo", mode: 0o010644)
  #expect(
    refusal { () throws(ErrorNumber) in try station.open("/fifo", [.writeOnly, .nonBlocking]) }
      == .noSuchDeviceOrAddress)
  guard
    case .wait(let read, let channel) = try station.files.open(
      bytes("/fifo").span, [], mode: 0, for: station.caller)
  else {
    Issue.record("a named pipe was opened by one side")
    return
  }
  #expect(try station.files.finishOpening(read, for: station.caller) == channel)
  _ = station.wakeups()
  let write = try station.open("/fifo", .writeOnly)
  #expect(station.wakeups().contains(channel.rawValue))
  // The writer may come and go before the reader looks.
  #expect(try station.write("quick", to: write) == 5)
  try station.close(write)
  #expect(try station.files.finishOpening(read, for: station.caller) == nil)
  #expect(try station.read(read) == "quick")
  #expect(try station.read(read) == "")
  try station.close(read)
  let both = try station.open("/fifo", .readWrite)
  #expect(station.files.readiness(both, [.input, .output], for: station.caller) == .output)
}

@Test func theConsoleIsATerminal() throws {
  let station = try Station()
  #expect(refusal { () throws(ErrorNumber) in try station.open("/dev/tty") } == .noSuchDeviceOrAddress)
  let console = try station.open("/dev/console", .readWrite)
  let terminal = try station.open("/dev/tty", .readWrite)
  #expect(try station.control(terminal, .getForeground) == 7)
  #expect(try station.control(terminal, .getSession) == 7)
  guard case .wait(let channel, 0) = try station.outcome(ofRead: console).0 else {
    Issue.record("a terminal was read before a line was typed")
    return
  }
  #expect(station.type("ls\r") == [] && station.wakeups() == [channel.rawValue])
  #expect(station.files.readiness(terminal, .input, for: station.caller) == .input)
  #expect(try station.control(console, .readableCount) == 3)
  #expect(try station.read(console) == "ls\n")
  #expect(try station.write("a\nb", to: console) == 3)
  #expect(station.screen() == "ls\r\na\r\nb")
  #expect(station.type("\u{3}") == [GroupSignal(group: 7, signal: .interrupt)])
  let file = try station.open("/etc/motd")
  #expect(refusal { () throws(ErrorNumber) in try station.control(file, .getAttributes) } == .notTerminal)
  #expect(try station.control(file, .readableCount) == 5)
}

@Test func aProcessInTheBackgroundIsStopped() throws {
  let station = try Station()
  let console = try station.open("/dev/console", .readWrite)
  let shell = station.caller
  let job = try station.fork(process: 8, group: 8)
  #expect(try station.control(console, .setForeground, 8) == 8)
  #expect(try station.outcome(ofRead: console).0 == .signal(.terminalInput))
  #expect(try station.control(console, .setForeground, 7) == .max)  // SIGTTOU
  station.caller.ignoresOutputSignal = true
  station.caller.ignoresInputSignal = true
  #expect(refusal { () throws(ErrorNumber) in try station.read(console) } == .inputOutput)
  station.caller = job
  #expect(station.type("\u{1A}") == [GroupSignal(group: 8, signal: .terminalStop)])
  #expect(try station.write("x", to: console) == 1)
  station.caller = shell
  station.caller.ignoresOutputSignal = true
  #expect(try station.control(console, .setForeground, 7) == 7)
  #expect(station.files.endSession(7) == 7 && station.files.endSession(7) == nil)
}

@Test func aFullScreenMakesWritersWait() throws {
  let station = try Station()
  let console = try station.open("/dev/console", .readWrite)
  let text = String(repeating: "x", count: 10_000)
  let first = try station.write(text, to: console)
  #expect(first > 4_000 && first < 4_100)
  guard case .wait(let channel, 0) = try station.outcome(ofWrite: text, to: console) else {
    Issue.record("a full screen took more")
    return
  }
  #expect(station.files.readiness(console, .output, for: station.caller) == [] && station.files.hasOutput)
  _ = station.screen()
  #expect(station.wakeups() == [channel.rawValue])
}

@Test func whenTheDeviceIsGoneInputEnds() throws {
  let station = try Station()
  let console = try station.open("/dev/console", .readWrite)
  _ = station.type("last\r")
  station.files.endInput()
  #expect(try station.read(console) == "last\n")
  #expect(try station.read(console) == "")
}

@Test func processesAreFiles() throws {
  let station = try Station()
  let motd = try station.open("/etc/motd")
  let (read, _) = try station.files.makePipe([], for: station.caller)
  #expect(try station.list("/proc").suffix(3) == ["links", "guests", "7"])
  #expect(try station.list("/proc/self/fd").prefix(5) == [".", "..", "0", "1", "2"])
  #expect(try station.readLink("/proc/self") == "7")
  #expect(try station.readLink("/proc/self/fd/\(motd)") == "/etc/motd")
  #expect(try station.readLink("/proc/7/fd/\(read)") == "pipe:[0]")
  #expect(try station.readLink("/proc/self/cwd") == "/")
  #expect(refusal { () throws(ErrorNumber) in try station.readLink("/proc/self/exe") } == .noSuchFile)
  // A link of /proc leads to the file itself, with a position of its own.
  #expect(try station.read(motd, 3) == "hel")
  #expect(try station.content(of: "/dev/stdin") == "hello")
  #expect(try station.content(of: "/proc/self/cwd/etc/motd") == "hello")
  try station.remove("/etc/motd")
  #expect(try station.content(of: "/proc/self/fd/0") == "hello")
  let statistics = try station.open("/proc/self/stat")
  #expect(
    try station.outcome(ofRead: statistics).0
      == .text(TextSource(entry: .processStatistics, process: 7), position: 0))
  station.files.didRead(statistics, 10, for: station.caller)
  #expect(
    try station.outcome(ofRead: statistics).0
      == .text(TextSource(entry: .processStatistics, process: 7), position: 10))
  for name in ["/proc/8", "/proc/07", "/proc/x", "/proc/7/fd/9", "/proc/7/nothing"] {
    #expect(refusal { () throws(ErrorNumber) in try station.open(name) } == .noSuchFile)
  }
  #expect(refusal { () throws(ErrorNumber) in try station.open("/proc/uptime", .writeOnly) } == .accessDenied)
}

/// What is written to `/proc/guests` is the caller's to obey; other texts are not written to.
@Test func aCommandIsHandedOn() throws {
  let station = try Station()
  let number = try station.open("/proc/guests", [.readWrite, .create, .truncate])
  let command = FileOutcome.command(TextSource(entry: .guests, process: 0))
  #expect(try station.files.write(number, bytes("kill 1\n").span, for: station.caller) == command)
  #expect(try station.files.write(number, at: 5, bytes("kill 1\n").span, for: station.caller) == command)
  let node = try station.files.node(of: number, for: station.caller)
  #expect(try station.files.information(of: node).mode == 0o100644)
  let reader = try station.open("/proc/guests")
  #expect(
    refusal { () throws(ErrorNumber) in
      try station.files.write(reader, bytes("kill 1").span, for: station.caller)
    } == .badDescriptor)
  #expect(refusal { () throws(ErrorNumber) in try station.open("/proc/nodes", .writeOnly) } == .accessDenied)
}

@Test func aProgramIsHeldAndNamed() throws {
  let station = try Station()
  try station.put("program", in: "/bin/shell")
  let node = try station.files.node(bytes("/bin/shell").span, for: station.caller)
  let directory = try station.files.node(bytes("/bin").span, for: station.caller)
  station.files.setExecutable(node, in: directory, ofProcess: 7)
  #expect(try station.readLink("/proc/self/exe") == "/bin/shell")
  _ = try station.fork(process: 9)
  station.files.copyExecutable(fromProcess: 7, to: 9)
  try station.remove("/bin/shell")
  #expect(try station.content(of: "/proc/9/exe") == "program")
  station.files.removeProcess(7)
  #expect(try station.content(of: "/proc/9/exe") == "program")
  let root = try station.files.node(bytes("/").span, for: station.caller)
  let before = station.files.fileSystem(of: root).freeFiles
  station.files.endProcess(9)
  #expect(station.files.fileSystem(of: root).freeFiles == before + 1)
  #expect(refusal { () throws(ErrorNumber) in try station.open("/proc/9/fd/0") } == .noSuchFile)
  station.files.removeProcess(9)
  #expect(refusal { () throws(ErrorNumber) in try station.open("/proc/9") } == .noSuchFile)
}
