/// Traces as they come from a machine: nothing of them is believed before it was checked.

import ABI
import Foundation
import Trace

/// Why what a machine left is no trace.
public enum CaptureError: Error, Equatable, CustomStringConvertible {
  /// The machine announced no trace.
  case noneAnnounced
  /// An announcement is not as it must be.
  case badAnnouncement(String)
  /// What was announced does not lie in the machine's memory.
  case outsideMemory(address: UInt64, size: UInt64)
  /// The memory of the machine could not be read.
  case unreadable(String)
  /// What lies there is no trace.
  case notATrace(TraceBlockError)
  /// An event is older than the one before it.
  case timeFalls(event: Int)

  /// The error as a sentence.
  public var description: String {
    switch self {
    case .noneAnnounced: "the kernel announced no trace on the debug port; was it started with trace=on?"
    case .badAnnouncement(let line): "the kernel announced a trace in a way that is not understood: \(line)"
    case .outsideMemory(let address, let size):
      "the trace that was announced, \(size) bytes at \(address), does not lie in the machine's memory"
    case .unreadable(let file): "\(file) could not be read"
    case .notATrace(let error): "where the trace was announced lies none: \(error)"
    case .timeFalls(let event): "event \(event) of the trace is older than the one before it"
    }
  }
}

/// Where a kernel says that a processor's trace lies.
public struct TraceAnnouncement: Equatable, Sendable {
  /// The processor.
  public var processor: UInt32
  /// The physical address.
  public var address: UInt64
  /// The bytes of the ring; twice as many belong to the trace.
  public var ringSize: UInt64

  /// The announcements among what a machine wrote to the debug port, see `TraceChannel`.
  public static func all(in text: String) throws(CaptureError) -> [TraceAnnouncement] {
    var all: [TraceAnnouncement] = []
    let prefix = TraceChannel.recordPrefix.description
    for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix(prefix) {
      let words = line.dropFirst(prefix.count).split(separator: " ")
      guard words.count == 3, let processor = UInt32(words[0]), let address = UInt64(words[1]),
        let size = UInt64(words[2]), size <= UInt64(TraceBlock.allowedSizes.upperBound),
        TraceBlock.allows(size: UInt(size))
      else { throw .badAnnouncement(String(line.prefix(80))) }
      all.append(TraceAnnouncement(processor: processor, address: address, ringSize: size))
    }
    if all.isEmpty { throw .noneAnnounced }
    return all
  }
}

/// A processor's trace after every check.
public struct CapturedTrace: Sendable {
  /// Whose events they are.
  public let processor: UInt32
  /// How fast the counter of their times runs.
  public let ticksPerSecond: UInt64
  /// The events, the oldest first; times never fall.
  public let events: [TraceEvent]
  /// The names of threads by the low 16 bits of their numbers, printable.
  public let names: [Int: String]

  /// Reads the bytes of a trace, as `TraceBlock` describes them.
  public init(_ bytes: [UInt8]) throws(CaptureError) {
    do throws(TraceBlockError) {
      let block = try TraceBlock(bytes.span)
      processor = block.processor
      ticksPerSecond = block.ticksPerSecond
      let decoder = block.decoder
      events = (0..<decoder.count).map { decoder[$0] }
      var names: [Int: String] = [:]
      for index in 0..<block.nameCapacity {
        guard let (thread, range) = block.name(at: index) else { continue }
        let name = bytes[range].prefix { $0 != 0 }.map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }
        names[Int(thread & 0xFFFF)] = String(decoding: name, as: UTF8.self)
      }
      self.names = names
    } catch { throw .notATrace(error) }
    for index in events.indices.dropFirst() where events[index].time < events[index - 1].time {
      throw .timeFalls(event: index)
    }
  }

  /// Reads the traces of all processors of a machine that has ended.
  ///
  /// - Parameters:
  ///   - debug: what the machine wrote to the debug port.
  ///   - memoryFile: the file that was its memory.
  public static func all(debug: String, memoryFile: String) throws(CaptureError) -> [CapturedTrace] {
    var traces: [CapturedTrace] = []
    guard let file = FileHandle(forReadingAtPath: memoryFile), let end = try? file.seekToEnd() else {
      throw .unreadable(memoryFile)
    }
    defer { try? file.close() }
    // Above that, a machine's memory has a gap, and a file's offset is no physical address any more.
    let limit = min(end, 2 << 30)
    for announcement in try TraceAnnouncement.all(in: debug) {
      let size = announcement.ringSize * 2
      guard size <= limit, announcement.address <= limit - size else {
        throw .outsideMemory(address: announcement.address, size: size)
      }
      guard (try? file.seek(toOffset: announcement.address)) != nil,
        let data = try? file.read(upToCount: Int(size)), data.count == Int(size)
      else { throw .unreadable(memoryFile) }
      traces.append(try CapturedTrace(Array(data)))
    }
    return traces
  }
}
