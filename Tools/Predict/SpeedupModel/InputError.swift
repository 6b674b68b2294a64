/// Input that cannot be used: where it stands, what was found, and what is allowed instead.
public struct InputError: Error, Equatable, CustomStringConvertible {
  /// The file, or the option, that holds the input.
  public var place: String
  /// Counted from 1; 0 when the whole input is meant.
  public var line: Int
  /// Counted from 1 in bytes; 0 when the whole line is meant.
  public var column: Int
  /// What stands there.
  public var found: String
  /// What could stand there.
  public var allowed: String

  /// An error at a place of an input.
  public init(_ place: String, line: Int = 0, column: Int = 0, found: String, allowed: String) {
    self.place = place
    self.line = line
    self.column = column
    self.found = found
    self.allowed = allowed
  }

  /// `file:line:column: found ..., allowed: ...`, with the parts that are known.
  public var description: String {
    let position = line == 0 ? "" : ":\(line)" + (column == 0 ? "" : ":\(column)")
    return "\(place)\(position): found \(found), allowed: \(allowed)"
  }

  /// Text from a file, shortened and without control characters, fit for one line of a message.
  public static func quoted(_ text: some StringProtocol) -> String {
    var result = ""
    for scalar in text.unicodeScalars.prefix(60) {
      result.unicodeScalars.append(scalar.value < 32 || scalar.value == 127 ? "?" : scalar)
    }
    return "\"" + result + (text.unicodeScalars.count > 60 ? "..." : "") + "\""
  }
}
