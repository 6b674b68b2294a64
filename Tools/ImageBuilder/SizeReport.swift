/// How much text, data and bss each module puts into a linked kernel.
///
/// Read from the map of `ld.lld`. Embedded Swift compiles what is used of a module into the objects of whoever uses it,
/// so the object says little; each function and constant has a section of its own, though, whose name ends in the
/// mangled symbol, and that begins with the module it was written in. C, assembly and unnamed constants are counted for
/// the module of their object.
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
  /// The lines of interest look like `VMA LMA Size Align   path:(.section.name)`, numbers in hexadecimal. Lines with
  /// another last column are symbols and output sections; an output section at address 0 is not loaded.
  ///
  /// - Parameter owners: the module of each object of the library, by the object's name.
  public init(map: String, owners: [String: String] = [:]) {
    var outputSection = ""
    var isLoaded = false
    for line in map.split(separator: "\n").dropFirst() {
      let columns = line.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: true)
      guard columns.count == 5, let address = UInt64(columns[0], radix: 16),
        let size = Int(columns[2], radix: 16)
      else { continue }
      let place = columns[4].drop { $0 == " " }
      guard let mark = place.range(of: ":("), place.hasSuffix(")") else {
        if place.first == ".", !place.contains(" ") {
          outputSection = String(place)
          isLoaded = address != 0
        }
        continue
      }
      guard isLoaded, size > 0 else { continue }
      let section = place[mark.upperBound...].dropLast()
      let object = Self.object(of: place[..<mark.lowerBound])
      let module = Self.module(mangledIn: section) ?? owners[object] ?? Self.plainName(of: object)
      if section.hasPrefix(".bss") || section == "COMMON" || outputSection.hasPrefix(".bss") {
        modules[module, default: Sizes()].bss += size
      } else if section.hasPrefix(".data"), !section.hasPrefix(".data.rel.ro") {
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
      guard columns.count == 4, let text = Int(columns[1]), let data = Int(columns[2]),
        let bss = Int(columns[3])
      else { continue }
      modules[String(columns[0])] = Sizes(text: text, data: data, bss: bss)
    }
  }

  /// The report as lines `module text data bss`, sorted by module.
  public var text: String {
    modules.sorted { $0.key < $1.key }
      .map { "\($0.key) \($0.value.text) \($0.value.data) \($0.value.bss)\n" }.joined()
  }

  /// The object that a line of the map speaks of: the member of an archive, or a file.
  static func object(of place: Substring) -> String {
    var name = place
    if let open = name.lastIndex(of: "("), name.hasSuffix(")") {
      name = name[name.index(after: open)...].dropLast()
    }
    if let slash = name.lastIndex(of: "/") { name = name[name.index(after: slash)...] }
    return String(name)
  }

  /// An object's name without its extensions, for one that no module claims.
  static func plainName(of object: String) -> String {
    var name = object[...]
    for suffix in [".o", ".swift", ".c"] where name.hasSuffix(suffix) { name = name.dropLast(suffix.count) }
    return name == "<internal>" ? "linker" : String(name)
  }

  /// The module in which the symbol at the end of a section's name was written, if it is one of Swift's.
  ///
  /// A mangled name is `$s` or, in Embedded Swift, `$e`, then the module as its length and its name; `s` or `S` and a
  /// letter stand for the standard library (swift/docs/ABI/Mangling.rst).
  static func module(mangledIn section: Substring) -> String? {
    guard let mark = section.firstRange(of: "$e") ?? section.firstRange(of: "$s") else { return nil }
    let mangled = section[mark.upperBound...]
    if mangled.first == "s" || mangled.first == "S" { return "Swift" }
    let digits = mangled.prefix { $0.isNumber }
    guard let length = Int(digits), length > 0 else { return nil }
    let name = mangled[digits.endIndex...].prefix(length)
    return name.count == length ? String(name) : nil
  }
}
