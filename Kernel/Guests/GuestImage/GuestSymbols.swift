/// The names of places in a guest's kernel, as its file tells them.

/// The symbols of an ELF file of 32 bits; nothing in it is trusted.
public struct GuestSymbols: ~Escapable {
  private let bytes: Span<UInt8>
  private var table = 0..<0
  private var names = 0..<0

  /// A symbol and how far behind it an address lies.
  public struct Place: Hashable, Sendable {
    /// Where the name's bytes stand in the file.
    public var name: Range<Int>
    /// Bytes from the symbol to the address.
    public var offset: UInt32
  }

  private static var symbolSize: Int { 16 }
  private static var sectionSize: Int { 40 }

  /// Finds the symbols of a file; one without any has no names for anything.
  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>) {
    self.bytes = bytes
    guard bytes.count >= 52, word(0) == 0x464C_457F, bytes[4] == 1 else { return }
    let headers = Int(word(32))
    let count = Int(half(48))
    guard Int(half(46)) == Self.sectionSize,
      let all = Self.range(headers, count * Self.sectionSize, within: bytes.count)
    else { return }
    for header in stride(from: all.lowerBound, to: all.upperBound, by: Self.sectionSize)
    where word(header + 4) == 2 {  // SHT_SYMTAB
      let link = Int(word(header + 24))
      guard link < count,
        let symbols = Self.range(Int(word(header + 16)), Int(word(header + 20)), within: bytes.count),
        let strings = Self.section(all.lowerBound + link * Self.sectionSize, self)
      else { return }
      table = symbols
      names = strings
      return
    }
  }

  private static func section(_ header: Int, _ file: borrowing GuestSymbols) -> Range<Int>? {
    range(Int(file.word(header + 16)), Int(file.word(header + 20)), within: file.bytes.count)
  }

  private static func range(_ start: Int, _ count: Int, within limit: Int) -> Range<Int>? {
    // On a machine of 32 bits a word may come out negative.
    start >= 0 && count >= 0 && start <= limit && count <= limit - start ? start..<start + count : nil
  }

  /// The last symbol of a section at or below an address, or `nil` if none is near: the first 64 KiB before it.
  @export(interface)
  public func place(of address: UInt32) -> Place? {
    var best: (value: UInt32, name: Int)?
    for entry in stride(
      from: table.lowerBound, to: table.upperBound - Self.symbolSize + 1, by: Self.symbolSize)
    {
      let kind = bytes[entry + 12] & 0xF
      let value = word(entry + 4)
      guard kind == 0 || kind == 2, half(entry + 14) != 0, half(entry + 14) < 0xFF00, value <= address,
        address - value < 0x1_0000
      else { continue }
      let name = Int(truncatingIfNeeded: word(entry))
      guard name > 0, name < names.count, bytes[names.lowerBound + name] != 0 else { continue }
      // Of several at one place the function is the better name.
      if let best, value < best.value || value == best.value && kind == 0 { continue }
      best = (value, name)
    }
    guard let best else { return nil }
    let start = names.lowerBound + best.name
    var end = start
    while end < names.upperBound, bytes[end] != 0, end - start < 160 { end += 1 }
    return Place(name: start..<end, offset: address - best.value)
  }

  private func half(_ offset: Int) -> UInt16 { UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8 }

  private func word(_ offset: Int) -> UInt32 { UInt32(half(offset)) | UInt32(half(offset + 2)) << 16 }
}
