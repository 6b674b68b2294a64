import FileSystem
import FileSystemFormat
import Testing

@Test func aNewImageHasAnEmptyRoot() throws {
  let fileSystem = try Disk(blocks: 64).format()
  let names = try fileSystem.names()
  #expect(names == [".", ".."])
  let root = try fileSystem.status(of: .root)
  #expect(root.kind == .directory && root.linkCount == 2 && root.size == 0)
  let free = fileSystem.freeBlocks
  #expect(free == 64 - 7)
}

@Test func whatIsWrittenIsRead() throws {
  var fileSystem = try Disk(blocks: 128).format()
  let file = try fileSystem.make("file")
  let content = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
  let written = try fileSystem.write(content, to: file, at: 5)
  #expect(written == 10_000)
  let read = try fileSystem.content(file)
  #expect(read == [0, 0, 0, 0, 0] + content)
  let status = try fileSystem.status(of: file)
  #expect(status.size == 10_005 && status.blockCount == 3 && status.modified == now)
  #expect(status.owner == 1 && status.group == 2 && status.mode.permissions == 0o644)
}

@Test func holesReadAsZerosAndTakeNoBlocks() throws {
  var fileSystem = try Disk(blocks: 64).format()
  let file = try fileSystem.make("sparse")
  // Direct, indirect and double indirect: positions 0, 1 MiB and 4 GiB.
  let places: [UInt64] = [0, 1 << 20, 1 << 32]
  for place in places { _ = try fileSystem.write([1], to: file, at: place) }
  let status = try fileSystem.status(of: file)
  #expect(status.size == 1 << 32 + 1)
  #expect(status.blockCount == 6)
  let middle = try fileSystem.content(file, at: (1 << 20) - 2, count: 4)
  #expect(middle == [0, 0, 1, 0])
  let free = fileSystem.freeBlocks
  try fileSystem.truncate(file, to: (1 << 20) + 1, at: now)
  let gained = fileSystem.freeBlocks
  #expect(gained == free + 3)
  try fileSystem.truncate(file, to: 0, at: now)
  let empty = try fileSystem.status(of: file)
  #expect(empty.blockCount == 0)
}

@Test func theLargestFileEndsWhereTheFormatSays() throws {
  var fileSystem = try Disk(blocks: 64).format()
  let file = try fileSystem.make("large")
  let last = FileSystemLimits.maximumFileSize - 1
  let written = try fileSystem.write([9, 9], to: file, at: last)
  #expect(written == 1)
  let refused = refusal { () throws(FileSystemError) in _ = try fileSystem.write([9], to: file, at: last + 1)
  }
  #expect(refused == .fileTooBig)
  let wrapped = refusal { () throws(FileSystemError) in _ = try fileSystem.write([9], to: file, at: .max) }
  #expect(wrapped == .fileTooBig)
}

@Test func growingShowsNoOldContent() throws {
  var fileSystem = try Disk(blocks: 64).format()
  let file = try fileSystem.make("file")
  _ = try fileSystem.write([UInt8](repeating: 7, count: 5_000), to: file)
  try fileSystem.truncate(file, to: 10, at: now)
  try fileSystem.truncate(file, to: 5_000, at: now)
  let content = try fileSystem.content(file)
  #expect(content == [UInt8](repeating: 7, count: 10) + [UInt8](repeating: 0, count: 4_990))
}

@Test func aFileOf64MiBIsReadBackWhole() throws {
  var fileSystem = try Disk(blocks: 17_000).format()
  let file = try fileSystem.make("big")
  let chunk = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
  for index in 0..<1_024 { _ = try fileSystem.write(chunk, to: file, at: UInt64(index) * 65_536) }
  let status = try fileSystem.status(of: file)
  #expect(status.size == 64 << 20)
  for index in [0, 1, 17, 511, 1_023] {
    let read = try fileSystem.content(file, at: UInt64(index) * 65_536, count: 65_536)
    #expect(read == chunk)
  }
}

