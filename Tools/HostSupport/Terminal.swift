import Foundation
import Logging

/// What the person at the other end sees: progress, notes and the commands that were run.
///
/// Everything goes to standard error, so that standard output stays what was asked for (the guest's console, a
/// command line, a report). On a terminal the current step is one line that is overwritten; elsewhere each step is a
/// line of its own, so that a log reads well. Colours are left out when NO_COLOR is set (no-color.org), and
/// wherever there is no terminal.
public final class Terminal: @unchecked Sendable {
  /// The one terminal of the process.
  public static let shared = Terminal()

  /// Whether the commands that are run are printed in full.
  public var isVerbose: Bool {
    get { lock.withLock { verbose } }
    set { lock.withLock { verbose = newValue } }
  }

  /// Whether progress is shown at all; tests turn it off.
  public var isQuiet: Bool {
    get { lock.withLock { quiet } }
    set { lock.withLock { quiet = newValue } }
  }

  private let lock = NSLock()
  private let interactive: Bool
  private let coloured: Bool
  private var verbose = false
  private var quiet = false
  private var progressShown = false

  private init() {
    let environment = ProcessInfo.processInfo.environment
    interactive = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
    coloured = interactive && (environment["NO_COLOR"] ?? "").isEmpty
  }

  /// Shows what is being done now; the next step replaces it on a terminal.
  public func step(_ text: String) {
    lock.withLock {
      guard !quiet else { return }
      if interactive && !verbose {
        emit("\r\u{1B}[K" + dim("... \(text)"))
        progressShown = true
      } else {
        emit("... \(text)\n")
      }
    }
  }

  /// Removes the progress line, before anything else writes to the terminal.
  public func clearStep() {
    lock.withLock { clear() }
  }

  /// Prints a line that stays.
  public func note(_ text: String) {
    lock.withLock {
      guard !quiet else { return }
      clear()
      emit(text + "\n")
    }
  }

  /// Prints a line that stays and stands out: an outcome, a warning.
  public func headline(_ text: String, good: Bool) {
    lock.withLock {
      guard !quiet else { return }
      clear()
      emit(coloured ? "\u{1B}[\(good ? 32 : 31)m\(text)\u{1B}[0m\n" : text + "\n")
    }
  }

  /// Logs a command line, so that the step can be repeated by hand; shown only when verbose.
  public func command(_ line: String) { logger.debug("\(line)") }

  /// Where the tools log; what is logged at `debug` is shown only when verbose.
  public var logger: Logger {
    Logger(label: "apus") { [level = isVerbose ? Logger.Level.debug : .info] _ in
      TerminalLogHandler(logLevel: level)
    }
  }

  /// Writes bytes to standard output, such as a guest's console.
  ///
  /// A reader that has seen enough (`| head`) must not end the run: what it no longer takes is dropped.
  public func output(_ bytes: some Sequence<UInt8>) {
    try? FileHandle.standardOutput.write(contentsOf: Data(bytes))
  }

  /// Prints the reason for which a command ends.
  public func failure(_ command: String, _ error: ToolError) {
    lock.withLock {
      clear()
      emit("\(command): \(error)\n")
    }
  }

  /// Prints a logged line.
  func logged(_ line: String) {
    lock.withLock {
      guard !quiet else { return }
      clear()
      emit(dim(line) + "\n")
    }
  }

  private func clear() {
    guard progressShown else { return }
    emit("\r\u{1B}[K")
    progressShown = false
  }

  private func dim(_ text: String) -> String { coloured ? "\u{1B}[2m\(text)\u{1B}[0m" : text }

  private func emit(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
