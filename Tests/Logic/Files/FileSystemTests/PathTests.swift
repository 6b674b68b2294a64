import FileSystem
import FileSystemFormat
import Testing

/// `/bin/sh` (file), `/lib -> usr/lib`, `/usr/lib/x` (file), `/usr/up -> ..`, `/abs -> /bin`, loops.
private struct Tree: ~Copyable {
  var fileSystem: FileSystem
  var nodes: [String: InodeNumber]
}

private func tree() throws -> Tree {
  var fileSystem = try Disk(blocks: 64).format()
  let bin = try fileSystem.makeDirectory("bin")
  let usr = try fileSystem.makeDirectory("usr")
  let lib = try fileSystem.makeDirectory("lib", in: usr)
  let shell = try fileSystem.make("sh", in: bin)
  let file = try fileSystem.make("x", in: lib)
  let link = try fileSystem.makeLink("lib", to: "usr/lib")
  _ = try fileSystem.makeLink("up", to: "..", in: usr)
  _ = try fileSystem.makeLink("abs", to: "/bin")
  _ = try fileSystem.makeLink("self", to: "self")
  _ = try fileSystem.makeLink("ping", to: "pong/")
  _ = try fileSystem.makeLink("pong", to: "/ping")
  _ = try fileSystem.makeLink("dangling", to: "nowhere")
  let nodes = ["bin": bin, "usr": usr, "lib": lib, "sh": shell, "x": file, "link": link]
  return Tree(fileSystem: fileSystem, nodes: nodes)
}

@Test(arguments: [
  ("/", "/"), ("//", "/"), (".", "/"), ("..", "/"), ("/../..", "/"), ("bin/sh", "sh"), ("//bin//sh", "sh"),
  ("lib/x", "x"), ("/lib/../lib/./x", "x"), ("usr/up/bin", "bin"), ("abs/sh", "sh"), ("abs/", "bin"),
  ("lib/", "lib"), ("lib", "lib"), ("usr/up/usr/up/lib//", "lib"),
]) func pathsLeadWhereTheyShould(path: String, expected: String) throws {
  let tree = try tree()
  let found = try tree.fileSystem.resolve(path)
  let wanted = expected == "/" ? .root : tree.nodes[expected]
  #expect(found == wanted)
}

@Test(arguments: [
  ("", FileSystemError.notFound), ("nothing", .notFound), ("bin/sh/", .notDirectory),
  ("bin/sh/.", .notDirectory),
  ("bin/nothing/x", .notFound), ("self", .tooManySymbolicLinks), ("ping", .tooManySymbolicLinks),
  ("dangling", .notFound), ("dangling/", .notFound), (String(repeating: "n", count: 256), .nameTooLong),
  (String(repeating: "/", count: 4_096), .nameTooLong),
]) func pathsThatLeadNowhereAreRefused(path: String, expected: FileSystemError) throws {
  let tree = try tree()
  let refused = refusal { () throws(FileSystemError) in _ = try tree.fileSystem.resolve(path) }
  #expect(refused == expected)
}

@Test func theLastLinkIsKeptWhenAskedForUnlessASlashFollows() throws {
  let tree = try tree()
  let kept = try tree.fileSystem.resolve("lib", .keep)
  let followed = try tree.fileSystem.resolve("lib/", .keep)
  let nodes = tree.nodes
  #expect(kept == nodes["link"] && followed == nodes["lib"])
}

@Test func aDirectoryWalkLeavesTheNameInTheBuffer() throws {
  let tree = try tree()
  var buffer = [UInt8](repeating: 0, count: PathResolver.bufferSize)
  var span = buffer.mutableSpan
  let path = try PathResolver.resolve(
    bytes("/lib/new/").span, in: tree.fileSystem, from: InodeNumber.root, startingAt: .root, .directory,
    using: &span)
  let library = tree.nodes["lib"]
  #expect(path.node == library && path.mustBeDirectory)
  #expect(String(decoding: buffer[path.name], as: UTF8.self) == "new")
}

@Test func fortyLinksAreFollowedAndNotOneMore() throws {
  var fileSystem = try Disk(blocks: 64).format(inodes: 128)
  let end = try fileSystem.make("l0")
  for index in 1...41 { _ = try fileSystem.makeLink("l\(index)", to: "l\(index - 1)") }
  let found = try fileSystem.resolve("l40")
  #expect(found == end)
  let refused = refusal { () throws(FileSystemError) in _ = try fileSystem.resolve("l41") }
  #expect(refused == .tooManySymbolicLinks)
}

@Test func permissionsFollowTheOneDigitThatCounts() throws {
  var fileSystem = try Disk(blocks: 64).format()
  let file = try fileSystem.create(
    named: bytes("f").span, in: .root, FileAttributes(permissions: 0o074, owner: 10, group: 20, now: now))
  let status = try fileSystem.status(of: file)
  let extra: [UInt32] = [7, 20]
  var member = Credentials(user: 11, group: 1)
  let fits = member.setGroups(extra.span)
  #expect(fits)
  #expect(!status.permits(.read, to: Credentials(user: 10, group: 20)))
  #expect(status.permits([.read, .write, .execute], to: Credentials(user: 11, group: 20)))
  #expect(status.permits(.execute, to: member))
  #expect(!status.permits(.write, to: Credentials(user: 11, group: 1)))
  #expect(status.permits([.read, .write], to: Credentials(user: 0, group: 0)))
  try fileSystem.setPermissions(0o600, of: file, at: now)
  let still = try fileSystem.status(of: file)
  #expect(!still.permits(.execute, to: Credentials(user: 0, group: 0)))
}

@Test func inAStickyDirectoryOnlyOwnersRemove() throws {
  var fileSystem = try Disk(blocks: 64).format()
  let directory = try fileSystem.createDirectory(
    named: bytes("tmp").span, in: .root, FileAttributes(permissions: 0o1777, owner: 5, group: 5, now: now))
  let file = try fileSystem.create(
    named: bytes("f").span, in: directory, FileAttributes(permissions: 0o644, owner: 6, group: 6, now: now))
  let (above, status) = (try fileSystem.status(of: directory), try fileSystem.status(of: file))
  for (user, allowed) in [(0, true), (5, true), (6, true), (7, false)] as [(UInt32, Bool)] {
    #expect(above.permitsRemoval(of: status, by: Credentials(user: user, group: 0)) == allowed)
  }
}
