@testable import SpeedupModel

/// One step of a program: it computes, then makes a call.
struct TraceStep: Sendable, Equatable {
  /// Seconds of computation before the call.
  var computation: Double
  /// The call's name.
  var call: String
  /// Seconds the call takes on the general-purpose system.
  var seconds: Double
  /// Bytes that cross when the call is forwarded.
  var bytes: Double
}

/// Runs a trace step by step on the two systems, keeping a clock: slow, obvious, and independent of the
/// formulas.
enum TraceReplay {
  /// Seconds the trace takes when the calls in `delegated` are sent over, served there and answered.
  static func seconds(_ steps: [TraceStep], delegated: Set<String>, setup: Setup) -> Double {
    var clock = 0.0
    for step in steps {
      clock += step.computation / setup.effectiveGain
      if delegated.contains(step.call) {
        clock += setup.forwardingCost
        clock += step.bytes * setup.secondsPerByte
        clock += step.seconds
        clock += setup.forwardingCost
        clock += setup.translationLoss
      } else {
        clock += step.seconds * (setup.localFactors[step.call] ?? setup.localFactor)
      }
    }
    return clock
  }

  /// The profile a tracer would make of the trace.
  static func profile(_ steps: [TraceStep]) throws(InputError) -> Profile {
    var records: [String: CallRecord] = [:]
    for step in steps {
      var record = records[step.call] ?? CallRecord(step.call, count: 0, seconds: 0)
      record.count += 1
      record.seconds += step.seconds
      record.bytes += step.bytes
      records[step.call] = record
    }
    return try Profile(
      program: "trace", source: "replay", computationSeconds: steps.reduce(0) { $0 + $1.computation },
      calls: Array(records.values))
  }
}
