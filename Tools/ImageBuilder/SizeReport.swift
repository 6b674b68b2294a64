/// How much text, data and bss each module puts into a linked kernel.
///
/// Read from the map of `ld.lld`: an input section's line names the archive member it comes from, and SwiftPM
/// names members after the source or, under whole-module optimisation, after the module.
public struct SizeReport: Equatable, Sendable {
  /// Bytes of one module, or of all.
  public struct Sizes: Equatable, Sendable {
    /// Code and read-only data, in bytes.
    public var text = 0
    /// Initialised data, in bytes.
    public var data = 0
    /// Data that starts as zero and takes no room in the file, in bytes.
    public var bss = 0

    /// Sizes in bytes.
    public init(text: Int = 0, data: Int = 0, bss: Int = 0) {
      self.text = text
      self.data = data
      self.bss = bss
    }
  }

  /// The sizes by module.
  public var modules: [String: Sizes] = [:]

  /// The sum over all modules.
  public var total: Sizes {
    modules.values.reduce(into: Sizes()) { sum, sizes in
      sum.text += sizes.text
      sum.data += sizes.data
      sum.bss += sizes.bss
    }
  }

  /// Reads a linker map.
  ///
  /// The lines of interest look like `VMA LMA Size Align   path:(.section.name)`, numbers in hexadecimal. Symbols and
  /// output sections have other last columns, and sections at address 0 are debug information.
  public init(map: String) {
    var outputSection = ""
    for line in map.split(separator: "\n").dropFirst() {
      let columns = line.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: true)
      guard columns.count == 5, let address = UInt64(columns[0], radix: 16), let size = Int(columns[2], radix: 16)
      else { continue }
      let place = columns[4].drop { $0 == " " }
      if !place.contains(":("), place.first == "." { outputSection = String(place) }
      guard address != 0, size > 0, let mark = place.range(of: ":("), place.hasSuffix(")") else { continue }
      let section = place[mark.upperBound...].dropLast()
      let module = Self.module(of: String(place[..<mark.lowerBound]))
      if section.hasPrefix(".bss") || section == "COMMON" || outputSection.hasPrefix(".bss") {
        modules[module, default: Sizes()].bss += size
      } else if section.hasPrefix(".data") || outputSection.hasPrefix(".data") {
        modules[module, default: Sizes()].data += size
      } else {
        modules[module, default: Sizes()].text += size
      }
    }
  }

  /// Reads a report that was written before.
  public init(text: String) {
    for line in text.split(separator: "\n") {
      let columns = line.split(separator: " ")
      guard columns.count == 4, let text = Int(columns[1]), let data = Int(columns[2]), let bss = Int(columns[3])
      else { continue }
      modules[String(columns[0])] = Sizes(text: text, data: data, bss: bss)
    }
  }

  /// The report as lines `module text data bss`, sorted by module.
  public var text: String {
    modules.sorted { $0.key < $1.key }
      .map { "\($0.key) \($0.value.text) \($0.value.data) \($0.value.bss)\n" }.joined()
  }

  /// The module that a line of the map speaks of: `.../libKernel.a(Base.swift.o)`, `<internal>`, or an object.
  static func module(of place: String) -> String {
    var name = Substring(place)
    if let open = name.lastIndex(of: "("), name.hasSuffix(")") { name = name[name.index(after: open)...].dropLast() }
    if let slash = name.lastIndex(of: "/") { name = name[name.index(after: slash)...] }
    for suffix in [".o", ".swift", ".c"] where name.hasSuffix(suffix) { name = name.dropLast(suffix.count) }
    return name.isEmpty ? "linker" : String(name)
  }
}
