/// Who ran when, on one look: a time line as SVG.
///
///      console  ▇▇      ▇▇▇▇
///      worker     ▇▇▇▇      ▇▇
///      idle                   ▇▇▇
///      irq       ╵    ╵     ╵
///               0 µs       10       20

import Trace

/// Draws a time line.
public struct TimelinePicture {
  private let ticksPerSecond: UInt64
  private let names: [Int: String]
  private let left = 110.0
  private let width = 840.0
  private let rowHeight = 22.0
  private let top = 34.0

  /// Prepares for a processor's clock and thread names.
  public init(ticksPerSecond: UInt64, names: [Int: String] = [:]) {
    self.ticksPerSecond = max(ticksPerSecond, 1)
    self.names = names
  }

  /// The SVG text of a time line.
  ///
  /// Interrupts are the lowest row; wake-ups are dots in the rows of their threads.
  public func svg(_ line: Timeline, title: String) -> String {
    let threads = line.threads
    let rows = threads.count + 1
    let bottom = top + Double(rows) * rowHeight
    var body: [String] = []
    let rowOf = Dictionary(uniqueKeysWithValues: threads.reversed().enumerated().map { ($1, $0) })
    let duration = max(Double(line.end &- line.begin), 1)
    func x(_ time: UInt64) -> Double { left + Double(time &- line.begin) / duration * width }
    func y(_ row: Int) -> Double { top + Double(row) * rowHeight }

    body.append(text(left, 20, title, extra: " font-weight=\"bold\""))
    for step in 0...4 {
      let place = left + width * Double(step) / 4
      let time = duration * Double(step) / 4 / Double(ticksPerSecond) * 1_000_000
      body.append(
        "<line x1=\"\(short(place))\" y1=\"\(short(top))\" x2=\"\(short(place))\" y2=\"\(short(bottom))\""
          + " stroke=\"#ddd\"/>")
      body.append(text(place, bottom + 16, "\(short(time)) µs", extra: " text-anchor=\"middle\""))
    }
    for (thread, row) in rowOf.sorted(by: { $0.value < $1.value }) {
      body.append(
        text(
          left - 8, y(row) + 15, names[thread] ?? (thread == 0 ? "idle" : "thread \(thread)"),
          extra: " text-anchor=\"end\""))
    }
    body.append(text(left - 8, y(rows - 1) + 15, "interrupts", extra: " text-anchor=\"end\""))
    for run in line.runs {
      guard let row = rowOf[run.subject] else { continue }
      body.append(bar(x(run.begin), y(row) + 3, x(run.end), colour(run.subject)))
    }
    for interrupt in line.interrupts {
      body.append(bar(x(interrupt.begin), y(rows - 1) + 3, x(interrupt.end), "#c0392b"))
    }
    for moment in line.moments where moment.kind == .wake {
      guard let row = rowOf[moment.subject & 0xFFFF] else { continue }
      body.append(
        "<circle cx=\"\(short(x(moment.time)))\" cy=\"\(short(y(row) + 11))\" r=\"2.5\" fill=\"#222\"/>")
    }
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(short(left + width + 30))\""
      + " height=\"\(short(bottom + 28))\" font-family=\"sans-serif\" font-size=\"11\">\n"
      + "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n" + body.joined(separator: "\n")
      + "\n</svg>\n"
  }

  private func bar(_ from: Double, _ y: Double, _ to: Double, _ colour: String) -> String {
    // A run of a few ticks must still be seen.
    "<rect x=\"\(short(from))\" y=\"\(short(y))\" width=\"\(short(max(to - from, 0.6)))\" height=\"16\""
      + " fill=\"\(colour)\"/>"
  }

  private func text(_ x: Double, _ y: Double, _ content: String, extra: String = "") -> String {
    "<text x=\"\(short(x))\" y=\"\(short(y))\"\(extra)>\(escaped(content))</text>"
  }

  /// A palette that also differs in brightness, so that it survives grey print; the idle thread is pale.
  private func colour(_ thread: Int) -> String {
    if thread == 0 { return "#d5d8dc" }
    let palette = ["#1f4e79", "#e08e0b", "#2e8b57", "#8e44ad", "#17a2b8", "#7f6000", "#b03a6b", "#4d5656"]
    return palette[thread % palette.count]
  }

  private func short(_ value: Double) -> String {
    // Cut far beyond every picture: times of a damaged trace are anything.
    let hundredths = Int((max(-1e15, min(value, 1e15)) * 100).rounded())
    let (whole, rest) = (hundredths / 100, hundredths % 100)
    if rest == 0 { return "\(whole)" }
    return rest % 10 == 0 ? "\(whole).\(rest / 10)" : "\(whole).\(rest < 10 ? "0" : "")\(rest)"
  }

  private func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
    return result
  }
}
