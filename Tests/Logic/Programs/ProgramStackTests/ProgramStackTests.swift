import ProgramStack
import Testing

/// A stack as bytes; refuses writes outside of it.
private struct StackMemory: ProgramStackMemory {
  let start: UInt64
  var bytes: [UInt8]
  var writes = 0

  init(start: UInt64, end: UInt64) {
    self.start = start
    bytes = Array(repeating: 0xEE, count: Int(end - start))
  }

  mutating func write(_ source: Span<UInt8>, at address: UInt64) -> Bool {
    guard address >= start, address - start + UInt64(source.count) <= UInt64(bytes.count) else {
      return false
    }
    for index in 0..<source.count { bytes[Int(address - start) + index] = source[index] }
    writes += 1
    return true
  }

  func word(_ address: UInt64, _ word: ProgramWord) -> UInt64 {
    (0..<Int(word.size)).reduce(0) { $0 | UInt64(bytes[Int(address - start) + $1]) << UInt64(8 * $1) }
  }

  func string(_ address: UInt64) -> String {
    String(decoding: bytes[Int(address - start)...].prefix { $0 != 0 }, as: UTF8.self)
  }
}

@Suite struct ProgramStackTests {
  static func joined(_ strings: [String]) -> [UInt8] { strings.flatMap { Array($0.utf8) + [0] } }

  /// Reads a stack as a C library does at the start of a program.
  @Test(
    arguments: [(ProgramWord.bits32, UInt64(0xBFFF_F000)), (.bits64, 0x7FFF_FFFF_E000)],
    [([], []), (["sh"], []), (["ls", "-l", ""], ["HOME=/", "PATH=/bin", "X="]), ([], ["A=1"])]
      as [([String], [String])])
  func aProgramFindsWhatItWasGiven(place: (ProgramWord, UInt64), lists: ([String], [String])) throws {
    let (word, top) = place
    let bytes = Self.joined(lists.0 + lists.1 + ["/bin/file"])
    let stack = try ProgramStack(
      word: word, top: top,
      strings: ProgramStrings(argumentCount: lists.0.count, environmentCount: lists.1.count),
      byteCount: bytes.count)
    var memory = StackMemory(start: stack.pointer, end: top)
    var vector = AuxiliaryVector()
    (vector.programHeaders, vector.programHeaderSize, vector.programHeaderCount) = (0x40_0040, 56, 7)
    (vector.entry, vector.user, vector.group, vector.callPage) = (0x40_1000, 1000, 100, 0x7000)
    (vector.processor, vector.isSecure) = (0x178B_FBFF, true)
    try stack.write(bytes.span, vector, random: (0x0706_0504_0302_0100, .max), to: &memory)

    #expect(stack.pointer % 16 == 0)
    var address = stack.pointer
    func next() -> UInt64 {
      defer { address += word.size }
      return memory.word(address, word)
    }
    #expect(next() == UInt64(lists.0.count))
    for expected in lists.0 { #expect(memory.string(next()) == expected) }
    #expect(next() == 0)
    for expected in lists.1 { #expect(memory.string(next()) == expected) }
    #expect(next() == 0)
    var found: [UInt64: UInt64] = [:]
    while true {
      let (key, value) = (next(), next())
      guard key != 0 else { break }
      if key != 1 { #expect(found.updateValue(value, forKey: key) == nil, "key \(key) comes twice") }
    }
    // The numbers are those of Linux's elf.h.
    for (key, value) in [
      (3, 0x40_0040), (4, 56), (5, 7), (6, 4096), (7, 0), (9, 0x40_1000), (11, 1000), (12, 1000), (13, 100),
      (14, 100), (16, 0x178B_FBFF), (17, 100), (23, 1), (33, 0x7000),
    ] as [(UInt64, UInt64)] {
      #expect(found[key] == value, "key \(key)")
    }
    #expect(found[32] == nil)
    #expect(memory.string(try #require(found[31])) == "/bin/file")
    #expect(memory.string(try #require(found[15])) == (word == .bits32 ? "i686" : "x86_64"))
    let random = try #require(found[25])
    #expect(random % 16 == 0)
    #expect(memory.word(random, .bits64) == 0x0706_0504_0302_0100 && memory.word(random + 8, .bits64) == .max)
    #expect(random >= address, "the words reach into the bytes by chance")
    #expect(memory.word(top - 8, .bits64) == 0)
  }

  @Test func theLimitIsExact() throws {
    let strings = ProgramStrings(argumentCount: 2, environmentCount: 0)
    _ = try ProgramStack(
      word: .bits64, top: 0x7FFF_F000, strings: strings, byteCount: 84, limit: 100)
    #expect(throws: ProgramStackError.tooBig) {
      _ = try ProgramStack(
        word: .bits64, top: 0x7FFF_F000, strings: strings, byteCount: 85, limit: 100)
    }
    #expect(throws: ProgramStackError.tooBig) {
      _ = try ProgramStack(
        word: .bits64, top: 0x7FFF_F000,
        strings: ProgramStrings(argumentCount: .max, environmentCount: .max), byteCount: 1)
    }
  }

  @Test(arguments: [Array("a".utf8), Array("a\0b".utf8), Array("abc".utf8)] as [[UInt8]])
  func stringsThatAreNotAsManyAsWasSaidAreRefused(bytes: [UInt8]) throws {
    let stack = try ProgramStack(
      word: .bits32, top: 0x7FFF_F000, strings: ProgramStrings(argumentCount: 1, environmentCount: 1),
      byteCount: bytes.count)
    var memory = StackMemory(start: stack.pointer, end: 0x7FFF_F000)
    do throws(ProgramStackError) {
      try stack.write(bytes.span, AuxiliaryVector(), random: (0, 0), to: &memory)
      Issue.record("it was accepted")
    } catch { #expect(error == .tooBig) }
  }

  @Test func memoryThatCanNotBeWrittenIsReported() throws {
    let stack = try ProgramStack(
      word: .bits32, top: 0x7FFF_F000, strings: ProgramStrings(argumentCount: 0, environmentCount: 0),
      byteCount: 2)
    var memory = StackMemory(start: stack.pointer + 16, end: 0x7FFF_F000)
    do throws(ProgramStackError) {
      try stack.write(Array("f\0".utf8).span, AuxiliaryVector(), random: (0, 0), to: &memory)
      Issue.record("it was accepted")
    } catch { #expect(error == .notWritable) }
  }
}