@Test func aFullImageTakesWhatFitsAndThenRefuses() throws {
  var fileSystem = try Disk(blocks: 16).format()
  let file = try fileSystem.make("file")
  let free = Int(fileSystem.freeBlocks)
  let written = try fileSystem.write([UInt8](repeating: 1, count: 1 << 20), to: file)
  #expect(written == free * 4_096)
  let refused = refusal { () throws(FileSystemError) in
    _ = try fileSystem.write([1], to: file, at: UInt64(written))
  }
  #expect(refused == .noSpace)
  let link = refusal { () throws(FileSystemError) in
    _ = try fileSystem.makeLink("link", to: String(repeating: "t", count: 300))
  }
  #expect(link == .noSpace)
  let names = try fileSystem.names()
  #expect(names == [".", "..", "file"])
}

@Test func inodesRunOutWithoutATrace() throws {
  var fileSystem = try Disk(blocks: 64).format(inodes: 16)
  for index in 0..<15 { _ = try fileSystem.make("file\(index)") }
  let refused = refusal { () throws(FileSystemError) in _ = try fileSystem.make("one more") }
  #expect(refused == .noSpace)
  let count = try fileSystem.names().count
  #expect(count == 17)
}

@Test func namesOf255BytesFitAndLongerOnesDoNot() throws {
  var fileSystem = try Disk(blocks: 64).format()
  let name = String(repeating: "n", count: 255)
  let file = try fileSystem.make(name)
  let found = try fileSystem.find(name)
  #expect(found == file)
  let refused = refusal { () throws(FileSystemError) in _ = try fileSystem.make(name + "n") }
  #expect(refused == .nameTooLong)
}

@Test(arguments: ["", ".", "..", "a/b", "a\0b"]) func reservedNamesAreRefused(name: String) throws {
  var fileSystem = try Disk(blocks: 64).format()
  let refused = refusal { () throws(FileSystemError) in _ = try fileSystem.make(name) }
  #expect(refused != nil)
}

@Test func aHardLinkIsTheSameFile() throws {
  var fileSystem = try Disk(blocks: 64).format()
  let file = try fileSystem.make("first")
  try fileSystem.link(file, as: bytes("second").span, in: .root, at: now)
  let found = try fileSystem.find("second")
  let links = try fileSystem.status(of: file).linkCount
  #expect(found == file && links == 2)
  try fileSystem.remove("first")
  let left = try fileSystem.status(of: file).linkCount
  #expect(left == 1)
  let directory = try fileSystem.makeDirectory("directory")
  let refused = refusal { () throws(FileSystemError) in
    try fileSystem.link(directory, as: bytes("x").span, in: .root, at: now)
  }
  #expect(refused == .notPermitted)
}

@Test(arguments: [1, 168, 169, 4_095]) func symbolicLinksKeepTheirTarget(length: Int) throws {
  var fileSystem = try Disk(blocks: 64).format()
  let target = String((0..<length).map { Character(UnicodeScalar(UInt8(97 + $0 % 26))) })
  let link = try fileSystem.makeLink("link", to: target)
  let (offset, count) = try fileSystem.target(of: link)
  let read = (0..<count).map { fileSystem.store.load(UInt8.self, at: offset + $0) }
  #expect(read == bytes(target))
  let held = try fileSystem.status(of: link).blockCount
  #expect(held == (length > 168 ? 1 : 0))
  let free = fileSystem.freeBlocks
  try fileSystem.remove("link")
  let after = fileSystem.freeBlocks
  #expect(after - free == held + 1)
}

@Test func aDeviceNodeKeepsItsNumber() throws {
  var fileSystem = try Disk(blocks: 64).format()
  let device = DeviceNumber(major: 4, minor: 64)
  let node = try fileSystem.createDevice(
    .characterDevice, device, named: bytes("ttyS0").span, in: .root, plain)
  let status = try fileSystem.status(of: node)
  #expect(status.device == device && status.kind == .characterDevice)
  let refused = refusal { () throws(FileSystemError) in _ = try fileSystem.content(node, count: 1) }
  #expect(refused == .invalidArgument)
}

