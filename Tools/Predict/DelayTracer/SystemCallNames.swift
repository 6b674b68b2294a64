import CSeccomp
import SpeedupModel

/// The system calls of this machine's kernel, by name and by number.
public struct SystemCallNames: Sendable {
  /// Number of each name.
  public let numbers: [String: Int32]
  private let names: [Int32: String]

  /// The calls known when this was compiled.
  public static let current: SystemCallNames = {
    var numbers: [String: Int32] = [:]
    var index: CInt = 0
    var number: CInt = 0
    while let name = seccomp_call_name(index, &number) {
      numbers[String(cString: name)] = number
      index += 1
    }
    return SystemCallNames(numbers: numbers)
  }()

  init(numbers: [String: Int32]) {
    self.numbers = numbers
    names = Dictionary(numbers.map { ($0.value, $0.key) }, uniquingKeysWith: min)
  }

  /// The name of a number; a call newer than our headers is written `call_N`.
  public func name(_ number: Int32) -> String { names[number] ?? "call_\(number)" }

  /// Reads a policy file: one name a line, `#` begins a comment.
  ///
  /// Errors name the line.
  public func readPolicy(_ text: String, place: String) throws(InputError) -> [String] {
    var result: [String] = []
    for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = raw.prefix { $0 != "#" }.filter { $0 != " " && $0 != "\t" && $0 != "\r" }
      if line.isEmpty { continue }
      guard numbers[line] != nil else {
        throw InputError(
          place, line: index + 1, found: InputError.quoted(line),
          allowed: "one system call of this kernel a line, such as read; " + suggestion(line))
      }
      if !result.contains(line) { result.append(line) }
    }
    guard !result.isEmpty else {
      throw InputError(place, found: "no calls", allowed: "one name of a system call a line")
    }
    return result
  }

  private func suggestion(_ text: String) -> String {
    let near = numbers.keys.filter { $0.contains(text) || text.contains($0) }.sorted().prefix(5)
    return near.isEmpty ? "man syscalls lists them" : "did you mean " + near.joined(separator: ", ") + "?"
  }
}
