import LinuxABI
import SeededRandomness
import Streams
import Testing

/// A terminal with a keyboard and a screen; a class, so that a test's macros can call it.
private final class Desk {
  var pool: PagePool
  var terminal: Terminal

  init() throws {
    pool = makePool(4)
    let made = Terminal(pool: &pool)
    terminal = try #require(made)
  }

  func type(_ text: String) -> [SignalNumber] {
    bytes(text).compactMap { terminal.receive($0, pool: &pool) }
  }

  func outcome(hasTimedOut: Bool = false) -> TerminalRead {
    var buffer = [UInt8](repeating: 0, count: 9)
    var span = buffer.mutableSpan
    return terminal.read(into: &span, hasTimedOut: hasTimedOut, pool: pool)
  }

  /// What a read answers: the text, or `nil` when it would wait.
  func read(_ count: Int = 1_000, hasTimedOut: Bool = false) -> String? {
    var buffer = [UInt8](repeating: 0, count: count)
    var span = buffer.mutableSpan
    guard case .read(let done) = terminal.read(into: &span, hasTimedOut: hasTimedOut, pool: pool) else {
      return nil
    }
    return String(decoding: buffer[..<done], as: UTF8.self)
  }

  func put(_ data: [UInt8]) -> Int { terminal.write(data.span, pool: &pool) }

  var readableCount: Int { terminal.readableCount(pool: pool) }

  func screen() -> String {
    var buffer = [UInt8](repeating: 0, count: 10_000)
    var span = buffer.mutableSpan
    let done = terminal.takeOutput(into: &span, pool: pool)
    return String(decoding: buffer[..<done], as: UTF8.self)
  }

  func change(_ change: (inout TerminalAttributes) -> Void) {
    var attributes = terminal.attributes
    change(&attributes)
    terminal.setAttributes(attributes)
  }

  func makeRaw(minimum: UInt8 = 1, time: UInt8 = 0) {
    change {
      $0.local = 0
      $0.input = 0
      $0.output = 0
      $0.characters[TerminalAttributes.minimum] = minimum
      $0.characters[TerminalAttributes.time] = time
    }
  }
}

@Test func aLineIsReadWhenItIsEnded() throws {
  let desk = try Desk()
  _ = desk.type("ab")
  #expect(desk.read() == nil && !desk.terminal.isReadable)
  _ = desk.type("c\rnext")
  #expect(desk.terminal.isReadable && desk.readableCount == 4)
  #expect(desk.read() == "abc\n")
  #expect(desk.read() == nil)
  #expect(desk.screen() == "abc\r\nnext")
}

@Test func aLineIsReadInParts() throws {
  let desk = try Desk()
  _ = desk.type("abcdef\rx\r")
  #expect(desk.read(4) == "abcd")
  #expect(desk.read(4) == "ef\n")
  #expect(desk.read() == "x\n")
}

@Test(
  arguments: [
    ("ab\u{7F}c\r", "ac\n", "ab\u{8} \u{8}c\r\n"), ("\u{7F}\u{7F}a\r", "a\n", "a\r\n"),
    ("one two\u{17}3\r", "one 3\n", "one two\u{8} \u{8}\u{8} \u{8}\u{8} \u{8}3\r\n"),
    ("abc\u{15}d\r", "d\n", "abc\u{8} \u{8}\u{8} \u{8}\u{8} \u{8}d\r\n"),
    ("a\u{1}\u{7F}b\r", "ab\n", "a^A\u{8} \u{8}\u{8} \u{8}b\r\n"),
    ("a\u{16}\u{3}b\r", "a\u{3}b\n", "a^\u{8}^Cb\r\n"),
    ("ab\u{12}c\r", "abc\n", "ab^R\r\nabc\r\n"), ("a\tb\r", "a\tb\n", "a\tb\r\n"),
  ]) func aLineIsEdited(typed: String, line: String, screen: String) throws
{
  let desk = try Desk()
  #expect(desk.type(typed) == [])
  #expect(desk.read() == line)
  #expect(desk.screen() == screen)
}

@Test func aCharacterOfSeveralBytesIsErasedWhole() throws {
  let desk = try Desk()
  desk.change { $0.input |= 0o40000 }
  _ = desk.type("aé€\u{7F}\u{7F}b\r")
  #expect(desk.read() == "ab\n")
}

@Test func editingStopsAtTheLineBefore() throws {
  let desk = try Desk()
  _ = desk.type("one\r\u{7F}\u{15}\u{17}two\r")
  #expect(desk.read() == "one\n")
  #expect(desk.read() == "two\n")
}

@Test func controlDEndsInputOnceAndALineWithoutTrace() throws {
  let desk = try Desk()
  _ = desk.type("\u{4}")
  #expect(desk.read() == "")
  #expect(desk.read() == nil)
  _ = desk.type("abc\u{4}def\r")
  #expect(desk.read() == "abc")
  #expect(desk.read() == "def\n")
  _ = desk.type("abc\u{4}")
  #expect(desk.read(3) == "abc")  // the end of the line belongs to this read
  #expect(desk.read() == nil)
}

