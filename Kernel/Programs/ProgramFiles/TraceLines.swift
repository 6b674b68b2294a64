/// `/proc/trace`: the last events of the trace, the oldest first, a line each.
///
/// Whoever reads it makes events himself. So what has happened since the text was read from its beginning is left out: it
/// is the same text however it is read, unless the ring has gone round meanwhile.

import CMachine
import Inspection
import Log
import ProgramRecords
import Runtime
import Scheduling
import Trace

enum TraceLines {
  /// The most events of the text.
  private static var capacity: Int { 256 }

  /// Copies the text's bytes from `offset` on; returns how many.
  static func copy(from offset: Int, into buffer: inout MutableSpan<UInt8>) -> Int {
    let programs = Programs()
    if offset == 0 { programs.system.traceTick = cpu_rdtsc() }
    let end = programs.system.traceTick
    var copy = Copy(skip: offset)
    copy.append(
      NodeReference().node.threads.scheduler.trace.size == 0
        ? "no trace is kept: trace=on keeps one" : TraceTable.heading, to: &buffer)
    // The newest that belongs to the text.
    var first = 0
    while let event = event(first), event.time > end { first += 1 }
    var last = first
    while last - first < capacity, event(last) != nil { last += 1 }
    while last > first, copy.count < buffer.count {
      last -= 1
      guard let event = event(last) else { continue }
      var name: ThreadName?
      if let thread = TraceTable.thread(of: event) { name = self.name(ofThread: thread) }
      let ago = end > event.time ? end - event.time : 0
      copy.append(
        TraceTable.line(event, nanoseconds: programs.nanoseconds(ofTicks: ago), name: name), to: &buffer)
    }
    return copy.count
  }

  private static func event(_ age: Int) -> TraceEvent? {
    NodeReference().node.threads.scheduler.trace.event(age: age)
  }

  private static func name(ofThread thread: UInt32) -> ThreadName? {
    guard let words = NodeReference().node.threads.scheduler.trace.name(ofThread: thread) else { return nil }
    return ThreadName(words)
  }

  /// What of a text is wanted.
  private struct Copy {
    var skip: Int
    var count = 0

    mutating func append(_ line: Text, to buffer: inout MutableSpan<UInt8>) {
      for index in 0...line.count {
        let byte = index < line.count ? line[index] : UInt8(ascii: "\n")
        if skip > 0 {
          skip -= 1
        } else if count < buffer.count {
          buffer[count] = byte
          count += 1
        }
      }
    }
  }
}
