/// The line that tells the host where the root lies.

import ABI
import CMachine
import Log

extension SavedTree {
  /// Writes the record on the debug port.
  static func announce(at address: UInt64, byteCount: UInt64) {
    var record: Text = "\n"
    record.append(recordPrefix)
    record.append(decimal: address)
    record.append(" ")
    record.append(decimal: byteCount)
    record.append("\n")
    for index in 0..<record.count { cpu_out8(VerdictChannel.debugConsolePort, record[index]) }
  }
}
