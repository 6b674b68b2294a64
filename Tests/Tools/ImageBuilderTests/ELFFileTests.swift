import HostSupport
import ImageBuilder
import Testing

/// Builds small ELF files by the manual's layout, so that the reader is tested against something other than itself.
struct ELFMaker {
  var wide: Bool
  var segmentFlags: UInt32 = 5
  var fileSize: UInt64?
  var memorySize: UInt64 = 16
  var symbolSection: UInt16 = 1

  private func number(_ value: UInt64, _ bytes: Int) -> [UInt8] {
    (0..<bytes).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }

  private func word(_ value: UInt64) -> [UInt8] { number(value, wide ? 8 : 4) }

  private func section(
    name: UInt64, type: UInt64, flags: UInt64, address: UInt64, offset: Int, size: Int, link: UInt64 = 0,
    entry: UInt64 = 0
  ) -> [UInt8] {
    number(name, 4) + number(type, 4) + word(flags) + word(address) + word(UInt64(offset))
      + word(UInt64(size))
      + number(link, 4) + number(0, 4) + word(1) + word(entry)
  }

  var bytes: [UInt8] {
    let header = wide ? 64 : 52, program = wide ? 56 : 32, sectionSize = wide ? 64 : 40
    let code = [UInt8](repeating: 0x90, count: 16)
    let names = Array("\0.text\0.symtab\0.strtab\0start\0".utf8)
    let codeAt = header + program, namesAt = codeAt + code.count
    let symbol =
      wide
      ? number(23, 4) + [2, 0] + number(UInt64(symbolSection), 2) + number(0x1000, 8) + number(16, 8)
      : number(23, 4) + number(0x1000, 4) + number(16, 4) + [2, 0] + number(UInt64(symbolSection), 2)
    let symbolsAt = namesAt + names.count, sectionsAt = symbolsAt + symbol.count
    var file: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, wide ? 2 : 1, 1, 1] + [UInt8](repeating: 0, count: 9)
    file += number(2, 2) + number(wide ? 62 : 3, 2) + number(1, 4) + word(0x1000) + word(UInt64(header))
    file += word(UInt64(sectionsAt)) + number(0, 4) + number(UInt64(header), 2) + number(UInt64(program), 2)
    file += number(1, 2) + number(UInt64(sectionSize), 2) + number(4, 2) + number(3, 2)
    let flags = number(UInt64(segmentFlags), 4), size = word(fileSize ?? 16) + word(memorySize)
    file += number(1, 4) + (wide ? flags : []) + word(UInt64(codeAt)) + word(0x1000) + word(0x1000) + size
    file += (wide ? [] : flags) + word(4096)
    file += code + names + symbol
    file += section(name: 0, type: 0, flags: 0, address: 0, offset: 0, size: 0)
    file += section(name: 1, type: 1, flags: 6, address: 0x1000, offset: codeAt, size: 16)
    file += section(
      name: 7, type: 2, flags: 0, address: 0, offset: symbolsAt, size: symbol.count, link: 3,
      entry: UInt64(symbol.count))
    file += section(name: 15, type: 3, flags: 0, address: 0, offset: namesAt, size: names.count)
    return file
  }
}

@Test(arguments: [false, true]) func aSmallFileIsRead(wide: Bool) throws {
  let file = try ELFFile(ELFMaker(wide: wide).bytes, name: "small")
  #expect(file.is64Bit == wide)
  #expect(file.entry == 0x1000)
  #expect(file.segments.count == 1)
  #expect(file.segments.first?.permissions == "r-x")
  #expect(file.sections.map(\.name) == ["", ".text", ".symtab", ".strtab"])
  #expect(file.symbols.map(\.name) == ["start"])
  #expect(file.symbols.first?.address == 0x1000)
  #expect(file.symbols.first?.size == 16)
  #expect(file.codeRanges == [0x1000..<0x1010])
  let text = try #require(file.sections.dropFirst().first)
  #expect(try file.content(of: text).allSatisfy { $0 == 0x90 })
}

@Test(arguments: [false, true]) func everyTruncatedFileIsRefused(wide: Bool) {
  let bytes = ELFMaker(wide: wide).bytes
  for count in bytes.indices {
    #expect(throws: ToolError.self, "cut to \(count) bytes") {
      try ELFFile(Array(bytes.prefix(count)), name: "cut")
    }
  }
}

@Test(arguments: [false, true]) func anyChangedByteIsReadOrRefused(wide: Bool) throws {
  let bytes = ELFMaker(wide: wide).bytes
  for index in bytes.indices {
    for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
      var changed = bytes
      changed[index] = value
      guard let file = try? ELFFile(changed, name: "changed") else { continue }
      for section in file.sections { _ = try? file.content(of: section) }
      _ = file.codeRanges
    }
  }
}

@Test func aSegmentThatClaimsTooMuchIsRefused() {
  for (size, memory, expected) in [
    (1 << 40, 1 << 41, "lies outside the file"), (16, 8, "more bytes in the file than in memory"),
    (16, UInt64.max, "wraps around"), (UInt64.max, UInt64.max, "lies outside the file"),
  ] as [(UInt64, UInt64, String)] {
    let maker = ELFMaker(wide: true, fileSize: size, memorySize: memory)
    #expect(complaint { _ = try ELFFile(maker.bytes, name: "liar") }.contains(expected))
  }
}

@Test func otherFilesAreNotELF() {
  #expect(complaint { _ = try ELFFile([], name: "x") }.contains("does not start with 7f 45 4c 46"))
  #expect(complaint { _ = try ELFFile([0x7F, 0x45, 0x4C, 0x46], name: "x") }.contains("too few"))
  var foreign = ELFMaker(wide: true).bytes
  foreign[18] = 183
  #expect(
    complaint { _ = try ELFFile(foreign, name: "x") }.contains(
      "machine 183 in a file of 64 bits, allowed: 62"))
}
