/// The files of `/proc`: names, kinds, and how a node's number says which it is.

import FileSystemFormat

/// A file or directory of `/proc`.
public enum ProcessEntry: UInt8, BitwiseCopyable, Hashable, Sendable, CaseIterable {
  case top = 1
  case own
  case memory
  case processor
  case uptime
  case version
  case mounts
  case statistics
  case load
  case fileSystems
  case trace
  case commandLine
  case nodes
  case links
  case guests
  /// Not in `/proc`, but `/dev/memstat`.
  case memoryStatistics
  // Of a process:
  case process
  case processStatistics
  case processStatus
  case processMemory
  case processMaps
  case processArguments
  case processName
  case processMounts
  case executable
  case workingDirectory
  case rootDirectory
  case descriptors
  case descriptor

  /// The kind of file.
  package var kind: FileKind {
    switch self {
    case .top, .process, .descriptors: .directory
    case .own, .executable, .workingDirectory, .rootDirectory, .descriptor: .symbolicLink
    default: .regular
    }
  }

  /// Whether what is written to it is a command.
  package var takesCommands: Bool { self == .guests }

  /// The permissions that it shows.
  var permissions: UInt16 {
    switch kind {
    case .directory: 0o555
    case .symbolicLink: 0o777
    default: takesCommands ? 0o644 : 0o444
    }
  }

  /// The name, empty for what is named by a number.
  package var name: StaticString {
    switch self {
    case .top, .memoryStatistics, .process, .descriptor: ""
    case .own: "self"
    case .memory: "meminfo"
    case .processor: "cpuinfo"
    case .uptime: "uptime"
    case .version: "version"
    case .mounts: "mounts"
    case .statistics: "stat"
    case .load: "loadavg"
    case .fileSystems: "filesystems"
    case .trace: "trace"
    case .commandLine: "cmdline"
    case .nodes: "nodes"
    case .links: "links"
    case .guests: "guests"
    case .processStatistics: "stat"
    case .processStatus: "status"
    case .processMemory: "statm"
    case .processMaps: "maps"
    case .processArguments: "cmdline"
    case .processName: "comm"
    case .processMounts: "mounts"
    case .executable: "exe"
    case .workingDirectory: "cwd"
    case .rootDirectory: "root"
    case .descriptors: "fd"
    }
  }

  /// The entries with a name in the top directory, and of a process.
  package static var topNames: ClosedRange<UInt8> { Self.own.rawValue...Self.guests.rawValue }
  package static var processNames: ClosedRange<UInt8> {
    Self.processStatistics.rawValue...Self.descriptors.rawValue
  }

  /// The entry named `name` among those of a directory.
  package static func named(_ name: Span<UInt8>, among range: ClosedRange<UInt8>) -> ProcessEntry? {
    for number in range {
      guard let entry = ProcessEntry(rawValue: number), entry.hasName(name) else { continue }
      return entry
    }
    return nil
  }

  private func hasName(_ other: Span<UInt8>) -> Bool {
    let name = name
    guard name.utf8CodeUnitCount == other.count, other.count > 0 else { return false }
    for index in other.indices {
      // SAFETY: the index is below the literal's own count.
      if unsafe name.utf8Start[index] != other[index] { return false }
    }
    return true
  }
}

/// A node of `/proc`, as its number says.
package struct ProcessNode: BitwiseCopyable, Equatable {
  package var entry: ProcessEntry
  package var process: UInt32
  package var descriptor: UInt16 = 0

  package init(_ entry: ProcessEntry, process: UInt32 = 0, descriptor: UInt16 = 0) {
    self.entry = entry
    self.process = process
    self.descriptor = descriptor
  }

  /// 24 bits of process, 16 of descriptor, 8 of entry.
  package init?(number: UInt64) {
    guard let entry = ProcessEntry(rawValue: UInt8(truncatingIfNeeded: number)) else { return nil }
    self.entry = entry
    process = UInt32(truncatingIfNeeded: number >> 24)
    descriptor = UInt16(truncatingIfNeeded: number >> 8)
  }

  package var number: UInt64 { UInt64(process) << 24 | UInt64(descriptor) << 8 | UInt64(entry.rawValue) }

  /// A number in decimal without leading zeros, or `nil`.
  static func decimal(_ name: Span<UInt8>) -> UInt32? {
    guard name.count > 0, name.count <= 9, name.count == 1 || name[0] != UInt8(ascii: "0") else { return nil }
    var value: UInt32 = 0
    for index in name.indices {
      guard name[index] >= UInt8(ascii: "0"), name[index] <= UInt8(ascii: "9") else { return nil }
      value = value * 10 + UInt32(name[index] - UInt8(ascii: "0"))
    }
    return value
  }
}

/// A short name or number in bytes.
package struct ShortText: BitwiseCopyable {
  package private(set) var bytes: InlineArray<32, UInt8> = .init(repeating: 0)
  package private(set) var count = 0

  package init() {}

  package init(_ literal: StaticString) { append(literal) }

  package init(_ value: UInt32) { append(value) }

  package mutating func append(_ byte: UInt8) {
    guard count < 32 else { return }
    bytes[count] = byte
    count += 1
  }

  package mutating func append(_ literal: StaticString) {
    for index in 0..<literal.utf8CodeUnitCount {
      // SAFETY: the index is below the literal's own count.
      append(unsafe literal.utf8Start[index])
    }
  }

  package mutating func append(_ value: UInt32) {
    var divisor: UInt32 = 1
    while value / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
      divisor /= 10
    }
  }
}
