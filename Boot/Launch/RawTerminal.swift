import Foundation

/// The user's terminal while its keys go to the guest: no echo, no line editing, no signals from keys.
///
/// The settings that were found are restored when the value goes away, however the session ended.
final class RawTerminal {
  private var saved = termios()

  /// Switches standard input to raw mode, or returns `nil` if it is no terminal.
  init?() {
    guard isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &saved) == 0 else { return nil }
    var raw = saved
    cfmakeraw(&raw)
    // Output processing stays: our own messages end their lines with a plain newline.
    raw.c_oflag = saved.c_oflag
    tcsetattr(STDIN_FILENO, TCSANOW, &raw)
  }

  deinit { tcsetattr(STDIN_FILENO, TCSANOW, &saved) }
}

/// The keys by which a user speaks to the launcher instead of the guest: Ctrl-A and then a letter, as in QEMU.
struct EscapeKeys {
  /// What a run of input bytes means.
  struct Meaning: Equatable {
    /// Bytes for the guest.
    var input: [UInt8] = []
    /// Whether the user wants to end the run.
    var ends = false
    /// Whether the user asks which keys there are.
    var asksForHelp = false
  }

  private var escaped = false

  /// Takes in what was typed.
  mutating func take(_ bytes: [UInt8]) -> Meaning {
    var meaning = Meaning()
    for byte in bytes {
      if escaped {
        escaped = false
        switch byte {
        case UInt8(ascii: "x"): meaning.ends = true
        case 1: meaning.input.append(1)
        default: meaning.asksForHelp = true
        }
      } else if byte == 1 {
        escaped = true
      } else {
        meaning.input.append(byte)
      }
    }
    return meaning
  }
}
