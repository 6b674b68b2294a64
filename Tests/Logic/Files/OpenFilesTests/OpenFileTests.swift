import FileFixture
import FileSystemFormat
import LinuxABI
import OpenFiles
import Testing
import VirtualFileSystem

@Test func aDescriptionIsSharedAndADescriptorIsNot() throws {
  let station = try Station()
  let first = try station.open("/etc/motd")
  let second = try station.files.duplicate(first, for: station.caller)
  #expect(first == 0 && second == 1)
  #expect(try station.read(first, 2) == "he")
  #expect(try station.read(second, 2) == "ll")
  let child = try station.fork(process: 8)
  try station.close(first)
  #expect(refusal { () throws(ErrorNumber) in try station.read(first) } == .badDescriptor)
  let parent = station.caller
  station.caller = child
  #expect(try station.read(first, 1) == "o")
  station.caller = parent
  #expect(try station.read(second) == "")
  #expect(try station.open("/etc/motd") == 0)  // the lowest free number
}

@Test func descriptorsAreDuplicatedTo() throws {
  let station = try Station()
  let number = try station.open("/etc/motd")
  #expect(try station.files.duplicate(number, to: 700, mayBeSame: true, for: station.caller) == 700)
  #expect(try station.read(700) == "hello")
  #expect(refusal { () throws(ErrorNumber) in try station.read(699) } == .badDescriptor)
  #expect(try station.files.duplicate(0, to: 0, mayBeSame: true, for: station.caller) == 0)
  let same = refusal { () throws(ErrorNumber) in
    try station.files.duplicate(0, to: 0, mayBeSame: false, for: station.caller)
  }
  #expect(same == .invalidArgument)
  let far = refusal { () throws(ErrorNumber) in
    try station.files.duplicate(0, to: 1_024, mayBeSame: true, for: station.caller)
  }
  #expect(far == .badDescriptor)
  #expect(try station.files.control(0, .duplicate, 10, for: station.caller) == 10)
  #expect(try station.files.control(0, .duplicateCloseOnExec, 10, for: station.caller) == 11)
  #expect(try station.files.control(11, .getDescriptorFlags, 0, for: station.caller) == 1)
  station.files.closeForExecution(station.caller.files)
  #expect(refusal { () throws(ErrorNumber) in try station.read(11) } == .badDescriptor)
  #expect(try station.read(10) == "")
}

@Test func flagsAreAskedAndSet() throws {
  let station = try Station()
  let number = try station.open("/file", [.create, .readWrite, .append, .closeOnExec])
  #expect(try station.files.control(number, .getStatusFlags, 0, for: station.caller) == 0o2002)
  _ = try station.files.control(number, .setStatusFlags, 0o4001, for: station.caller)
  #expect(try station.files.control(number, .getStatusFlags, 0, for: station.caller) == 0o4002)
  #expect(try station.files.control(number, .getDescriptorFlags, 0, for: station.caller) == 1)
  let readOnly = try station.open("/file")
  #expect(refusal { () throws(ErrorNumber) in try station.write("x", to: readOnly) } == .badDescriptor)
  let place = try station.open("/file", .path)
  #expect(refusal { () throws(ErrorNumber) in try station.read(place) } == .badDescriptor)
  #expect(refusal { () throws(ErrorNumber) in try station.open("/etc", .writeOnly) } == .isDirectory)
  #expect(refusal { () throws(ErrorNumber) in try station.open("/file", .directory) } == .notDirectory)
}

@Test func positionsMoveAsAsked() throws {
  let station = try Station()
  let number = try station.open("/file", [.create, .readWrite])
  #expect(try station.write("0123456789", to: number) == 10)
  #expect(try station.files.seek(number, -3, from: .end, for: station.caller) == 7)
  #expect(try station.read(number) == "789")
  #expect(try station.files.seek(number, -8, from: .current, for: station.caller) == 2)
  #expect(
    refusal { () throws(ErrorNumber) in
      try station.files.seek(number, -3, from: .current, for: station.caller)
    } == .invalidArgument)
  #expect(try station.files.seek(number, 3, from: .hole, for: station.caller) == 10)
  #expect(
    refusal { () throws(ErrorNumber) in
      try station.files.seek(number, 10, from: .data, for: station.caller)
    } == .noSuchDeviceOrAddress)
  _ = try station.files.seek(number, 5_000, from: .start, for: station.caller)
  _ = try station.write("x", to: number)
  #expect(try station.information("/file").size == 5_001)
}

