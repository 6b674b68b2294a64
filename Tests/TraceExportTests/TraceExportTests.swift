import Foundation
import Testing
import Trace

@testable import TraceExport

private let events = [
  TraceEvent(time: 1_000, kind: .switching, small: 0, large: 1),
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
      Stretch(subject: 0, begin: 1_000, end: 1_000), Stretch(subject: 1, begin: 1_000, end: 1_510),
      Stretch(subject: 2, begin: 1_510, end: 3_000),
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
  #expect(picture.components(separatedBy: "height=\"16\"").count - 1 == 4)
}

@Test func anEmptyTraceGivesEmptyPictures() throws {
  let line = Timeline([])
  _ = TimelinePicture(ticksPerSecond: 0).svg(line, title: "")
  let text = ChromeTrace(ticksPerSecond: 1).json([line])
  #expect((try? JSONSerialization.jsonObject(with: Data(text.utf8))) != nil)
}