@Test func anOpenFileOutlivesItsName() throws {
  var fileSystem = try Disk(blocks: 64).format()
  let file = try fileSystem.make("file")
  _ = try fileSystem.write([1, 2, 3], to: file)
  try fileSystem.retain(file)
  try fileSystem.remove("file")
  let content = try fileSystem.content(file)
  #expect(content == [1, 2, 3])
  let orphans = fileSystem.orphanCount
  #expect(orphans == 1)
  let free = (fileSystem.freeBlocks, fileSystem.freeInodes)
  try fileSystem.release(file)
  let after = (fileSystem.freeBlocks, fileSystem.freeInodes, fileSystem.orphanCount)
  #expect(after.0 == free.0 + 1 && after.1 == free.1 + 1 && after.2 == 0)
}

@Test func aRemovedDirectoryTakesNoEntries() throws {
  var fileSystem = try Disk(blocks: 64).format()
  let directory = try fileSystem.makeDirectory("directory")
  try fileSystem.retain(directory)
  try fileSystem.removeDirectory(bytes("directory").span, in: .root, at: now)
  let refused = refusal { () throws(FileSystemError) in _ = try fileSystem.make("file", in: directory) }
  #expect(refused == .notFound)
  let root = try fileSystem.status(of: .root).linkCount
  #expect(root == 2)
}

@Test func aListingSurvivesTheRemovalOfWhatItShowed() throws {
  var fileSystem = try Disk(blocks: 256).format(inodes: 1_024)
  for index in 0..<900 { _ = try fileSystem.make("file number \(index)") }
  var position: UInt64 = 2
  var seen = 0
  while let entry = try fileSystem.entry(of: .root, at: position) {
    seen += 1
    position = entry.next
    try fileSystem.remove(fileSystem.name(of: entry))
  }
  #expect(seen == 900)
  let root = try fileSystem.status(of: .root)
  #expect(root.size == 0 && root.blockCount == 0)
}

@Test func unmountedImagesAreCleanAndMountAgain() throws {
  let disk = Disk(blocks: 64)
  var fileSystem = try disk.format()
  let file = try fileSystem.make("file")
  try fileSystem.retain(file)
  try fileSystem.remove("file")
  _ = try fileSystem.unmount()
  let again = try FileSystem(mounting: disk.store())
  let (clean, inodes) = (again.wasClean, again.freeInodes)
  #expect(clean && inodes == 63)
  _ = again.abandon()
  let unclean = try FileSystem(mounting: disk.store(), readOnly: true)
  let wasClean = unclean.wasClean
  #expect(!wasClean)
}

@Test func aReadOnlyMountChangesNothing() throws {
  let disk = Disk(blocks: 64)
  _ = try disk.format().unmount()
  let copy = Disk(copying: disk)
  var fileSystem = try FileSystem(mounting: disk.store(), readOnly: true)
  let refused = refusal { () throws(FileSystemError) in _ = try fileSystem.make("file") }
  #expect(refused == .readOnly)
  try fileSystem.retain(.root)
  try fileSystem.release(.root)
  _ = try fileSystem.unmount()
  #expect(Array(disk.memory) == Array(copy.memory))
}

@Test func aSuperblockWithAWrongBitIsRefused() throws {
  let disk = Disk(blocks: 64)
  _ = try disk.format().unmount()
  for bit in stride(from: 0, to: 4_096 * 8, by: 211) {
    disk.memory[bit / 8] ^= 1 << UInt8(bit % 8)
    let refused = refusal { () throws(FileSystemError) in _ = try FileSystem(mounting: disk.store()) }
    #expect(refused != nil)
    disk.memory[bit / 8] ^= 1 << UInt8(bit % 8)
  }
}
