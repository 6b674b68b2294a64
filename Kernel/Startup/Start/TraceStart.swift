/// The trace comes into use: memory for it, and a word to the host where that is.

import ABI
import Arch
import Base
import CMachine
import FrameAllocator
import Log
import Runtime
import Scheduling
import Trace

/// Records events from now on.
///
/// - Parameter kilobytes: the size of the ring, as the command line's `trace=` allows it; 0 for none.
@export(interface)
public func startTrace(kilobytes: UInt32) {
  let reference = NodeReference()
  let size = UInt(kilobytes) << 10
  if size == 0 { return }
  let count = UInt32(truncatingIfNeeded: 2 * size / UInt(pageSize))
  let end = FrameNumber(UInt32(truncatingIfNeeded: AddressMap.directMapSize >> UInt64(pageShift)))
  guard let run = try? reference.node.frames.allocateRun(count, alignment: count, below: end) else {
    log(.warning, "trace", "there are no \(bytes: UInt64(2 * size)) in a row for a trace: it is off")
    return
  }
  guard let memory = unsafe UnsafeMutableRawPointer(bitPattern: Frames.address(of: run.start).rawValue) else {
    return
  }
  let rate = reference.node.threads.timer.rate.ticksPerSecond
  // SAFETY: the run is writable in the direct map and is never given back.
  guard
    unsafe reference.node.threads.scheduler.startTrace(
      in: memory, size: size, processor: 0, ticksPerSecond: rate)
  else { preconditionFailure("the memory of a trace is not aligned") }
  reference.node.threads.noteTrace()
  var record = Text()
  record.append(TraceChannel.recordPrefix)
  record.append("0 ")
  record.append(decimal: PhysicalAddress(startOf: run.start).rawValue)
  record.append(" ")
  record.append(decimal: UInt64(size))
  record.append("\n")
  for index in 0..<record.count { cpu_out8(VerdictChannel.debugConsolePort, record[index]) }
  log(.info, "trace", "the last \(size / UInt(TraceEvent.size)) events are kept")
}

extension ThreadSystem {
  /// Records events again, or no longer.
  @export(interface)
  public mutating func record(_ isOn: Bool) {
    if isOn { scheduler.trace.resume() } else { scheduler.trace.stop() }
    noteTrace()
  }
}
