/// Guests' kernels and descriptions, good and bad.

import GuestFixture
import GuestInterface
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
