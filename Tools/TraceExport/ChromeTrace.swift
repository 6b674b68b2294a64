/// Traces for the viewers of Chrome's trace format: chrome://tracing and Perfetto.
///
/// The format is the "Trace Event Format" document of the Chromium project: an object with `traceEvents`, in which
/// complete events (`X`) have a beginning and a duration in microseconds and instants (`i`) a moment.

import Trace

/// Writes a time line as JSON.
public struct ChromeTrace {
  private let ticksPerMicrosecond: Double
  private let names: [Int: String]

  /// Prepares for a processor's clock and thread names.
  ///
  /// - Parameters:
  ///   - ticksPerSecond: how fast the counter of the trace runs; above 0.
  ///   - names: the names of threads, by number.
  public init(ticksPerSecond: UInt64, names: [Int: String] = [:]) {
    ticksPerMicrosecond = Double(ticksPerSecond) / 1_000_000
    self.names = names
  }

  /// The JSON text of one time line for each processor.
  public func json(_ processors: [Timeline]) -> String {
    var events: [String] = []
    // Times count from the first event of all, or viewers would show hours of nothing.
    let origin = processors.map(\.begin).min() ?? 0
    for (processor, line) in processors.enumerated() {
      events.append(metadata("process_name", processor, thread: nil, "cpu\(processor)"))
      for thread in line.threads {
        events.append(metadata("thread_name", processor, thread: thread, name(thread)))
      }
      for run in line.runs {
        events.append(complete(name(run.subject), "thread", run, processor, thread: run.subject, origin))
      }
      for interrupt in line.interrupts {
        events.append(
          complete("interrupt \(interrupt.subject)", "interrupt", interrupt, processor, thread: -1, origin))
      }
      for moment in line.moments { events.append(instant(moment, processor, origin)) }
    }
    return "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n" + events.joined(separator: ",\n") + "\n]}\n"
  }

  private func name(_ thread: Int) -> String { names[thread] ?? (thread == 0 ? "idle" : "thread \(thread)") }

  private func metadata(_ kind: String, _ processor: Int, thread: Int?, _ value: String) -> String {
    let place = thread.map { ",\"tid\":\($0)" } ?? ""
    return
      "{\"ph\":\"M\",\"name\":\"\(kind)\",\"pid\":\(processor)\(place),\"args\":{\"name\":\(quoted(value))}}"
  }

  private func complete(
    _ name: String, _ category: String, _ span: Stretch, _ processor: Int, thread: Int, _ origin: UInt64
  ) -> String {
    "{\"ph\":\"X\",\"name\":\(quoted(name)),\"cat\":\"\(category)\",\"pid\":\(processor),\"tid\":\(thread),"
      + "\"ts\":\(microseconds(span.begin &- origin)),\"dur\":\(microseconds(span.end &- span.begin))}"
  }

  private func instant(_ moment: Moment, _ processor: Int, _ origin: UInt64) -> String {
    "{\"ph\":\"i\",\"s\":\"t\",\"name\":\"\(moment.kind)\",\"pid\":\(processor),\"tid\":\(moment.runner ?? 0),"
      + "\"ts\":\(microseconds(moment.time &- origin)),"
      + "\"args\":{\"subject\":\(moment.subject),\"detail\":\(moment.detail)}}"
  }

  /// A number of ticks in microseconds with three decimals.
  private func microseconds(_ ticks: UInt64) -> String {
    // Cut at 30 years, which no trace has but a damaged one might.
    let thousandths = UInt64(min((Double(ticks) / ticksPerMicrosecond * 1000).rounded(), 1e18))
    let fraction = String(thousandths % 1000)
    return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
  }

  private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
