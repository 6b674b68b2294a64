import Core
import Log
import Testing

private func type(_ text: String) -> (line: String, events: [LineEvent], shown: String) {
  var editor = LineEditor()
  var output = Recorder()
  var events: [LineEvent] = []
  for byte in text.utf8 { events.append(editor.take(byte, showing: &output)) }
  let line = editor.line
  return (String(decoding: (0..<line.count).map { line[$0] }, as: UTF8.self), events, output.text)
}

@Test func typedBytesAreShownAndKept() {
  let result = type("help\r")
  #expect(result.line == "help")
  #expect(result.shown == "help\n")
  #expect(result.events.last == .complete)
}

@Test func backspaceTakesBackOneByteAndNoMore() {
  let result = type("a\u{7F}\u{7F}b")
  #expect(result.line == "b")
  #expect(result.shown == "a\u{8} \u{8}b")
}

@Test func theEndOfInputCountsOnlyOnAnEmptyLine() {
  #expect(type("\u{4}").events == [.endOfInput])
  #expect(type("x\u{4}").events == [.editing, .editing])
}

@Test func controlCGivesTheLineUp() {
  #expect(type("ab\u{3}").events.last == .cancelled)
}

@Test func aLineThatIsTooLongRingsTheBell() {
  let result = type(String(repeating: "x", count: LineEditor.capacity + 1))
  #expect(result.line.utf8.count == LineEditor.capacity)
  #expect(result.shown.hasSuffix("\u{7}"))
}
