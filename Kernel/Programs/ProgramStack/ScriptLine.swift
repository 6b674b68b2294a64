/// The first line of a script: `#!`, the interpreter's path, and at most one option, which is all the rest of the line.

/// Where the parts of the line lie in the file's beginning.
public struct ScriptLine: Hashable, Sendable {
  /// The interpreter's path; never empty.
  public let interpreter: Range<Int>
  /// What is behind it without the blanks around, or nothing.
  public let option: Range<Int>

  /// The most bytes of the line, its end not counted.
  public static var longest: Int { 256 }

  /// Whether a file that begins so is a script.
  public static func begins(_ head: Span<UInt8>) -> Bool {
    head.count >= 2 && head[0] == UInt8(ascii: "#") && head[1] == UInt8(ascii: "!")
  }

  /// Reads the line; `nil` if it names nobody or is too long.
  ///
  /// - Parameter head: the beginning of a file for which `begins` holds; a file that ends there needs no end of the line.
  @export(interface)
  public init?(_ head: Span<UInt8>) {
    var end = 2
    while end < head.count, head[end] != UInt8(ascii: "\n") { end += 1 }
    guard end < head.count || head.count < Self.longest, end <= Self.longest else { return nil }
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    var start = 2
    while start < end, isBlank(head[start]) { start += 1 }
    var stop = start
    while stop < end, !isBlank(head[stop]) { stop += 1 }
    guard stop > start else { return nil }
    interpreter = start..<stop
    var optionStart = stop
    while optionStart < end, isBlank(head[optionStart]) { optionStart += 1 }
    var optionEnd = end
    while optionEnd > optionStart, isBlank(head[optionEnd - 1]) { optionEnd -= 1 }
    option = optionStart..<optionEnd
  }
}
