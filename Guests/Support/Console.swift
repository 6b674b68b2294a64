/// Text on the host's console, before there is a device for it.

import CGuest
import CMachine
import GuestInterface
import Log

/// The first console of a guest: NOTIFY with the address of a text.
public enum Console {
  /// The most bytes of a text.
  private static var limit: UInt32 { 250 }

  /// Shows a line, in one piece.
  public static func line(_ text: Text) {
    for index in 0..<text.count { append(text[index]) }
    append(0x0A)
    flush()
  }

  /// Adds a byte to the line; nothing is shown yet unless it is full.
  public static func append(_ byte: UInt8) {
    let state = State()
    if state.fields.line_count == limit { flush() }
    cpu_store8(symbol_guest_line() + UInt(state.fields.line_count), byte)
    state.fields.line_count += 1
  }

  /// Shows what was added.
  public static func flush() {
    let state = State()
    cpu_store8(symbol_guest_line() + UInt(state.fields.line_count), 0)
    state.fields.line_count = 0
    Host.call(.notify, Pages.physical(UInt32(symbol_guest_line())))
  }
}
