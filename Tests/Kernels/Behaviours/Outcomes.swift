/// The ways in which a run can end.

import ABI
import Arch
import CMachine
import Log
import Runtime

/// Ends as is asked for.
///
/// Returns whether it was asked for.
func runOutcomes() -> Bool {
  if isAskedFor("pass") {
    endRun(.passed, status: 0)
  } else if isAskedFor("status-7") {
    endRun(.passed, status: 7)
  } else if isAskedFor("status-200") {
    endRun(.passed, status: 200)
  } else if isAskedFor("panic") {
    panic("asked for by the command line")
  } else if isAskedFor("overflow") {
    log(.info, "test", "sum \(sum(of: .max, 1))")
  } else if isAskedFor("index") {
    log(.info, "test", "element \(element(at: 200))")
  } else if isAskedFor("hang") {
    cpu_cli()
    while true { cpu_hlt() }
  } else {
    return false
  }
  return true
}

@inline(never)
private func sum(of left: UInt32, _ right: UInt32) -> UInt32 { left + right }

@inline(never)
private func element(at index: Int) -> UInt8 {
  let table: InlineArray<4, UInt8> = [1, 2, 3, 4]
  return table[index]
}
