import Foundation
import SeededRandomness
import Testing

@testable import Archive

/// What a reader makes of an archive: every entry, then how it ended.
struct Listing: Equatable {
  var names: [String] = []
  var contents: [[UInt8]] = []
  var entries: [ArchiveEntry] = []
  var error: ArchiveError?

  init(_ archive: [UInt8]) {
    var reader = ArchiveReader(archive.span)
    do throws(ArchiveError) {
      while let entry = try reader.next() {
        entries.append(entry)
        names.append(String(decoding: archive[entry.name], as: UTF8.self))
        let data = reader.bytes(in: entry.data)
        contents.append(data.indices.map { data[$0] })
      }
    } catch {
      self.error = error
    }
  }

  static func == (lhs: Self, rhs: Self) -> Bool {
    lhs.names == rhs.names && lhs.contents == rhs.contents && lhs.error == rhs.error
  }
}

@Test func entriesComeInOrderWithNamesAndData() {
  let listing = Listing(ArchiveBuilder.small)
  #expect(listing.error == nil)
  #expect(listing.names == ["a", "folder", "folder/b"])
  #expect(listing.contents == [[1, 2, 3], [], Array("hello".utf8)])
  #expect(listing.entries.map(\.kind) == [.file, .directory, .file])
  #expect(listing.entries.map(\.permissions) == [0o644, 0o755, 0o644])
  #expect(listing.entries[0].userID == 1000 && listing.entries[0].groupID == 100)
  #expect(listing.entries[0].modificationTime == 0x5F00_0000)
}

@Test func devicesLinksAndEmptyFilesAreRead() {
  let archive = ArchiveBuilder.archive {
    $0.add("console", mode: 0o020600, [.major: 5, .minor: 1])
    $0.add("link", mode: 0o120777, data: Array("target".utf8))
    $0.add("empty", [.links: 2, .inode: 77])
    $0.end()
  }
  let listing = Listing(archive)
  #expect(listing.error == nil)
  #expect(listing.entries.map(\.kind) == [.characterDevice, .symbolicLink, .file])
  #expect(listing.entries[0].deviceMajor == 5 && listing.entries[0].deviceMinor == 1)
  #expect(listing.contents[1] == Array("target".utf8))
  #expect(listing.entries[2].linkCount == 2 && listing.entries[2].inode == 77 && listing.entries[2].size == 0)
}

@Test func zerosAfterTheTrailerArePadding() {
  let listing = Listing(ArchiveBuilder.small + [UInt8](repeating: 0, count: 400))
  #expect(listing.error == nil && listing.names.count == 3)
}

@Test func upperCaseDigitsAreRead() {
  var archive = ArchiveBuilder.small
  for index in 6..<110 where archive[index] >= UInt8(ascii: "a") { archive[index] -= 32 }
  #expect(Listing(archive) == Listing(ArchiveBuilder.small))
}

@Test(arguments: 6..<110) func everyByteThatIsNoDigitIsRefused(place: Int) {
  for byte in UInt8.min...UInt8.max {
    var archive = ArchiveBuilder.small
    archive[place] = byte
    let isDigit = Character(UnicodeScalar(byte)).isHexDigit && byte < 0x80
    let isRefused = Listing(archive).error == ArchiveError(reason: .badDigit, offset: place)
    #expect(isRefused == !isDigit, "\(byte)")
  }
}

@Test func namesAloneAreThoseOfTheEntries() throws {
  let archive = ArchiveBuilder.small
  var (reader, names) = (ArchiveReader(archive.span), ArchiveReader(archive.span))
  while let entry = try reader.next() {
    let name = try names.nextName()
    #expect(name == entry.name)
  }
  let last = try names.nextName()
  #expect(last == nil)
}

@Test func afterAnErrorTheReaderIsAtItsEnd() throws {
  let archive: [UInt8] = [0x30]
  var reader = ArchiveReader(archive.span)
  let first = Result { () throws(ArchiveError) in try reader.next() == nil }
  let second = try reader.next() == nil
  #expect(throws: ArchiveError(reason: .headerCut, offset: 0)) { try first.get() }
  #expect(second)
}

/// An archive with one field of its first header changed.
private func changed(_ field: ArchiveBuilder.Field, to value: Int, magic: String = "070701") -> [UInt8] {
  ArchiveBuilder.archive {
    $0.add("a", data: [1, 2, 3], magic: magic, [field: value])
    $0.end()
  }
}

/// The small archive with one byte changed.
private func changed(at offset: Int, to byte: Character) -> [UInt8] {
  var archive = ArchiveBuilder.small
  archive[offset] = byte.asciiValue ?? 0
  return archive
}

