/// The console as the terminal of guests.
///
/// One guest has it: what it writes is shown as it is, and what is typed is for it. Of the others whole lines are shown
/// with their name before them. Control-] speaks to the host: a number gives the terminal to a guest, m to the
/// kernel's console or to the programs that run beside the guests, Control-] again is Control-] for who has it.

import Arch
import Base
import CMachine
import GuestRecords
import Log
import Runtime

extension GuestHost {
  /// Control-].
  private static var escape: UInt8 { 0x1D }

  /// Takes a byte that was typed; says whether it was for a guest, or for the terminal's owner to change.
  static func takeInput(_ byte: UInt8) -> Bool {
    guard let guests = GuestTableReference() else { return false }
    if guests.table.isEscaped {
      guests.table.isEscaped = false
      if byte != escape {
        choose(byte, guests)
        return true
      }
    } else if byte == escape {
      guests.table.isEscaped = true
      return true
    }
    guard let guest = guests.guest(guests.table.focus) else { return false }
    guests.table.lastTyped = byte
    type(byte, to: guest)
    return true
  }

  private static func type(_ byte: UInt8, to guest: GuestReference) {
    cpu_cli()
    guest.fields.input.append(byte)
    cpu_sti()
    guest.poke()
  }

  /// Gives the terminal of a guest that has ended to one that has not, the end of input too, which comes once; or back to
  /// programs.
  static func passTerminalOn(from guest: GuestReference) {
    guard let guests = GuestTableReference(), guests.table.focus == guest.fields.number else { return }
    if guests.table.isBesidePrograms {
      give(terminalTo: 0)
      return
    }
    for number in 1...UInt32(guests.table.count) {
      guard let next = guests.guest(number), next.fields.state != .ended else { continue }
      give(terminalTo: number)
      if guests.table.lastTyped == 4 { type(4, to: next) }
      return
    }
  }

  private static func choose(_ byte: UInt8, _ guests: GuestTableReference) {
    switch byte {
    case UInt8(ascii: "m"): give(terminalTo: 0)
    case UInt8(ascii: "1")...UInt8(ascii: "8"):
      if !give(terminalTo: UInt32(byte - UInt8(ascii: "0"))) { fallthrough }
    default:
      NodeReference().node.log.show(
        "\nControl-] and then: 1 to \(guests.table.count) for a guest, m for \(others(guests)), Control-] for itself"
      )
    }
  }

  /// Who has the terminal when no guest has it.
  private static func others(_ guests: GuestTableReference) -> StaticString {
    guests.table.isBesidePrograms ? "the programs" : "the kernel's console"
  }

  /// Lets a guest, or with 0 the kernel's console or the programs, have the terminal; says whether there is such a guest.
  @discardableResult
  static func give(terminalTo number: UInt32) -> Bool {
    guard let guests = GuestTableReference(), number == 0 || guests.guest(number) != nil else { return false }
    // From a guest that is no more nothing would lead back to the programs.
    if guests.table.isBesidePrograms, guests.guest(number)?.fields.state == .ended { return false }
    guests.table.focus = number
    NodeReference().node.isMonitorActive = number == 0
    let reference = NodeReference()
    if number == 0, guests.table.isBesidePrograms {
      reference.node.log.show("\nthe programs have the terminal")
    } else if number == 0 {
      reference.node.log.show(
        "\nthe kernel's console; `guests` lists the guests, `guests console 1` returns to one")
      let prompt: Text = "apus> "
      for index in 0..<prompt.count { reference.node.log.output.write(prompt[index]) }
    } else {
      reference.node.log.show("\nguest \(number) has the terminal")
      // The run goes on for the kernel's console; without it, perhaps for nobody.
      _ = try? guests.table.ended.signal()
    }
    return true
  }
}
