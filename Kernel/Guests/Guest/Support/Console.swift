/// Text on the host's console: from the first line on, and by the terminal's device once that is in use.

import CGuest
import CMachine
import GuestInterface
import Log

/// The console of a guest: NOTIFY with the address of a text, later buffers for the terminal.
public enum Console {
  /// Shows lines by the terminal's device from now on; returns whether there is one.
  public static func useDevice() -> Bool {
    guard let device = Device(.console) else { return false }
    device.start()
    // Nobody waits for what was shown.
    device.queue(1).silence()
    State().fields.console = device.address
    return true
  }

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
    if state.fields.console != 0, let device = Device(.console) {
      let queue = device.queue(1)
      queue.setBuffer(
        0, at: Pages.physical(UInt32(symbol_guest_line())), byteCount: state.fields.line_count,
        isWritten: false, isLast: true)
      state.fields.line_count = 0
      // The terminal has shown it when the call comes back.
      return queue.post()
    }
    cpu_store8(symbol_guest_line() + UInt(state.fields.line_count), 0)
    state.fields.line_count = 0
    Host.call(.notify, Pages.physical(UInt32(symbol_guest_line())))
  }
}
