/// The console of a kernel or program that measures, read.

/// Reads samples from a console's text.
///
/// Version 1 of the form:
///
///     bench 1 NAME: 33 33 34 ...          any number of such lines
///     bench 1 NAME end 1000               the number of samples, so that a lost line is noticed
///     bench 1 NAME skipped REASON         this can't be measured here
public enum SampleReader {
  /// What is wrong with a console's text.
  public enum Problem: Error, Equatable, CustomStringConvertible {
    /// A version that this tool does not know.
    case unknownVersion(String)
    /// A benchmark ended with another number of samples than were read.
    case samplesLost(name: String, expected: Int, found: Int)
    /// A word that should be a number.
    case notANumber(String)

    /// The problem in words.
    public var description: String {
      switch self {
      case .unknownVersion(let version): "records of version \(version); this tool reads version 1"
      case .samplesLost(let name, let expected, let found):
        "\(name): \(found) samples arrived of \(expected)"
      case .notANumber(let word): "`\(word)` stands where a sample should"
      }
    }
  }

  /// What a console's text holds.
  public struct Contents: Sendable {
    /// The samples by name, in the order in which benchmarks ended.
    public var finished: [(name: String, samples: [Int])] = []
    /// What could not be measured, and why.
    public var skipped: [(name: String, reason: String)] = []
    /// Benchmarks that began and did not end.
    public var unfinished: [String] = []
  }

  /// Reads all records.
  public static func read(_ text: String) throws(Problem) -> Contents {
    var open: [(name: String, samples: [Int])] = []
    var contents = Contents()
    for line in text.split(whereSeparator: \.isNewline) {
      var words = line.split(separator: " ")
      // Which guest says it, if it has not got the terminal.
      if words.count > 2, words[0] == "guest", words[1].hasSuffix("|") { words.removeFirst(2) }
      guard words.count >= 3, words[0] == "bench" else { continue }
      guard words[1] == "1" else { throw .unknownVersion(String(words[1])) }
      if words.count == 5, words[3] == "end" {
        let name = String(words[2])
        let index = open.firstIndex { $0.name == name }
        let samples = index.map { open.remove(at: $0).samples } ?? []
        let expected = Int(words[4]) ?? -1
        guard samples.count == expected else {
          throw .samplesLost(name: name, expected: expected, found: samples.count)
        }
        contents.finished.append((name, samples))
      } else if words.count >= 4, words[3] == "skipped" {
        contents.skipped.append((String(words[2]), words.dropFirst(4).joined(separator: " ")))
      } else if words[2].hasSuffix(":") {
        let name = String(words[2].dropLast())
        let index = open.firstIndex { $0.name == name } ?? open.count
        if index == open.count { open.append((name, [])) }
        for word in words.dropFirst(3) {
          guard let number = Int(word) else { throw .notANumber(String(word)) }
          open[index].samples.append(number)
        }
      }
    }
    contents.unfinished = open.map(\.name)
    return contents
  }
}
