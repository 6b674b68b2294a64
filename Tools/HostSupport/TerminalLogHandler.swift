import Logging

/// Sends what the tools log to the terminal, between progress line and notes.
///
/// Commands that are run are logged at `debug`, which `--verbose` shows; so a library that logs by itself appears in
/// the same place and obeys the same switch.
struct TerminalLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let mark = event.level == .debug ? "$ " : "\(event.level): "
    Terminal.shared.logged(mark + event.message.description)
  }
}
