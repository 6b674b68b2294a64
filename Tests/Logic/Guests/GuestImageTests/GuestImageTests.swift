/// Guests' kernels and descriptions, good and bad.

import GuestFixture
import GuestInterface
import SeededRandomness
import Testing

@testable import GuestImage

/// An ELF file with one segment of 16 bytes at guest-physical 0x2000.
private func executable(_ change: (inout [UInt8]) -> Void = { _ in }) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: 52 + 32)
  func put(_ offset: Int, _ value: UInt32, _ count: Int = 4) {
    for index in 0..<count { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }
  put(0, 0x464C_457F)
  (bytes[4], bytes[5], bytes[6]) = (1, 1, 1)
  put(16, 2, 2)
  put(18, 3, 2)
  put(24, 0x2004)
  put(28, 52)
  put(42, 32, 2)
  put(44, 1, 2)
  put(52, 1)
  put(56, 84)
  put(60, 0xC000_2000)
  put(64, 0x2000)
  put(68, 16)
  put(72, 0x100)
  bytes += (1...16).map { UInt8($0) }
  change(&bytes)
  return bytes
}

private func load(_ bytes: [UInt8], into machine: inout FakeMachine) throws(GuestImageError) -> UInt32 {
  try GuestImage(bytes.span).load(into: &machine)
}

@Suite struct GuestImageTests {
  @Test func segmentsGoToTheirPhysicalAddresses() throws {
    var machine = FakeMachine(ramPages: 16)
    #expect(try load(executable(), into: &machine) == 0x2004)
    #expect(Array(machine.bytes[0x2000..<0x2011]) == (1...16).map { UInt8($0) } + [0])
  }

  private static let mistakes: [(offset: Int, value: UInt8, reason: GuestImageError.Reason)] = [
    (0, 0, .unknownFormat), (4, 2, .notExecutableForI386), (18, 62, .notExecutableForI386),
    (16, 3, .notExecutableForI386), (31, 0xFF, .badProgramHeaders), (42, 56, .badProgramHeaders),
    (59, 0xFF, .segmentOutsideFile), (67, 0xFF, .segmentOutsideMemory), (75, 0xFF, .segmentOutsideMemory),
    (27, 0xFF, .entryOutsideMemory), (52, 2, .noSegments), (71, 0xFF, .segmentOutsideFile),
  ]

  @Test(arguments: mistakes)
  func mistakesAreNamed(offset: Int, value: UInt8, reason: GuestImageError.Reason) {
    var machine = FakeMachine(ramPages: 16)
    let bytes = executable { $0[offset] = value }
    #expect { _ = try load(bytes, into: &machine) } throws: { ($0 as? GuestImageError)?.reason == reason }
  }

  @Test func anyFileIsSurvived() {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed of the guest images: \(seed)")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<3_000 {
      var machine = FakeMachine(ramPages: 16)
      let bytes = executable { bytes in
        for _ in 0..<Int.random(in: 1...6, using: &random) {
          bytes[bytes.indices.randomElement(using: &random) ?? 0] = .random(in: 0...255, using: &random)
        }
        if Bool.random(using: &random) { bytes.removeLast(.random(in: 0..<bytes.count, using: &random)) }
      }
      _ = try? load(bytes, into: &machine)
      #expect(machine.bytes.count == 17 * 4096)
    }
  }

  @Test func aBzImageLosesItsRealModePart() throws {
    var bytes = [UInt8](repeating: 0, count: 0x600 + 8)
    bytes[0x1F1] = 2
    bytes.replaceSubrange(0x202..<0x206, with: Array("HdrS".utf8))
    bytes[0x216] = 0x10
    bytes[0x600] = 0xAB
    var machine = FakeMachine(ramPages: 257)
    #expect(try load(bytes, into: &machine) == 0x10_0000)
    #expect(machine.bytes[0x10_0000] == 0xAB)
    bytes[0x1F1] = 200
    #expect { _ = try load(bytes, into: &machine) } throws: {
      ($0 as? GuestImageError)?.reason == .setupTooLong
    }
  }

  @Test func theBootParametersAreLinuxes() throws {
    var machine = FakeMachine(ramPages: 512)
    let ramdisk = [UInt8](repeating: 7, count: 5_000)
    let line = Array("console=hvc0".utf8)
    try BootParameters.prepare(ramdisk: ramdisk.span, commandLine: line.span, in: &machine)
    #expect(machine.load8(0x1E8) == 1)
    #expect(machine.load32(0x2D8) == 512 * 4096)
    #expect(machine.load32(0x218) == 510 * 4096)
    #expect(machine.load32(0x21C) == 5_000)
    #expect(machine.load32(0x228) == 0x1000)
    #expect(machine.load32(0x23C) == 1)
    #expect(Array(machine.bytes[0x1000..<0x100D]) == line + [0])
    #expect(machine.bytes[510 * 4096 + 4_999] == 7)
    var small = FakeMachine(ramPages: 256)
    #expect {
      try BootParameters.prepare(ramdisk: ramdisk.span, commandLine: line.span, in: &small)
    } throws: {
      ($0 as? GuestImageError)?.reason == .ramdiskTooLarge
    }
  }
}

@Suite struct GuestDescriptionTests {
  private func read(_ text: String) throws(GuestImageError) -> GuestDescription? {
    let bytes = Array(text.utf8)
    return try GuestDescription(bytes.span)
  }

