import FileFixture
import LinuxABI
import OpenFiles
import Testing
import VirtualFileSystem

@Test func mountsAreCrossedInBothDirections() throws {
  let station = try Station()
  #expect(try station.list("/").sorted() == [".", "..", "bin", "dev", "etc", "proc", "tmp"])
  try station.put("x", in: "/tmp/file")
  #expect(try station.content(of: "/dev/../tmp/../tmp/./file") == "x")
  #expect(try station.information("/tmp").device != station.information("/").device)
  #expect(try station.information("/tmp/..").inode == station.information("/").inode)
  #expect(try station.information("/").inode == station.information("/..").inode)
  #expect(refusal { () throws(ErrorNumber) in try station.remove("/tmp", isDirectory: true) } == .busy)
  #expect(refusal { () throws(ErrorNumber) in try station.rename("/tmp", to: "/tmp2") } == .busy)
  #expect(refusal { () throws(ErrorNumber) in try station.rename("/tmp/file", to: "/file") } == .crossDevice)
  #expect(refusal { () throws(ErrorNumber) in try station.link("/tmp/file", as: "/file") } == .crossDevice)
}

@Test func theWorkingDirectoryHasAPath() throws {
  let station = try Station()
  #expect(try station.workingDirectory() == "/")
  try station.makeDirectory("/tmp/a")
  try station.makeDirectory("/tmp/a/b")
  try station.changeDirectory("/tmp/a/b")
  #expect(try station.workingDirectory() == "/tmp/a/b")
  try station.put("x", in: "file")
  #expect(try station.content(of: "../b/file") == "x")
  try station.changeDirectory("../..")
  #expect(try station.workingDirectory() == "/tmp")
  #expect(refusal { () throws(ErrorNumber) in try station.workingDirectory(3) } == .outOfRange)
  try station.changeDirectory("/proc/7/fd")
  #expect(try station.workingDirectory() == "/proc/7/fd")
  try station.makeDirectory("/tmp/gone")
  try station.changeDirectory("/tmp/gone")
  try station.remove("/tmp/gone", isDirectory: true)
  #expect(refusal { () throws(ErrorNumber) in try station.workingDirectory() } == .noSuchFile)
  #expect(refusal { () throws(ErrorNumber) in try station.put("x", in: "new") } == .noSuchFile)
  try station.changeDirectory("/")
}

@Test func symbolicLinksAreFollowedAcrossMountsAndCircles() throws {
  let station = try Station()
  try station.symbolicLink("/etc/link", to: "../tmp/file")
  #expect(refusal { () throws(ErrorNumber) in try station.content(of: "/etc/link") } == .noSuchFile)
  try station.put("through", in: "/etc/link")  // a file is made where the link leads
  #expect(try station.content(of: "/tmp/file") == "through")
  #expect(try station.information("/etc/link", follow: false).mode & 0o170000 == 0o120000)
  #expect(try station.readLink("/etc/link") == "../tmp/file")
  #expect(
    refusal { () throws(ErrorNumber) in try station.open("/etc/link", .noFollow) } == .tooManySymbolicLinks)
  #expect(
    refusal { () throws(ErrorNumber) in try station.open("/etc/link", [.create, .exclusive]) } == .exists)
  try station.symbolicLink("/a", to: "b")
  try station.symbolicLink("/b", to: "a")
  #expect(refusal { () throws(ErrorNumber) in try station.open("/a") } == .tooManySymbolicLinks)
  try station.symbolicLink("/etc/up", to: "/tmp/")
  #expect(try station.content(of: "/etc/up/file") == "through")
  #expect(refusal { () throws(ErrorNumber) in try station.open("/tmp/file/") } == .notDirectory)
  #expect(refusal { () throws(ErrorNumber) in try station.open("") } == .noSuchFile)
  #expect(
    refusal { () throws(ErrorNumber) in try station.open(String(repeating: "a/", count: 3_000)) }
      == .nameTooLong)
  #expect(
    refusal { () throws(ErrorNumber) in try station.open(String(repeating: "n", count: 256)) } == .nameTooLong
  )
}

@Test func pathsBeginAtADirectorysDescriptor() throws {
  let station = try Station()
  let etc = try station.open("/etc", .directory)
  let motd = try station.files.node(bytes("motd").span, at: etc, for: station.caller)
  #expect(try station.files.information(of: motd).size == 5)
  let itself = try station.files.node([UInt8]().span, at: etc, emptyPath: true, for: station.caller)
  #expect(try station.files.information(of: itself).mode & 0o170000 == 0o040000)
  let file = try station.open("/etc/motd")
  #expect(
    refusal { () throws(ErrorNumber) in
      try station.files.node(bytes("x").span, at: file, for: station.caller)
    } == .notDirectory)
  #expect(
    refusal { () throws(ErrorNumber) in
      try station.files.node(bytes("x").span, at: 99, for: station.caller)
    } == .badDescriptor)
  // An absolute path does not look at the descriptor.
  _ = try station.files.node(bytes("/etc").span, at: 99, for: station.caller)
}

