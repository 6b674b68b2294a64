/// The console of the benchmark kernel, read.

/// Reads samples from the kernel's console.
///
/// Version 1 of the form:
///
///     bench 1 NAME: 33 33 34 ...          any number of such lines
///     bench 1 NAME end 1000               the number of samples, so that a lost line is noticed
public enum SampleReader {
  /// What is wrong with a console's text.
  public enum Problem: Error, Equatable {
    /// A version that this tool does not know.
    case unknownVersion(String)
    /// A benchmark ended with another number of samples than were read.
    case samplesLost(name: String, expected: Int, found: Int)
    /// A word that should be a number.
    case notANumber(String)
  }

  /// The samples by name, in the order in which benchmarks ended.
  public static func read(_ text: String) throws(Problem) -> [(name: String, samples: [Int])] {
    var open: [String: [Int]] = [:]
    var finished: [(name: String, samples: [Int])] = []
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ")
      guard words.count >= 3, words[0] == "bench" else { continue }
      guard words[1] == "1" else { throw .unknownVersion(String(words[1])) }
      if words.count == 5, words[3] == "end" {
        let name = String(words[2])
        let samples = open.removeValue(forKey: name) ?? []
        let expected = Int(words[4]) ?? -1
        guard samples.count == expected else {
          throw .samplesLost(name: name, expected: expected, found: samples.count)
        }
        finished.append((name, samples))
      } else if words[2].hasSuffix(":") {
        for word in words.dropFirst(3) {
          guard let number = Int(word) else { throw .notANumber(String(word)) }
          open[String(words[2].dropLast()), default: []].append(number)
        }
      }
    }
    return finished
  }
}
