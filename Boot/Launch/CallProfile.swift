import ABI
import Foundation
import HostSupport

/// What the system calls of programs have cost in a run with `profile=on`, read from the debug port.
///
/// The file is a profile as Docs/predict.md describes it: the calls of all processes together. What each process did is
/// in `x-processes`, for a member with such a name is the writer's own.
public struct CallProfile: Sendable, Equatable {
  /// All invocations of a call by a process.
  public struct Call: Sendable, Equatable {
    /// Linux's name of it.
    public var name: String
    /// How often it was invoked, and the ticks of all invocations.
    public var count, ticks: UInt64
    /// The ticks of the cheapest, of the one in the middle and of the dearest.
    public var least, median, most: UInt64
    /// Bytes that went from or to the program.
    public var bytes: UInt64
  }

  /// A process.
  public struct Process: Sendable, Equatable {
    /// Its number.
    public var number: UInt64
    /// The name of its program, at last.
    public var name: String
    /// The most threads that it had in a call.
    public var threads: UInt64
    /// The ticks for which it had the processor.
    public var ticks: UInt64
    /// Its calls, in the order of their first invocations.
    public var calls: [Call] = []
  }

  /// The processes in the order of their ends.
  public var processes: [Process] = []
  /// Ticks in a millisecond.
  public var ticksPerMillisecond: UInt64 = 1
  /// Invocations that the kernel had no room to count.
  public var lost: UInt64 = 0

  /// Reads the records on a debug port.
  ///
  /// - Throws: `ToolError` if the end is missing, as after a panic, or a record makes no sense.
  public init(debugPort text: String) throws {
    let prefix = String(describing: ProfileChannel.recordPrefix)
    var isWhole = false
    for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix(prefix) {
      let words = line.dropFirst(prefix.count).split(separator: " ")
      let numbers = words.compactMap { UInt64($0) }
      switch (words.first, words.count) {
      case ("process", 5) where UInt64(words[1]) != nil && UInt64(words[2]) != nil && UInt64(words[3]) != nil:
        processes.append(
          Process(number: numbers[0], name: String(words[4]), threads: numbers[1], ticks: numbers[2]))
      case ("call", 9) where numbers.count == 7 && processes.last?.number == numbers[0]:
        processes[processes.count - 1].calls.append(
          Call(
            name: String(words[2]), count: numbers[1], ticks: numbers[2], least: numbers[3],
            median: numbers[4], most: numbers[5], bytes: numbers[6]))
      case ("end", 3) where numbers.count == 2 && numbers[0] > 0:
        (ticksPerMillisecond, lost) = (numbers[0], numbers[1])
        isWhole = true
      default: throw ToolError("a record of the profile makes no sense: \(line)")
      }
    }
    guard isWhole else { throw ToolError("there is no profile: the run did not end in order") }
  }

  private func seconds(_ ticks: UInt64) -> Double { Double(ticks) / Double(ticksPerMillisecond) / 1000 }

  /// The calls of all processes together, by name.
  public var totals: [Call] {
    var all: [String: Call] = [:]
    for call in processes.flatMap(\.calls) {
      guard var sum = all[call.name] else {
        all[call.name] = call
        continue
      }
      // Of medians there is no sum: the one of the process that called most often stands for all.
      if call.count > sum.count { sum.median = call.median }
      sum.count += call.count
      sum.ticks += call.ticks
      sum.least = min(sum.least, call.least)
      sum.most = max(sum.most, call.most)
      sum.bytes += call.bytes
      all[call.name] = sum
    }
    return all.values.sorted { $0.name < $1.name }
  }

  /// The profile as JSON with sorted keys.
  ///
  /// - Parameters:
  ///   - source: how it was made.
  ///   - unit: what a tick is, `ticks` or `instructions`.
  public func json(source: String, unit: String) throws -> Data {
    let calls = totals
    let busy = processes.reduce(0) { $0 + $1.ticks }
    let inCalls = calls.reduce(0) { $0 + $1.ticks }
    var notes = ["seconds are ticks of the counter while a process had the processor; a wait takes none"]
    if lost > 0 { notes.append("\(lost) invocations were not counted for want of memory") }
    let root: [String: Any] = [
      "schema": "apus-profile", "version": 1, "source": source,
      "program": processes.last.map { "\($0.name) and \(processes.count - 1) more processes" } ?? "nothing",
      "computationSeconds": seconds(busy > inCalls ? busy - inCalls : 0),
      "threads": Int(processes.map(\.threads).max() ?? 1), "notes": notes,
      "calls": calls.map { call -> [String: Any] in
        [
          "name": call.name, "count": call.count, "seconds": seconds(call.ticks), "bytes": call.bytes,
          "x-min": call.least, "x-median": call.median, "x-max": call.most,
        ]
      },
      "x-unit": unit, "x-ticks-per-millisecond": ticksPerMillisecond,
      "x-processes": processes.map { process -> [String: Any] in
        [
          "process": process.number, "program": process.name, "threads": process.threads,
          "ticks": process.ticks,
          "calls": process.calls.map { call -> [String: Any] in
            [
              "name": call.name, "count": call.count, "ticks": call.ticks, "min": call.least,
              "median": call.median, "max": call.most, "bytes": call.bytes,
            ]
          },
        ]
      },
    ]
    return try JSONSerialization.data(
      withJSONObject: root, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]) + Data("\n".utf8)
  }
}