@Test func aRootOfAProcessIsNotLeft() throws {
  let station = try Station()
  try station.makeDirectory("/tmp/jail")
  try station.put("in", in: "/tmp/jail/file")
  try station.symbolicLink("/tmp/jail/out", to: "/file")
  try station.changeDirectory("/tmp/jail")
  try station.files.changeRoot(
    to: station.files.node(bytes(".").span, for: station.caller), for: station.caller)
  #expect(try station.content(of: "/../../file") == "in")
  #expect(try station.content(of: "/out") == "in")
  #expect(try station.workingDirectory() == "/")
  #expect(refusal { () throws(ErrorNumber) in try station.open("/etc/motd") } == .noSuchFile)
}

@Test func namesAreGivenTakenAndChanged() throws {
  let station = try Station()
  try station.put("1", in: "/one")
  try station.link("/one", as: "/two")
  #expect(try station.information("/two").linkCount == 2)
  try station.rename("/one", to: "/bin/three")
  #expect(try station.content(of: "/bin/three") == "1")
  try station.put("4", in: "/four")
  #expect(
    refusal { () throws(ErrorNumber) in
      try station.rename("/four", to: "/two", flags: PathFlags.renameKeep)
    } == .exists)
  try station.rename("/four", to: "/two", flags: PathFlags.renameExchange)
  #expect(try station.content(of: "/two") == "4" && station.content(of: "/four") == "1")
  #expect(
    refusal { () throws(ErrorNumber) in try station.rename("/four", to: "/x", flags: 4) } == .invalidArgument)
  #expect(refusal { () throws(ErrorNumber) in try station.rename("/bin", to: "/bin/x") } == .invalidArgument)
  #expect(refusal { () throws(ErrorNumber) in try station.makeDirectory("/") } == .exists)
  #expect(refusal { () throws(ErrorNumber) in try station.remove("/", isDirectory: true) } == .busy)
  #expect(refusal { () throws(ErrorNumber) in try station.remove("/bin") } == .isDirectory)
  #expect(refusal { () throws(ErrorNumber) in try station.remove("/four/") } == .notDirectory)
  #expect(refusal { () throws(ErrorNumber) in try station.remove("/bin", isDirectory: true) } == .notEmpty)
  try station.remove("/bin/three")
  try station.remove("/bin/", isDirectory: true)
  try station.makeDirectory("/new/")
  #expect(refusal { () throws(ErrorNumber) in try station.open("/made/", .create) } == .isDirectory)
  #expect(refusal { () throws(ErrorNumber) in try station.put("x", in: "/proc/file") } == .noSuchFile)
  #expect(refusal { () throws(ErrorNumber) in try station.makeDirectory("/proc/x") } == .notPermitted)
  #expect(refusal { () throws(ErrorNumber) in try station.remove("/proc/uptime") } == .notPermitted)
}

@Test func modesOwnersAndTimesAreKept() throws {
  let station = try Station()
  #expect(station.files.setMask(0o027, for: station.caller) == 0o022)
  _ = try station.open("/new", .create, mode: 0o6777)
  #expect(try station.information("/new").mode == 0o106750)
  let node = try station.files.node(bytes("/new").span, for: station.caller)
  try station.files.setOwner(5, group: nil, of: node, for: station.caller)
  #expect(try station.information("/new").mode == 0o100750 && station.information("/new").owner == 5)
  try station.files.setPermissions(0o600, of: node, for: station.caller)
  #expect(
    refusal { () throws(ErrorNumber) in try station.files.checkAccess(node, .execute) } == .accessDenied)
  try station.files.setTimes(accessed: nil, modified: .init(seconds: -5), of: node, for: station.caller)
  #expect(try station.information("/new").modified.seconds == -5)
  #expect(try station.information("/new").changed.seconds == 100)
  try station.files.truncate(node, to: 9_000, for: station.caller)
  #expect(try station.information("/new").size == 9_000 && station.information("/new").blocks == 0)
}

@Test(arguments: [DirectoryLayout.wide, .i386, .x86_64]) func directoriesAreListedInPieces(
  layout: DirectoryLayout
)
  throws
{
  let station = try Station()
  let names = (0..<40).map { "file\(String(repeating: "x", count: $0))" }
  for name in names { try station.put("", in: "/tmp/\(name)") }
  #expect(try station.list("/tmp", size: 100, layout).sorted() == ([".", ".."] + names).sorted())
  #expect(
    refusal { () throws(ErrorNumber) in try station.list("/tmp", size: 20, layout) } == .invalidArgument)
}

@Test func aFileSystemSaysHowFullItIs() throws {
  let station = try Station()
  let root = try station.files.node(bytes("/").span, for: station.caller)
  let before = station.files.fileSystem(of: root)
  try station.put(String(repeating: "x", count: 8_192), in: "/file")
  let after = station.files.fileSystem(of: root)
  #expect(before.freeBlocks - after.freeBlocks == 2 && before.freeFiles - after.freeFiles == 1)
  #expect(after.blocks > after.freeBlocks)
}
