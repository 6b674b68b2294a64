import ProgramStack
import Testing

/// The first line of a script could not be read.
private struct NoLine: Error {}

private func copied(_ list: borrowing StringList) -> [UInt8] {
  let bytes = list.bytes
  var copy: [UInt8] = []
  for index in bytes.indices { copy.append(bytes[index]) }
  return copy
}

/// A list in memory of its own.
private final class Strings {
  let memory: UnsafeMutableRawPointer
  var list: StringList

  init(capacity: Int = 4096) {
    memory = .allocate(byteCount: capacity + 16, alignment: 16)
    memory.initializeMemory(as: UInt8.self, repeating: 0xEE, count: capacity + 16)
    list = StringList(memory: memory, capacity: capacity)
  }

  deinit { memory.deallocate() }

  func append(_ text: String) throws {
    let bytes = Array(text.utf8)
    try list.append(bytes.span)
  }

  var all: [String] {
    copied(list).split(separator: 0, omittingEmptySubsequences: false).dropLast().map {
      String(decoding: $0, as: UTF8.self)
    }
  }
}

@Suite struct StringListTests {
  @Test func argumentsEndWhereTheEnvironmentBegins() throws {
    let strings = Strings()
    for text in ["ls", "", "-l", "A=1", "/bin/ls"] { try strings.append(text) }
    strings.list.counts = ProgramStrings(argumentCount: 3, environmentCount: 1)
    #expect(strings.list.argumentBytes == 7)
    #expect(strings.all == ["ls", "", "-l", "A=1", "/bin/ls"])
  }

  @Test func aFullListRefusesAndKeepsWhatItHas() throws {
    let strings = Strings(capacity: 8)
    try strings.append("1234")
    #expect(throws: ProgramStackError.tooBig) { try strings.append("678") }
    #expect(strings.all == ["1234"])
    try strings.append("67")
    #expect(strings.list.count == 8)
    #expect(throws: ProgramStackError.tooBig) { try strings.append("") }
    #expect(strings.memory.load(fromByteOffset: 8, as: UInt8.self) == 0xEE)
  }

  @Test func whatSomebodyElseWritesIsCounted() throws {
    let strings = Strings(capacity: 8)
    try strings.append("a")
    let (place, room) = strings.list.free
    #expect(room == 6)
    for (index, byte) in "bcd\0".utf8.enumerated() {
      place.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
    }
    strings.list.didAppend(3)
    #expect(strings.all == ["a", "bcd"])
  }

  /// A script as `execve` finds it: with arguments, an environment, and its path last.
  private static func script(_ arguments: [String], path: String) throws -> (Strings, Int) {
    let strings = Strings()
    for text in arguments + ["A=1", "B=2"] { try strings.append(text) }
    strings.list.counts = ProgramStrings(argumentCount: arguments.count, environmentCount: 2)
    let start = strings.list.count
    try strings.append(path)
    return (strings, start)
  }

  @Test(
    arguments: [
      ("#!/bin/sh\nexit", ["s", "x", "y"], ["/bin/sh", "/s", "x", "y"]),
      ("#! /bin/awk  -f \n", ["s"], ["/bin/awk", "-f", "/s"]),
      ("#!/bin/sh -e -x", [], ["/bin/sh", "-e -x", "/s"]),
    ] as [(String, [String], [String])])
  func aScriptsPathTakesThePlaceOfItsFirstArgument(head: String, old: [String], new: [String]) throws {
    let (strings, start) = try Self.script(old, path: "/s")
    let bytes = Array(head.utf8)
    guard let line = ScriptLine(bytes.span) else { throw NoLine() }
    let other = Strings()
    let nameStart = try other.list.append(line, of: bytes.span, running: strings.list, nameStart: start)
    #expect(other.all == new + ["A=1", "B=2", new[0]])
    #expect(other.list.counts.argumentCount == new.count)
    #expect(other.list.counts.environmentCount == 2)
    #expect(other.list.count - nameStart == new[0].utf8.count + 1)
  }

  @Test func aScriptWithoutRoomForItsInterpreterIsRefused() throws {
    let (strings, start) = try Self.script(["s"], path: "/s")
    let bytes = Array("#!/bin/sh\n".utf8)
    guard let line = ScriptLine(bytes.span) else { throw NoLine() }
    for capacity in 0..<27 {
      let other = Strings(capacity: capacity)
      #expect(throws: ProgramStackError.tooBig) {
        _ = try other.list.append(line, of: bytes.span, running: strings.list, nameStart: start)
      }
    }
    // /bin/sh, /s, A=1, B=2, /bin/sh with their zeros.
    let other = Strings(capacity: 27)
    _ = try other.list.append(line, of: bytes.span, running: strings.list, nameStart: start)
  }
}

@Suite struct ScriptLineTests {
  private static func parts(_ head: String) -> [String]? {
    let bytes = Array(head.utf8)
    guard let line = ScriptLine(bytes.span) else { return nil }
    return [line.interpreter, line.option].map { String(decoding: bytes[$0], as: UTF8.self) }
  }

  @Test(
    arguments: [
      ("#!/bin/sh\n", ["/bin/sh", ""]), ("#!/bin/sh", ["/bin/sh", ""]),
      ("#! \t/bin/sh\t \nx", ["/bin/sh", ""]),
      ("#!/usr/bin/env  sh  -x \n", ["/usr/bin/env", "sh  -x"]), ("#!\n", nil), ("#!  \n/bin/sh", nil),
      ("#!", nil),
    ] as [(String, [String]?)])
  func theLineNamesAnInterpreterAndOneOption(head: String, parts: [String]?) {
    #expect(Self.parts(head) == parts)
  }

  @Test func aLineOfMoreThan256BytesIsRefusedNotCut() {
    let longest = "#!/" + String(repeating: "i", count: 253)
    #expect(Self.parts(longest + "\n") == [String(longest.dropFirst(2)), ""])
    #expect(Self.parts(longest + "i\n") == nil)
    #expect(Self.parts(longest + "i") == nil)
  }

  @Test func onlyTwoBytesMakeAScript() {
    for (text, isScript) in [
      ("#!", true), ("#!/bin/sh", true), ("#", false), ("", false), ("!#", false), ("# !", false),
    ] {
      let bytes = Array(text.utf8)
      #expect(ScriptLine.begins(bytes.span) == isScript)
    }
  }
}
