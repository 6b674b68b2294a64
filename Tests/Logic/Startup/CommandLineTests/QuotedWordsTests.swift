import CommandLine
import Testing

@Suite struct QuotedWordsTests {
  static func words(_ text: String) -> [String] {
    let bytes = Array(text.utf8)
    var words = QuotedWords()
    var found: [String] = []
    while let range = words.next(in: bytes.span) {
      found.append(String(decoding: bytes[range], as: UTF8.self))
    }
    return found
  }

  @Test(
    arguments: [
      ("", []), ("   ", []), ("one", ["one"]), ("  one   two ", ["one", "two"]),
      ("-c 'echo a; echo b' x", ["-c", "echo a; echo b", "x"]), ("\"it's\" 'a \"b\"'", ["it's", "a \"b\""]),
      ("'' \"\"", ["", ""]), ("a'b c'", ["a'b", "c'"]), ("'open to the end ", ["open to the end "]),
      ("x '", ["x", ""]),
      ("'a''b' c", ["a", "b", "c"]),
    ] as [(String, [String])])
  func quotationMarksHoldWordsTogether(text: String, words: [String]) { #expect(Self.words(text) == words) }
}
