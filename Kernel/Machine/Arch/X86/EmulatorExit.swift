/// The end of a run: tells the launcher how it went and stops the machine.

import ABI
import CMachine
import Log

/// Ends the emulator with a verdict.
///
/// - Parameters:
///   - verdict: how the run ended.
///   - status: the status that goes with it; a program's own for `passed`.
@export(interface)
public func endRun(_ verdict: Verdict, status: UInt32) -> Never {
  cpu_cli()
  if Processor.block.leavesMachineRunning {
    // The machine goes on without this kernel; whoever watches it will miss its heartbeat.
    while true { cpu_hlt() }
  }
  SerialPort.drain()
  var record: Text = "\n"
  record.append(VerdictChannel.recordPrefix)
  record.append(verdict.name)
  record.append(" ")
  record.append(decimal: UInt64(status))
  record.append("\n")
  for index in 0..<record.count { cpu_out8(VerdictChannel.debugConsolePort, record[index]) }
  cpu_out32(VerdictChannel.debugExitPort, UInt32(verdict.rawValue))
  let word: StaticString = "Shutdown"
  for index in 0..<word.utf8CodeUnitCount {
    // SAFETY: the index is below the literal's own count.
    cpu_out8(VerdictChannel.bochsShutdownPort, unsafe word.utf8Start[index])
  }
  // QEMU ends a little later than the write; a real machine stays here.
  while true { cpu_hlt() }
}
