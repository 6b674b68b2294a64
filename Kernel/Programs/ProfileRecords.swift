/// What a process's calls cost, for the host.

import LinuxABI
import Processes
import Runtime

/// Records of calls by process.
public enum ProfileRecords {
  static func begin(_ process: ProcessReference) {}
  static func drop(_ process: ProcessReference) {}
  static func finish(_ process: ProcessReference, _ status: ExitStatus) {}
  static func writeAll() {}
  /// Counts a call.
  public static func note(_ process: ProcessReference, _ call: UInt16, ticks: UInt64, _ result: Int) {}
}
