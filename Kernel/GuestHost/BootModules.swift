/// The boot modules that are for guests.

import Arch
import Base
import BootInformation
import GuestImage
import GuestInterface
import Log
import Runtime

/// What the boot loader brought.
enum BootModules {
  /// What a module's text says of a guest; `nil` if it is not for one.
  static func description(at index: Int) throws(GuestImageError) -> GuestDescription? {
    let reference = NodeReference()
    return index < reference.node.boot.moduleCount
      ? try reference.node.boot.guestDescription(at: index) : nil
  }

  /// Adds the name of a place in a guest's kernel, if its file has one: ` (name+0x12)`.
  static func appendSymbol(of address: UInt32, module index: Int, to text: inout Text) {
    let module = NodeReference().node.boot.module(at: index)
    guard let bytes = Ramdisk.span(of: module) else { return }
    let symbols = GuestSymbols(bytes)
    guard let place = symbols.place(of: address) else { return }
    text.append(" (")
    text.append(printable: bytes.extracting(place.name))
    text.append("+0x")
    text.append(hexadecimal: UInt64(place.offset))
    text.append(")")
  }

  /// The bytes of the ramdisk that follows a guest's kernel; none if something else follows.
  @_lifetime(immortal)
  static func ramdisk(behind index: Int) throws(GuestImageError) -> Span<UInt8> {
    guard let next = try description(at: index + 1), next.kind == .ramdisk else { return Span() }
    let module = NodeReference().node.boot.module(at: index + 1)
    guard let bytes = Ramdisk.span(of: module) else { throw .init(.ramdiskTooLarge, module.byteCount) }
    return bytes
  }
}

// A borrow of the whole structure would copy it: these count as changes.
extension BootInformation {
  fileprivate mutating func guestDescription(at index: Int) throws(GuestImageError) -> GuestDescription? {
    try GuestDescription(bytes(of: module(at: index).text))
  }

  /// Writes a guest's boot parameters, with the command line of its module's text.
  mutating func prepareGuest<Memory: GuestMemory & ~Copyable>(
    module index: Int, _ start: GuestStart, ramdisk: Span<UInt8>, in memory: inout Memory
  ) throws(GuestImageError) {
    let description = start.description
    try BootParameters.prepare(
      ramdisk: ramdisk,
      commandLine: bytes(of: module(at: index).text).extracting(description.commandLine), in: &memory)
    if description.starts > 0 {
      try BootParameters.append(" case=", start.number, toCommandLineOf: description.commandLine.count, in: &memory)
    }
  }
}