  @Test func aSeriesIsDescribed() throws {
    let description = try #require(
      try read("guest memory=4 starts=200 calls=9 life=70 audit=50 refusing background -- run=ends"))
    #expect(description.starts == 200 && description.auditInterval == 50 && description.isBackground)
    #expect(description.calls == 9 && description.life == 70 && description.isRefusing)
    let alone = try #require(try read("guest"))
    #expect(alone.starts == 0 && alone.auditInterval == 0 && !alone.isBackground)
    #expect(alone.calls == 0 && alone.life == 0)
  }

  @Test(arguments: [
    "starts=0", "starts=", "starts=1x", "starts=1000001", "calls=0", "life=0", "life=1s", "audit=0",
    "audit=99999999999",
  ])
  func countsAreChecked(word: String) {
    #expect(throws: GuestImageError.self) { _ = try read("guest \(word)") }
  }

  @Test func descriptionsAreRead() throws {
    #expect(try read("ramdisk.cpio") == nil)
    #expect(try read("") == nil)
    #expect(try read("vmlinux guest")?.megabytes == 64)
    let text = "vmlinux guest memory=32 -- quiet a=b"
    let found = try read(text)
    #expect(found?.megabytes == 32)
    #expect(found?.commandLine == text.utf8.count - 9..<text.utf8.count)
    #expect(try read("guest-ramdisk")?.kind == .ramdisk)
    #expect(try read("a.img guest-disk")?.kind == .disk)
  }

  @Test func limitsAndDisksAreRead() throws {
    let text = "k guest level=3 share=25 balloon=8 disk=var/disk memory=16 -- disk=x"
    let found = try read(text)
    #expect(found?.level == 3)
    #expect(found?.share == 25)
    #expect(found?.balloon == 8)
    let bytes = Array(text.utf8)
    #expect(found.map { String(decoding: bytes[$0.disk], as: UTF8.self) } == "var/disk")
    #expect(try read("k guest")?.disk.isEmpty == true)
    #expect(try read("k guest")?.level == 8)
    #expect(try read("k guest")?.share == 100)
  }

  @Test(
    arguments: [
      ("guest level=0", .badLevel), ("guest level=16", .badLevel), ("guest share=0", .badShare),
      ("guest share=101", .badShare), ("guest share=ten", .badShare), ("guest balloon=600", .badBalloon),
      ("guest balloon=16 memory=16", .badBalloon),
    ] as [(String, GuestImageError.Reason)])
  func badLimitsAreNamed(text: String, reason: GuestImageError.Reason) {
    #expect { _ = try read(text) } throws: { ($0 as? GuestImageError)?.reason == reason }
  }

  @Test(arguments: ["guest memory=3", "guest memory=513", "guest memory=x", "guest memory=99999999999"])
  func badMemoryIsNamed(text: String) {
    #expect { _ = try read(text) } throws: { ($0 as? GuestImageError)?.reason == .badMemory }
  }

  @Test(arguments: ["guest quiet", "guest-ramdisk memory=4", "guest memory="])
  func unknownWordsAreNamed(text: String) {
    #expect { _ = try read(text) } throws: { ($0 as? GuestImageError)?.reason == .unknownWord }
  }
}

@Suite struct GuestSymbolTests {
  /// An ELF file with a table of symbols: name, value, kind.
  private func file(_ symbols: [(name: String, value: UInt32, kind: UInt8)]) -> [UInt8] {
    var strings: [UInt8] = [0]
    var table = [UInt8](repeating: 0, count: 16)
    func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    for symbol in symbols {
      table += word(UInt32(strings.count)) + word(symbol.value) + word(0) + [symbol.kind, 0, 1, 0]
      strings += Array(symbol.name.utf8) + [0]
    }
    func section(_ type: UInt32, _ offset: Int, _ count: Int, _ link: UInt32) -> [UInt8] {
      word(0) + word(type) + word(0) + word(0) + word(UInt32(offset)) + word(UInt32(count)) + word(link)
        + word(0) + word(0) + word(0)
    }
    let tableStart = 52
    let stringStart = tableStart + table.count
    let sectionStart = stringStart + strings.count
    var header: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 1, 1, 1] + .init(repeating: 0, count: 9)
    header += [2, 0, 3, 0] + word(1) + word(0) + word(0) + word(UInt32(sectionStart)) + word(0)
    header += [52, 0, 32, 0, 0, 0, 40, 0, 2, 0, 0, 0]
    return header + table + strings + section(2, tableStart, table.count, 1)
      + section(3, stringStart, strings.count, 0)
  }

  private func name(_ file: [UInt8], _ address: UInt32) -> String? {
    let symbols = GuestSymbols(file.span)
    return symbols.place(of: address).map {
      String(decoding: file[$0.name], as: UTF8.self) + "+\($0.offset)"
    }
  }

  @Test func thePlaceIsTheLastSymbolBelow() {
    let bytes = file([("main", 0x1000, 2), ("later", 0x1100, 2), ("label", 0x1100, 0)])
    #expect(name(bytes, 0x1000) == "main+0")
    #expect(name(bytes, 0x10FF) == "main+255")
    #expect(name(bytes, 0x1104) == "later+4", "a function is the better name")
    #expect(name(bytes, 0xFFF) == nil)
    #expect(name(bytes, 0x2_2000) == nil, "too far behind")
  }

  @Test func noFileMakesItTrap() {
    let bytes = file([("main", 0x1000, 2)])
    #expect(name([], 0x1000) == nil)
    for count in bytes.indices { _ = name(Array(bytes[..<count]), 0x1000) }
    var random = SeededGenerator(seed: 3)
    for _ in 0..<5_000 {
      var changed = bytes
      for _ in 0..<4 {
        changed[.random(in: 4..<changed.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      _ = name(changed, 0x1000)
    }
  }
}