private let refusals: [(archive: [UInt8], reason: ArchiveError.Reason, offset: Int)] = [
  ([], .trailerMissing, 0),
  ([0x30], .headerCut, 0),
  (Array(ArchiveBuilder.small.prefix(109)), .headerCut, 0),
  (Array(ArchiveBuilder.small.prefix(110)), .nameCut, 110),
  (Array(ArchiveBuilder.small.prefix(111)), .nameCut, 111),
  (Array(ArchiveBuilder.small.prefix(112)), .dataCut, 112),
  (Array(ArchiveBuilder.small.prefix(114)), .dataCut, 114),
  (Array(ArchiveBuilder.small.prefix(115)), .trailerMissing, 115),
  (Array(ArchiveBuilder.small.prefix(116)), .trailerMissing, 116),
  (Array(ArchiveBuilder.small.prefix(117)), .headerCut, 116),
  (Array(ArchiveBuilder.small.prefix(116 + 110 + 3)), .nameCut, 229),
  ([UInt8](repeating: 0, count: 512), .unknownMagic, 0),
  ([UInt8](repeating: 0xFF, count: 512), .unknownMagic, 0),
  (changed(at: 0, to: "1"), .unknownMagic, 0),
  (changed(at: 5, to: "0"), .unknownMagic, 0),
  (changed(at: 5, to: "7"), .unknownMagic, 0),
  (changed(at: 121, to: "3"), .unknownMagic, 116),
  (changed(at: 6, to: "g"), .badDigit, 6),
  (changed(at: 21, to: " "), .badDigit, 21),
  (changed(at: 54, to: "x"), .badDigit, 54),
  (changed(at: 62, to: "-"), .badDigit, 62),
  (changed(at: 77, to: "\0"), .badDigit, 77),
  (changed(at: 109, to: "@"), .badDigit, 109),
  (changed(.nameSize, to: 0), .emptyName, 94),
  (changed(.nameSize, to: 1), .emptyName, 94),
  (changed(.nameSize, to: 3), .unterminatedName, 111),
  (changed(.nameSize, to: 1025), .longName, 94),
  (changed(.nameSize, to: 0xFFFF_FFFF), .longName, 94),
  (changed(.nameSize, to: 1024), .nameCut, 240),
  (changed(at: 111, to: "b"), .unterminatedName, 111),
  (changed(at: 110, to: "\0"), .unterminatedName, 110),
  (changed(.size, to: 0xFFFF_FFFF), .dataCut, 240),
  (changed(.size, to: 0x8000_0000), .dataCut, 240),
  (changed(.size, to: 129), .dataCut, 240),
  (changed(.size, to: 0), .unknownMagic, 112),
  (changed(.size, to: 8), .unknownMagic, 120),
  (changed(.mode, to: 0o000644), .unknownKind, 14),
  (changed(.mode, to: 0o110644), .unknownKind, 14),
  (changed(.mode, to: 0o170644), .unknownKind, 14),
  (changed(.sum, to: 7, magic: "070702"), .badSum, 102),
  (ArchiveBuilder.small + [0, 0, 9], .garbageAfterTrailer, ArchiveBuilder.small.count + 2),
  (ArchiveBuilder.small + ArchiveBuilder.small, .garbageAfterTrailer, ArchiveBuilder.small.count),
]

@Test(arguments: refusals.indices)
func malformedArchivesAreRefusedWhereTheyAreWrong(index: Int) {
  let refusal = refusals[index]
  let listing = Listing(refusal.archive)
  #expect(listing.error == ArchiveError(reason: refusal.reason, offset: refusal.offset))
}

@Test func everyPrefixOfAnArchiveIsRefused() {
  let archive = ArchiveBuilder.small
  // The trailer's own padding may be missing.
  for length in 0..<(archive.count - 3) { #expect(Listing(Array(archive.prefix(length))).error != nil) }
}

@Test func mutatedArchivesNeverLeadOutside() {
  let seed: UInt64 = 0xA905_0001
  print("seed \(seed)")
  var generator = SeededGenerator(seed: seed)
  for _ in 0..<20_000 {
    var archive = ArchiveBuilder.small
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let index = Int.random(in: 0..<archive.count, using: &generator)
      let digits = Array("0123456789abcdefF".utf8)
      archive[index] =
        Bool.random(using: &generator)
        ? digits[Int.random(in: 0..<digits.count, using: &generator)]
        : .random(in: 0...255, using: &generator)
    }
    archive.removeLast(Int.random(in: 0...8, using: &generator))
    let listing = Listing(archive)
    for entry in listing.entries {
      #expect(entry.name.upperBound <= archive.count && entry.data.upperBound <= archive.count)
    }
    if let error = listing.error { #expect(error.offset >= 0 && error.offset <= archive.count) }
  }
}