@Test func signalsComeOutAndForgetTheLine() throws {
  let desk = try Desk()
  #expect(desk.type("abc\u{3}") == [.interrupt])
  #expect(desk.type("x\u{1C}\u{1A}") == [.quit, .terminalStop])
  _ = desk.type("y\r")
  #expect(desk.read() == "y\n")
  desk.change { $0.local |= TerminalAttributes.noFlush }
  #expect(desk.type("ab\u{3}\r") == [.interrupt])
  #expect(desk.read() == "ab\n")
  desk.change { $0.local &= ~TerminalAttributes.signals }
  #expect(desk.type("\u{3}\r") == [])
  #expect(desk.read() == "\u{3}\n")
}

@Test func controlSHoldsOutputBack() throws {
  let desk = try Desk()
  _ = desk.type("\u{13}")
  #expect(desk.put(bytes("out")) == 3)
  #expect(desk.screen() == "" && desk.terminal.outputCount == 3)
  _ = desk.type("\u{11}")
  #expect(desk.screen() == "out")
}

@Test func rawModeWaitsForTheMinimumAndTheTime() throws {
  let desk = try Desk()
  desk.makeRaw()
  _ = desk.type("a\u{3}\r")
  #expect(desk.read() == "a\u{3}\r" && desk.screen() == "")
  #expect(desk.read() == nil)
  desk.makeRaw(minimum: 0)
  #expect(desk.read() == "")
  desk.makeRaw(minimum: 3)
  _ = desk.type("ab")
  #expect(desk.read() == nil && !desk.terminal.isReadable)
  #expect(desk.read(2) == "ab")  // a smaller buffer lowers the minimum
  desk.makeRaw(minimum: 0, time: 5)
  #expect(desk.outcome() == .empty(tenths: 5))
  #expect(desk.read(hasTimedOut: true) == "")
  desk.makeRaw(minimum: 3, time: 7)
  _ = desk.type("z")
  #expect(desk.outcome() == .empty(tenths: 7))
  #expect(desk.read(hasTimedOut: true) == "z")
  #expect(desk.outcome(hasTimedOut: true) == .empty(tenths: 0))
}

@Test func whatWasTypedSurvivesAChangeOfMode() throws {
  let desk = try Desk()
  _ = desk.type("one\rtwo")
  desk.makeRaw()
  #expect(desk.read(2) == "on")
  desk.terminal.setAttributes(TerminalAttributes())
  #expect(desk.read() == "e\n")
  _ = desk.type("\u{7F}!\r")
  #expect(desk.read() == "tw!\n")
}

@Test func aLineThatIsTooLongCanStillBeEnded() throws {
  let desk = try Desk()
  _ = desk.type(String(repeating: "x", count: 5_000) + "\r")
  #expect(desk.read(10_000) == String(repeating: "x", count: 4_095) + "\n")
}

@Test func aFullScreenTakesAPart() throws {
  let desk = try Desk()
  let text = [UInt8](repeating: 0x0A, count: 3_000)
  let done = desk.put(text)
  #expect(done > 2_000 && done < 3_000 && !desk.terminal.isWritable)
  #expect(desk.screen() == String(repeating: "\r\n", count: done))
}

@Test func aHungUpTerminalEnds() throws {
  let desk = try Desk()
  _ = desk.type("abc\r")
  desk.terminal.hangUp()
  #expect(desk.read() == "abc\n")
  #expect(desk.read() == "")
}

/// Whatever is typed in whatever mode, counts stay right and nothing traps.
@Test func anyTypingIsSafe() throws {
  let seed: UInt64 = .random(in: 0...UInt64.max)
  print("seed of the typing: \(seed)")
  var random = SeededGenerator(seed: seed)
  let desk = try Desk()
  var received = 0
  for _ in 0..<50_000 {
    switch random.next() % 16 {
    case 0:
      desk.change {
        $0.local = UInt32.random(in: 0...UInt32.max, using: &random)
        $0.input = UInt32.random(in: 0...UInt32.max, using: &random)
        $0.output = UInt32.random(in: 0...7, using: &random)
        $0.characters[5] = UInt8.random(in: 0...2, using: &random)
        $0.characters[6] = UInt8.random(in: 0...3, using: &random)
      }
    case 1, 2:
      let wasReadable = desk.terminal.isReadable
      let text = desk.read(Int.random(in: 1...300, using: &random))
      received += text?.count ?? 0
      // With a time, a read may wait for more than what makes the terminal readable.
      let hasTimer = desk.terminal.attributes.characters[TerminalAttributes.time] != 0
      #expect(!wasReadable || text != nil || hasTimer)
    case 3: _ = desk.screen()
    case 4: desk.terminal.setAttributes(TerminalAttributes())
    default:
      _ = desk.terminal.receive(
        Bool.random(using: &random)
          ? UInt8.random(in: 0...31, using: &random) : UInt8.random(in: 0...255, using: &random),
        pool: &desk.pool)
    }
  }
  #expect(received > 0)
}
