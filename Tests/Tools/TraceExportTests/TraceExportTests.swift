import ABI
import Foundation
import Testing
import Trace

@testable import TraceExport

private let events = [
  TraceEvent(time: 1_000, kind: .switching, large: 1),
  TraceEvent(time: 1_400, kind: .interruptBegin, small: 32),
  TraceEvent(time: 1_450, kind: .wake, small: 3, large: 2),
  TraceEvent(time: 1_500, kind: .interruptEnd, small: 32),
  TraceEvent(time: 1_510, kind: .switching, small: 1, large: 2),
  TraceEvent(time: 3_000, kind: .mark),
]

@Test func runsLastFromSwitchToSwitch() {
  let line = Timeline(events)
  #expect(
    line.runs == [
      Stretch(subject: 1, begin: 1_000, end: 1_510), Stretch(subject: 2, begin: 1_510, end: 3_000),
    ])
  #expect(line.interrupts == [Stretch(subject: 32, begin: 1_400, end: 1_500)])
  #expect(line.moments.map(\.kind) == [.wake, .mark])
  #expect(line.moments.first?.runner == 1)
}

@Test func theChromeTraceIsJSONWithMicroseconds() throws {
  let text = ChromeTrace(ticksPerSecond: 1_000_000_000, names: [1: "say \"hi\"\n"]).json([Timeline(events)])
  let object = try #require(
    try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  let list = try #require(object["traceEvents"] as? [[String: Any]])
  let run = try #require(list.first { $0["ph"] as? String == "X" && $0["tid"] as? Int == 1 })
  #expect(run["name"] as? String == "say \"hi\"\n")
  #expect(run["ts"] as? Double == 0)
  #expect(run["dur"] as? Double == 0.51)
  #expect(list.filter { $0["ph"] as? String == "i" }.count == 2)
}

@Test func thePictureIsXMLWithARowForEveryThread() throws {
  let picture = TimelinePicture(ticksPerSecond: 1_000_000_000, names: [2: "a<b"])
    .svg(Timeline(events), title: "two threads & an interrupt")
  #expect(picture.contains(">a&lt;b<") && picture.contains("threads &amp; an"))
  #expect(picture.components(separatedBy: "height=\"16\"").count - 1 == 3)
}

@Test func anEmptyTraceGivesEmptyPictures() throws {
  let line = Timeline([])
  _ = TimelinePicture(ticksPerSecond: 0).svg(line, title: "")
  let text = ChromeTrace(ticksPerSecond: 1).json([line])
  #expect((try? JSONSerialization.jsonObject(with: Data(text.utf8))) != nil)
}

@Test func aPartOfATimeLineIsCutAtBothEnds() {
  let part = Timeline(events).part(from: 1_420, to: 1_600)
  #expect(
    part.runs == [
      Stretch(subject: 1, begin: 1_420, end: 1_510), Stretch(subject: 2, begin: 1_510, end: 1_600),
    ])
  #expect(part.interrupts == [Stretch(subject: 32, begin: 1_420, end: 1_500)])
  #expect(part.moments.map(\.kind) == [.wake] && part.begin == 1_420 && part.end == 1_600)
  // A part that is beside it is empty, and can be drawn.
  let nothing = Timeline(events).part(from: 9_000, to: 10_000)
  #expect(nothing.runs.isEmpty && nothing.moments.isEmpty)
  _ = TimelinePicture(ticksPerSecond: 1).svg(nothing, title: "")
}

// MARK: - What a machine left

/// A machine's memory with a trace of a few events at 64 KiB.
private final class Machine {
  let file = NSTemporaryDirectory() + "memory-\(UUID().uuidString)"
  var memory: [UInt8]
  static let place = 65_536

  init() {
    let block = UnsafeMutableRawPointer.allocate(byteCount: 8_192, alignment: 8_192)
    defer { block.deallocate() }
    var ring = TraceRing()
    _ = ring.start(in: block, size: 4_096, processor: 0, ticksPerSecond: 1_000_000)
    ring.note(name: (0x6162_0A63, 0), ofThread: 1)
    for event in events {
      ring.record(event.kind ?? .mark, small: event.small, large: event.large, at: event.time)
    }
    memory = [UInt8](repeating: 0, count: 1 << 20)
    memory.replaceSubrange(
      Self.place..<Self.place + 8_192, with: UnsafeRawBufferPointer(start: block, count: 8_192))
  }
  deinit { try? FileManager.default.removeItem(atPath: file) }

  /// What a host makes of the memory and of the words on the debug port.
  func read(_ debug: String = "noise\n@apus-trace 0 65536 4096\n@apus-exit passed 0\n") throws
    -> [CapturedTrace]
  {
    try Data(memory).write(to: URL(filePath: file))
    return try CapturedTrace.all(debug: debug, memoryFile: file)
  }
}

@Test func aTraceIsFoundInTheMemoryOfAMachine() throws {
  let trace = try #require(try Machine().read().first)
  #expect(trace.events == events && trace.ticksPerSecond == 1_000_000)
  // A name is shown as far as it can be printed.
  #expect(trace.names == [1: "c?ba"])
}

@Test(arguments: [
  "", "@apus-trace\n", "@apus-trace 0 65536\n", "@apus-trace 0 65536 4095\n",
  "@apus-trace 0 65536 33554432\n",
  "@apus-trace 0 -1 4096\n", "@apus-trace x 65536 4096\n", "@apus-trace 0 18446744073709551615 4096\n",
  "@apus-trace 0 1048576 4096\n", "@apus-trace 0 1044480 4096\n", "@apus-trace 0 0 4096\n",
  "@apus-trace 0 65536 4096 7\n",
])
func whatAMachineSaysIsChecked(debug: String) {
  #expect(throws: CaptureError.self) { try Machine().read(debug) }
}

@Test func whatLiesInAMachinesMemoryIsChecked() throws {
  let machine = Machine()
  // The second event is older than the first.
  for offset in 0..<8 { machine.memory[Machine.place + 16 + offset] = 0 }
  #expect(throws: CaptureError.timeFalls(event: 1)) { try machine.read() }
  // Seeded damage anywhere: an error or a trace, and a trace can be drawn.
  var state: UInt64 = 7
  func random(below bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % bound
  }
  for _ in 0..<300 {
    let damaged = Machine()
    for _ in 0..<(1 + random(below: 4)) {
      // The first events, the header or the names.
      let offset = [random(below: 128), 4_096 + random(below: 24), 4_160 + random(below: 4_032)][
        random(below: 3)]
      damaged.memory[Machine.place + offset] = UInt8(random(below: 256))
    }
    guard let trace = try? damaged.read().first else { continue }
    let line = Timeline(trace.events)
    let text = ChromeTrace(ticksPerSecond: trace.ticksPerSecond, names: trace.names).json([line])
    #expect((try? JSONSerialization.jsonObject(with: Data(text.utf8))) != nil)
    _ = TimelinePicture(ticksPerSecond: trace.ticksPerSecond, names: trace.names).svg(line, title: "")
  }
}