@Test func appendingWritesAtTheEnd() throws {
  let station = try Station()
  try station.put("one", in: "/file")
  let number = try station.open("/file", [.append, .writeOnly])
  _ = try station.write("two", to: number)
  #expect(try station.content(of: "/file") == "onetwo")
}

@Test func readingAndWritingAtAPlaceLeavesThePosition() throws {
  let station = try Station()
  let number = try station.open("/file", [.create, .readWrite])
  _ = try station.write("0123456789", to: number)
  let written = try station.files.write(number, at: 2, bytes("ab").span, for: station.caller)
  #expect(written == .done(2))
  var buffer = [UInt8](repeating: 0, count: 4)
  var span = buffer.mutableSpan
  let read = try station.files.read(number, at: 1, into: &span, for: station.caller)
  #expect(read == .done(4) && buffer == bytes("1ab4"))
  #expect(try station.read(number) == "")
}

@Test func aRemovedFileLivesWhileItIsOpen() throws {
  let station = try Station()
  let before = try station.files.fileSystem(of: station.files.node(bytes("/").span, for: station.caller))
  try station.put("still here", in: "/file")
  let number = try station.open("/file")
  try station.remove("/file")
  #expect(try station.read(number) == "still here")
  #expect(try station.readLink("/proc/self/fd/\(number)") == "(deleted)")
  try station.close(number)
  let after = try station.files.fileSystem(of: station.files.node(bytes("/").span, for: station.caller))
  #expect(after.freeBlocks == before.freeBlocks && after.freeFiles == before.freeFiles)
}

@Test func aNamelessFileGoesWhenItIsClosed() throws {
  let station = try Station()
  let root = try station.files.node(bytes("/").span, for: station.caller)
  let before = station.files.fileSystem(of: root)
  let number = try station.open("/etc", [.nameless, .directory, .readWrite])
  _ = try station.write("secret", to: number)
  _ = try station.files.seek(number, 0, from: .start, for: station.caller)
  #expect(try station.read(number) == "secret")
  try station.close(number)
  #expect(station.files.fileSystem(of: root).freeFiles == before.freeFiles)
}

@Test func limitsAreErrorsAndNothingIsLost() throws {
  var limits = FileLimits()
  limits.openFiles = 20
  limits.pipes = 3
  let station = try Station(limits: limits)
  for _ in 0..<20 { _ = try station.open("/etc/motd") }
  #expect(
    refusal { () throws(ErrorNumber) in try station.open("/new", .create) } == .tooManyOpenFilesInSystem)
  #expect(refusal { () throws(ErrorNumber) in try station.information("/new") } == .noSuchFile)
  for number in 0..<20 { try station.close(Int32(number)) }
  for _ in 0..<3 { _ = try station.files.makePipe([], for: station.caller) }
  #expect(
    refusal { () throws(ErrorNumber) in _ = try station.files.makePipe([], for: station.caller) }
      == .tooManyOpenFilesInSystem)
  for number in 0..<1_018 { _ = try station.files.duplicate(Int32(number % 6), for: station.caller) }
  #expect(refusal { () throws(ErrorNumber) in try station.open("/etc/motd") } == .tooManyOpenFiles)
  #expect(
    refusal { () throws(ErrorNumber) in try station.files.duplicate(0, for: station.caller) }
      == .tooManyOpenFiles)
}

@Test func devicesAnswer() throws {
  let station = try Station()
  let null = try station.open("/dev/null", .readWrite)
  #expect(try station.read(null) == "" && station.write("abc", to: null) == 3)
  let zero = try station.open("/dev/zero")
  #expect(try station.read(zero, 3) == "\0\0\0")
  let full = try station.open("/dev/full", .writeOnly)
  #expect(refusal { () throws(ErrorNumber) in try station.write("x", to: full) } == .noSpace)
  let random = try station.open("/dev/urandom")
  #expect(try station.outcome(ofRead: random, 64).1 != station.outcome(ofRead: random, 64).1)
  let memory = try station.open("/dev/memstat")
  #expect(
    try station.outcome(ofRead: memory).0
      == .text(TextSource(entry: .memoryStatistics, process: 0), position: 0))
  try station.makeNode("/mynull", mode: 0o020666, device: 0x103)
  #expect(try station.content(of: "/mynull") == "")
  #expect(try station.information("/mynull").deviceNumber == 0x103)
  #expect(refusal { () throws(ErrorNumber) in try station.makeNode("/d", mode: 0o040755) } == .notPermitted)
  try station.makeNode("/unknown", mode: 0o020666, device: 0x9999)
  #expect(refusal { () throws(ErrorNumber) in try station.open("/unknown") } == .noSuchDeviceOrAddress)
}
