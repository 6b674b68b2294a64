import Archive
import ArchiveLoading
import FileSystem
import FileSystemFormat
import Testing

/// An entry of an archive, as the test wants it.
private struct Entry {
  var name: String
  var mode: UInt32 = 0o100644
  var data: [UInt8] = []
  var inode: UInt32 = 0
  var links: UInt32 = 1
  var time: UInt32 = 77
}

private func archive(_ entries: [Entry]) -> [UInt8] {
  var bytes: [UInt8] = []
  func add(_ entry: Entry) {
    let fields: [UInt32] = [
      entry.inode, entry.mode, 5, 6, entry.links, entry.time, UInt32(entry.data.count), 0, 0, 1, 3,
      UInt32(entry.name.utf8.count + 1), 0,
    ]
    bytes += Array("070701".utf8)
    for field in fields {
      let text = String(field, radix: 16)
      bytes += Array((String(repeating: "0", count: 8 - text.count) + text).utf8)
    }
    bytes += Array(entry.name.utf8) + [0]
    while bytes.count % 4 != 0 { bytes.append(0) }
    bytes += entry.data
    while bytes.count % 4 != 0 { bytes.append(0) }
  }
  for entry in entries { add(entry) }
  add(Entry(name: "TRAILER!!!", mode: 0))
  return bytes
}

/// A file system and what loading into it said.
private final class Loaded {
  var disk: FileSystem
  var error: ArchiveLoadError?
  var count = 0

  init(_ bytes: [UInt8], blocks: Int = 64) throws {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: blocks * 4096, alignment: 4096)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: blocks * 4096)
    disk = try FileSystem(
      formatting: BlockStore(base: memory, count: blocks * 4096), inodeCount: 64, at: Timestamp(seconds: 1))
    do throws(ArchiveLoadError) {
      count = try ArchiveLoader.load(bytes.span, into: &disk)
    } catch {
      self.error = error
    }
  }

  func status(_ path: String) throws -> FileStatus {
    var buffer = [UInt8](repeating: 0, count: PathResolver.bufferSize)
    var span = buffer.mutableSpan
    let found = try PathResolver.resolve(
      Array(path.utf8).span, in: disk, from: .root, startingAt: .root, .keep, using: &span)
    return try disk.status(of: found.node)
  }

  func content(_ path: String) throws -> String {
    let status = try status(path)
    var buffer = [UInt8](repeating: 0, count: Int(status.size))
    var span = buffer.mutableSpan
    _ = try disk.read(status.inode, at: 0, into: &span)
    return String(decoding: buffer, as: UTF8.self)
  }
}

@Test func anArchiveBecomesATree() throws {
  let loaded = try Loaded(
    archive([
      Entry(name: ".", mode: 0o040711), Entry(name: "./bin", mode: 0o040755, time: 9),
      Entry(name: "./bin/sh", mode: 0o104755, data: Array("shell".utf8)),
      Entry(name: "/etc/deep/file", data: Array("made".utf8)),
      Entry(name: "link", mode: 0o120777, data: Array("bin/sh".utf8)), Entry(name: "null", mode: 0o020666),
      Entry(name: "pipe", mode: 0o010600),
    ]))
  #expect(loaded.error == nil && loaded.count == 7)
  #expect(try loaded.content("/bin/sh") == "shell" && loaded.content("/etc/deep/file") == "made")
  let shell = try loaded.status("/bin/sh")
  #expect(shell.mode.permissions == 0o4755 && shell.owner == 5 && shell.group == 6)
  #expect(shell.modified.seconds == 77)
  #expect(try loaded.status("/bin").modified.seconds == 9)
  #expect(try loaded.status("/").mode.permissions == 0o711)
  #expect(try loaded.status("/null").device == DeviceNumber(major: 1, minor: 3))
  #expect(try loaded.status("/link").kind == .symbolicLink && loaded.status("/pipe").kind == .pipe)
}

@Test func namesOfOneFileAreOneFile() throws {
  let loaded = try Loaded(
    archive([
      Entry(name: "one", inode: 4, links: 3), Entry(name: "other", data: [1], inode: 4),
      Entry(name: "a/two", inode: 4, links: 3),
      Entry(name: "three", data: Array("x".utf8), inode: 4, links: 3),
    ]))
  #expect(loaded.error == nil)
  #expect(try loaded.status("/one").linkCount == 3 && loaded.content("/a/two") == "x")
  #expect(try loaded.status("/other").linkCount == 1)
}

@Test func namesDoNotLeadOut() throws {
  for name in ["../x", "a/../../x", "a/.."] {
    let loaded = try Loaded(archive([Entry(name: "a", mode: 0o040755), Entry(name: name)]))
    guard case .file(.invalidArgument, _) = loaded.error else {
      Issue.record("\(name): \(String(describing: loaded.error))")
      continue
    }
  }
  let loaded = try Loaded(
    archive([Entry(name: "out", mode: 0o120777, data: Array("/".utf8)), Entry(name: "out/x")]))
  guard case .file(.notDirectory, _) = loaded.error else {
    Issue.record("through a link: \(String(describing: loaded.error))")
    return
  }
}

@Test func laterFilesReplaceEarlierOnes() throws {
  let loaded = try Loaded(
    archive([
      Entry(name: "x", data: Array("first".utf8)), Entry(name: "x", data: Array("2nd".utf8)),
      Entry(name: "d", mode: 0o040755), Entry(name: "d/f"), Entry(name: "d", mode: 0o040700),
    ]))
  #expect(loaded.error == nil)
  #expect(try loaded.content("/x") == "2nd" && loaded.status("/d").mode.permissions == 0o700)
}

@Test func whatDoesNotFitIsSaid() throws {
  let loaded = try Loaded(archive([Entry(name: "large", data: [UInt8](repeating: 1, count: 400_000))]))
  guard case .file(.noSpace, let place) = loaded.error else {
    Issue.record("\(String(describing: loaded.error))")
    return
  }
  #expect(place == 110)
  var cut = archive([Entry(name: "x")])
  cut.removeLast(20)
  #expect(try Loaded(cut).error != nil)
}
