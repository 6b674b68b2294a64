import FileSystem
import FileSystemCheck
import FileSystemFormat
import Foundation
import SeededRandomness
import Testing

/// Checks a disk.
func check(_ disk: Disk) -> (summary: CheckSummary, findings: [Finding]) { ImageExercise.check(disk.memory) }

/// A clean image with some of everything: a file of two indirection levels, directories, links, a device.
func sampleDisk() throws -> Disk {
  let disk = Disk(blocks: 128)
  var fileSystem = try disk.format()
  let a = try fileSystem.makeDirectory("a")
  let b = try fileSystem.makeDirectory("b", in: a)
  let file = try fileSystem.make("file", in: b)
  for position in [0, 1 << 19, 1 << 30] as [UInt64] {
    _ = try fileSystem.write([UInt8](repeating: 3, count: 100), to: file, at: position)
  }
  try fileSystem.link(file, as: bytes("second").span, in: .root, at: now)
  _ = try fileSystem.makeLink("short", to: "a/b/file")
  _ = try fileSystem.makeLink("long", to: String(repeating: "x/", count: 200))
  _ = try fileSystem.createDevice(
    .characterDevice, DeviceNumber(major: 1, minor: 3), named: bytes("null").span, in: a, plain)
  for index in 0..<20 { _ = try fileSystem.make("small \(index)", in: a) }
  _ = try fileSystem.unmount()
  return disk
}

@Test func aSoundImageHasNoFindings() throws {
  let (summary, findings) = check(try sampleDisk())
  #expect(findings == [])
  #expect(summary.inodes == 27 && summary.directories == 3)
}

/// The offset of a field of an inode; the root is 1, `a` 2, `b` 3, `file` 4, `short` 5, `long` 6, `null` 7.
private func field(_ inode: UInt32, _ offset: Int) -> Int { 3 * 4_096 + Int(inode - 1) * 256 + offset }

@Test(
  arguments: [
    (field(2, InodeLayout.links), 9, FindingKind.linkCount), (field(4, InodeLayout.links), 1, .linkCount),
    (field(4, InodeLayout.blocks), 99, .blockCount), (field(4, InodeLayout.direct), 2, .pointer),
    (field(4, InodeLayout.mode + 1), 0x30, .mode), (field(2, InodeLayout.size), 1, .size),
    (field(4, InodeLayout.size + 3), 0, .blockPastEnd), (field(4, InodeLayout.size), 1, .bytesPastEnd),
    (field(4, InodeLayout.accessedNanoseconds + 3), 0xFF, .time),
    (field(4, InodeLayout.device), 1, .reserved),
    (field(4, 3), 1, .reserved), (field(4, InodeLayout.references), 1, .references),
    (field(3, InodeLayout.device), 1, .parent), (field(1, InodeLayout.device), 2, .root),
    (field(2, InodeLayout.direct), 0, .holeInDirectory), (field(5, InodeLayout.direct + 2), 0, .target),
    (field(40, 0), 1, .contentInFreeInode), (4_096, 0xFB, .danglingEntry), (4_096 + 9, 0xFE, .bitmapEnd),
    (8_192 + 2, 0, .usedBlockFree), (8_192 + 15, 0xFF, .freeBlockUsed), (8_192, 0xFE, .usedBlockFree),
    (28, 1, .freeBlockCount), (32, 1, .freeInodeCount), (28, 1, .checksum), (12, 0, .superblock),
  ] as [(Int, UInt8, FindingKind)]) func oneWrongByteIsFound(offset: Int, value: UInt8, kind: FindingKind)
  throws
{
  let disk = try sampleDisk()
  disk.memory[offset] = value
  let kinds = Set(check(disk).findings.map(\.kind))
  #expect(kinds.contains(kind), "\(kinds)")
}

