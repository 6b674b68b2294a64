import CSeccomp
import SpeedupModel

/// The system calls of this machine's kernel, by name and by number.
///
/// A 64-bit x86 kernel has two sets of numbers: its own, and that of 32-bit code (i386 programs and `int 0x80`),
/// where some names are known that it does not have itself, such as `waitpid`.
public struct SystemCallNames: Sendable {
  /// The numbers of one architecture.
  struct Table: Sendable {
    /// AUDIT_ARCH_..., 0 where there is none.
    let architecture: UInt32
    let numbers: [String: Int32]
    let names: [Int32: String]

    init(architecture: UInt32, numbers: [String: Int32]) {
      self.architecture = architecture
      self.numbers = numbers
      names = Dictionary(numbers.map { ($0.value, $0.key) }, uniquingKeysWith: min)
    }

    init(architecture: UInt32, _ entry: (CInt, UnsafeMutablePointer<CInt>) -> UnsafePointer<CChar>?) {
      var numbers: [String: Int32] = [:]
      var index: CInt = 0
      var number: CInt = 0
      while let name = entry(index, &number) {
        numbers[String(cString: name)] = number
        index += 1
      }
      self.init(architecture: architecture, numbers: numbers)
    }
  }

  let native: Table
  /// Of 32-bit code; empty where the kernel or our headers have none.
  let compatible: Table

  /// The calls known when this was compiled.
  public static let current = SystemCallNames(
    native: Table(architecture: seccomp_architecture()) { seccomp_call_name($0, $1) },
    compatible: Table(architecture: seccomp_compatible_architecture()) {
      seccomp_compatible_call_name($0, $1)
    })

  /// Number of each name that 64-bit programs use.
  public var numbers: [String: Int32] { native.numbers }

  /// Whether 32-bit code is delayed too.
  public var hasCompatible: Bool { !compatible.numbers.isEmpty }

  /// Whether any program on this kernel can make a call of this name.
  public func knows(_ name: String) -> Bool {
    native.numbers[name] != nil || compatible.numbers[name] != nil
  }

  /// The name of a number; a call newer than our headers is written `call_N`.
  public func name(_ number: Int32) -> String { name(number, architecture: native.architecture) }

  func name(_ number: Int32, architecture: UInt32) -> String {
    let table = architecture == compatible.architecture && hasCompatible ? compatible : native
    return table.names[number] ?? "call_\(number)"
  }

  /// What a filter must look for to find `calls`, on each architecture of this kernel.
  func parts(of calls: [String]) -> [FilterProgram.Part] {
    [native, compatible].map { table in
      FilterProgram.Part(
        architecture: table.architecture, numbers: Set(calls.compactMap { table.numbers[$0] }).sorted())
    }
  }

  /// Reads a policy file: one name a line, `#` begins a comment.
  ///
  /// Errors name the line.
  public func readPolicy(_ text: String, place: String) throws(InputError) -> [String] {
    var result: [String] = []
    // By character: a line that Windows ended is one newline, "\r\n", which equals no "\n".
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, raw) in lines.enumerated() {
      let words = raw.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" || $0 == "\u{feff}" }
      let line = words.joined(separator: " ")
      if line.isEmpty { continue }
      guard knows(line) else {
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
    let known = Set(native.numbers.keys).union(compatible.numbers.keys)
    let near = known.filter { $0.contains(text) || text.contains($0) }.sorted().prefix(5)
    return near.isEmpty ? "man syscalls lists them" : "did you mean " + near.joined(separator: ", ") + "?"
  }
}
