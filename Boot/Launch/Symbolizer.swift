import Foundation
import HostSupport
import ImageBuilder

/// Names what lies at addresses of a kernel, with the toolchain's own llvm-symbolizer.
public struct Symbolizer: Sendable {
  /// A function at an address; several when calls were inlined, innermost first.
  public struct Frame: Equatable, Sendable {
    /// The function's name, demangled.
    public var function: String
    /// The file, relative to the project where it lies inside; empty if unknown.
    public var file: String
    /// The line; 0 if unknown.
    public var line: Int
    /// The column; 0 if unknown.
    public var column: Int

    /// A frame with known content.
    public init(function: String, file: String, line: Int, column: Int) {
      self.function = function
      self.file = file
      self.line = line
      self.column = column
    }

    /// What the compiler calls the inlined function that stands for a trap's reason.
    static let trapPrefix = "Swift runtime failure: "

    /// Swift's reason for a trap, if this is one.
    public var trapReason: String? {
      function.hasPrefix(Self.trapPrefix) ? String(function.dropFirst(Self.trapPrefix.count)) : nil
    }

    /// The place as `file:line:column`, as far as it is known.
    public var place: String {
      guard !file.isEmpty else { return "" }
      if line == 0 { return file }
      return column == 0 ? "\(file):\(line)" : "\(file):\(line):\(column)"
    }
  }

  /// The kernel with its debug information.
  public let kernel: String
  /// Where the kernel's code is linked to run.
  public let codeRanges: [Range<UInt64>]

  private let toolchain: Toolchain
  private let root: String

  /// Prepares to name addresses of `kernel`.
  ///
  /// - Throws: `ToolError` if it is no ELF file.
  public init(kernel: String, toolchain: Toolchain, project: Project) throws {
    self.kernel = kernel
    self.toolchain = toolchain
    root = project.root
    codeRanges = try ELFFile(Files.read(kernel), name: kernel).codeRanges
  }

  /// Whether code of the kernel lies at `address`.
  public func covers(_ address: UInt64) -> Bool { codeRanges.contains { $0.contains(address) } }

  /// The frames at each address; an address that nothing is known of has none.
  public func frames(at addresses: [UInt64]) async throws -> [UInt64: [Frame]] {
    let wanted = Array(Set(addresses)).sorted()
    guard !wanted.isEmpty else { return [:] }
    let text = try await Command(
      toolchain.path(of: "llvm-symbolizer"),
      ["--obj=\(kernel)", "--output-style=JSON", "--inlines", "--no-demangle"]
        + wanted.map { "0x" + hexadecimal($0) }
    ).output()
    let mangled = try Self.parse(text)
    let names = Array(Set(mangled.values.flatMap { $0.map(\.function) }).filter { $0.hasPrefix("$") })
      .sorted()
    var plain: [String: String] = [:]
    if !names.isEmpty {
      let lines = try await Command(
        toolchain.path(of: "swift-demangle"), ["--compact", "--simplified"] + names
      ).output()
      for (name, line) in zip(names, lines.split(separator: "\n")) { plain[name] = String(line) }
    }
    return mangled.mapValues { frames in
      frames.map { frame in
        var frame = frame
        frame.function = plain[frame.function] ?? frame.function
        if frame.file.hasPrefix(root + "/") { frame.file = String(frame.file.dropFirst(root.count + 1)) }
        return frame
      }
    }
  }

  /// Reads what llvm-symbolizer prints in its JSON style.
  public static func parse(_ text: String) throws -> [UInt64: [Frame]] {
    struct Answer: Decodable {
      struct Symbol: Decodable {
        var FunctionName: String?
        var FileName: String?
        var Line: Int?
        var Column: Int?
      }
      var Address: String
      var Symbol: [Symbol]?
    }
    var result: [UInt64: [Frame]] = [:]
    for answer in try JSONDecoder().decode([Answer].self, from: Data(text.utf8)) {
      guard let address = UInt64(answer.Address.dropFirst(2), radix: 16) else { continue }
      result[address] = (answer.Symbol ?? []).compactMap { symbol in
        guard let function = symbol.FunctionName, !function.isEmpty else { return nil }
        let file = symbol.FileName ?? ""
        return Frame(
          function: function, file: file == "<compiler-generated>" ? "" : file, line: symbol.Line ?? 0,
          column: symbol.Column ?? 0)
      }
    }
    return result
  }
}