@Test func doubleBlocksNamesAndDirectoriesAreFound() throws {
  let disk = Disk(blocks: 64)
  var fileSystem = try disk.format()
  let one = try fileSystem.make("one")
  let two = try fileSystem.make("two")
  let directory = try fileSystem.makeDirectory("dir")
  for file in [one, two] { _ = try fileSystem.write([UInt8](repeating: 1, count: 4_096), to: file) }
  let entry = try #require(try fileSystem.entry(of: .root, at: 2))
  let next = try #require(try fileSystem.entry(of: .root, at: entry.next))
  _ = try fileSystem.unmount()
  let places = try (#require(entry.namePlace), #require(next.namePlace))

  func kinds(_ change: (Disk) -> Void) -> Set<FindingKind> {
    let copy = Disk(copying: disk)
    change(copy)
    return Set(check(copy).findings.map(\.kind))
  }
  let doubleUse = kinds { disk in
    for byte in 0..<4 {
      disk.memory[field(3, InodeLayout.direct) + byte] = disk.memory[field(2, InodeLayout.direct) + byte]
    }
  }
  #expect(doubleUse.isSuperset(of: [.doubleUse, .freeBlockUsed]))
  let doubleName = kinds { disk in
    for byte in 0..<3 { disk.memory[places.1 + byte] = disk.memory[places.0 + byte] }
  }
  #expect(doubleName == [.doubleName])
  let slash = kinds { $0.memory[places.0] = UInt8(ascii: "/") }
  #expect(slash == [.name])
  let doubleDirectory = kinds { disk in
    disk.memory[places.0 - 8] = UInt8(directory.rawValue)
    disk.memory[places.0 - 1] = FileKind.directory.rawValue
  }
  #expect(doubleDirectory.isSuperset(of: [.doubleDirectory, .unreachable, .linkCount]))
  let record = kinds { $0.memory[places.0 - 4] = 3 }
  #expect(record.contains(.record))
  let kind = kinds { $0.memory[places.0 - 1] = 1 }
  #expect(kind == [.entryKind])
}

@Test func aCircleOfDirectoriesIsFound() throws {
  let disk = Disk(blocks: 64)
  var fileSystem = try disk.format()
  let outer = try fileSystem.makeDirectory("outer")
  let inner = try fileSystem.makeDirectory("inner", in: outer)
  let deep = try fileSystem.makeDirectory("deep", in: inner)
  let entry = try #require(try fileSystem.entry(of: .root, at: 2))
  let below = try #require(try fileSystem.entry(of: inner, at: 2))
  _ = try fileSystem.unmount()
  #expect(below.inode == deep)
  // `inner/deep` now names `outer`, which says that it lies in `inner`; the root's entry goes.
  let places = try (#require(entry.namePlace), #require(below.namePlace))
  disk.memory[places.0 - 8] = 0
  disk.memory[places.1 - 8] = UInt8(outer.rawValue)
  disk.memory[field(outer.rawValue, InodeLayout.device)] = UInt8(inner.rawValue)
  let kinds = Set(check(disk).findings.map(\.kind))
  #expect(kinds.contains(.cycle))
}

@Test func anOrphanIsRightInAMountedImageAndWrongInACleanOne() throws {
  let disk = Disk(blocks: 64)
  var fileSystem = try disk.format()
  let file = try fileSystem.make("file")
  try fileSystem.retain(file)
  try fileSystem.remove("file")
  _ = fileSystem.abandon()
  #expect(check(disk).findings == [])
  var again = try FileSystem(mounting: disk.store())
  try again.removeOrphans()
  _ = try again.unmount()
  #expect(check(disk).findings == [])
}

/// Whatever a flipped bit does, every walk ends with an answer or a refusal.
@Test func flippedBitsNeitherCrashNorHang() throws {
  let sound = try sampleDisk()
  let seed: UInt64 = .random(in: 0...UInt64.max)
  print("seed of the flipped bits: \(seed)")
  var random = SeededGenerator(seed: seed)
  let disk = Disk(copying: sound)
  var silent = 0
  let rounds = ProcessInfo.processInfo.environment["FLIP_ROUNDS"].flatMap { Int($0) } ?? 100
  for _ in 0..<rounds {
    disk.memory.copyMemory(from: UnsafeRawBufferPointer(sound.memory))
    // Most of an image is free room; aim at what means something, and leave the superblock's checksum alone.
    let bit = Int.random(in: (4_096 * 8)..<(disk.memory.count * 8), using: &random)
    let place = Bool.random(using: &random) ? bit : 4_096 * 8 + bit % (12 * 4_096 * 8)
    disk.memory[place / 8] ^= 1 << UInt8(place % 8)
    if check(disk).summary.isConsistent { silent += 1 }
    ImageExercise.use(disk.memory)
  }
  // A flip in content, a name, a time or an owner contradicts nothing.
  #expect(silent < rounds)
}
