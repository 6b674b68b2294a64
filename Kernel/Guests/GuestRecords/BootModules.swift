/// The boot modules that are for guests.

import Arch
import Base
import BootInformation
import GuestImage
import GuestInterface
import Log
import Runtime

/// What the boot loader brought.
package enum BootModules {
  /// What a module's text says of a guest; `nil` if it is not for one.
  package static func description(at index: Int) throws(GuestImageError) -> GuestDescription? {
    let reference = NodeReference()
    return index < reference.node.boot.moduleCount
      ? try reference.node.boot.guestDescription(at: index) : nil
  }

  /// Adds the name of a place in a guest's kernel, if its file has one: ` in name+0x12`.
  package static func appendSymbol(of address: UInt32, module index: Int, to text: inout Text) {
    let module = NodeReference().node.boot.module(at: index)
    guard let bytes = Ramdisk.span(of: module) else { return }
    let symbols = GuestSymbols(bytes)
    guard let place = symbols.place(of: address) else { return }
    text.append(" in ")
    text.append(printable: bytes.extracting(place.name))
    text.append("+0x")
    text.append(hexadecimal: UInt64(place.offset))
  }

  /// The bytes of the ramdisk among the modules behind a guest's kernel; none if there is none.
  @_lifetime(immortal)
  package static func ramdisk(behind index: Int) throws(GuestImageError) -> Span<UInt8> {
    var next = index + 1
    while let description = try description(at: next), description.kind != .kernel {
      if description.kind == .ramdisk {
        let module = NodeReference().node.boot.module(at: next)
        guard let bytes = Ramdisk.span(of: module) else { throw .init(.ramdiskTooLarge, module.byteCount) }
        return bytes
      }
      next += 1
    }
    return Span()
  }
}

// A borrow of the whole structure would copy it: these count as changes.
extension BootInformation {
  mutating func guestDescription(at index: Int) throws(GuestImageError) -> GuestDescription? {
    try GuestDescription(bytes(of: module(at: index).text))
  }

  /// Writes a guest's boot parameters, with the command line of its module's text.
  package mutating func prepareGuest<Memory: GuestMemory & ~Copyable>(
    module index: Int, _ description: GuestDescription, start: UInt32, ramdisk: Span<UInt8>,
    in memory: inout Memory
  ) throws(GuestImageError) {
    try BootParameters.prepare(
      ramdisk: ramdisk,
      commandLine: bytes(of: module(at: index).text).extracting(description.commandLine), in: &memory)
    if description.starts > 0 {
      try BootParameters.append(" case=", start, toCommandLineOf: description.commandLine.count, in: &memory)
    }
  }
}
