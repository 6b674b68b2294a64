import Glibc
import Plotting
import SpeedupModel

/// Results on their way out.
enum OutputFile {
  /// Writes `text` to the file at `path`, or to the standard output without one.
  ///
  /// A file is written under another name and then renamed: whoever reads it sees all of it or none.
  static func write(_ text: String, to path: String?) throws {
    guard let path, path != "-" else {
      print(text, terminator: "")
      return
    }
    let temporary = path + ".new-\(getpid())"
    guard let file = fopen(temporary, "w") else { throw failure(path) }
    let isWritten = fputs(text, file) >= 0
    guard fclose(file) == 0, isWritten, rename(temporary, path) == 0 else {
      let error = failure(path)
      unlink(temporary)
      throw error
    }
  }

  /// Writes a line to the standard error, where it does not mix with results.
  static func warn(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = Glibc.write(2, line, line.count)
  }

  private static func failure(_ path: String) -> InputError {
    InputError(path, found: String(cString: strerror(errno)), allowed: "a place where a file can be written")
  }

  /// How charts look on this terminal; see no-color.org.
  static var terminalStyle: TerminalStyle {
    let isPlain = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
    let columns = getenv("COLUMNS").flatMap { Int(String(cString: $0)) } ?? 78
    return TerminalStyle(columns: min(columns, 200), emphasis: !isPlain && isatty(1) == 1)
  }
}
