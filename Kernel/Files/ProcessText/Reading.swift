/// Reading, with the texts of `/proc` and `/dev/memstat` written where the virtual file system asks for them.

import LinuxABI
import OpenFiles
import VirtualFileSystem

extension VirtualFileSystem {
  /// The call `read`, for all kinds of files.
  public mutating func read<Information: ProcessInformation & ~Copyable>(
    _ number: Int32, into buffer: inout MutableSpan<UInt8>, hasTimedOut: Bool = false, for caller: FileCaller,
    information: borrowing Information
  ) throws(ErrorNumber) -> FileOutcome {
    let outcome = try read(number, into: &buffer, hasTimedOut: hasTimedOut, for: caller)
    guard case .text(let source, let position) = outcome else { return outcome }
    let count = try write(source, from: position, into: &buffer, information)
    didRead(number, count, for: caller)
    return .done(count)
  }

  /// The call `pread`, for all kinds of files.
  public mutating func read<Information: ProcessInformation & ~Copyable>(
    _ number: Int32, at position: UInt64, into buffer: inout MutableSpan<UInt8>, for caller: FileCaller,
    information: borrowing Information
  ) throws(ErrorNumber) -> FileOutcome {
    let outcome = try read(number, at: position, into: &buffer, for: caller)
    guard case .text(let source, let position) = outcome else { return outcome }
    return .done(try write(source, from: position, into: &buffer, information))
  }

  /// Writes the bytes of a text from `position` on into `buffer`; returns how many, 0 at its end.
  ///
  /// - Throws: `.noSuchProcess` when its process is gone.
  public mutating func write<Information: ProcessInformation & ~Copyable>(
    _ source: TextSource, from position: UInt64, into buffer: inout MutableSpan<UInt8>,
    _ information: borrowing Information
  ) throws(ErrorNumber) -> Int {
    guard let position = Int(exactly: position) else { return 0 }
    var window = TextWindow(buffer._mutatingExtracting(0..<buffer.count), from: position)
    switch source.entry {
    case .memory: NodeText.memory(information.nodeFacts(), &window)
    case .memoryStatistics: NodeText.memoryStatistics(information.nodeFacts(), &window)
    case .processor: NodeText.processor(information, &window)
    case .uptime: NodeText.uptime(information.nodeFacts(), &window)
    case .version:
      NodeText.short(.version, information, &window)
      window.append(UInt8(ascii: "\n"))
    case .mounts, .processMounts: NodeText.mounts(&self, &window)
    case .statistics: NodeText.statistics(information.nodeFacts(), &window)
    case .load: NodeText.load(information.nodeFacts(), &window)
    case .fileSystems: NodeText.fileSystems(&window)
    case .trace: window.append { information.copy(.trace, from: $0, into: &$1) }
    case .commandLine: window.append { information.copy(.commandLine, from: $0, into: &$1) }
    case .nodes: window.append { information.copy(.nodes, from: $0, into: &$1) }
    case .guests: window.append { information.copy(.guests, from: $0, into: &$1) }
    case .links: window.append { information.copy(.links, from: $0, into: &$1) }
    case .processArguments:
      window.append { information.copyArguments(ofProcess: source.process, from: $0, into: &$1) }
    case .processMaps:
      var index = 0
      while !window.isFull, let region = information.region(index, ofProcess: source.process) {
        ProcessTexts.region(
          region, region.file == 0 ? nil : mappedPath(of: region.file, byProcess: source.process), &window)
        index += 1
      }
    case .processStatistics, .processStatus, .processMemory, .processName:
      guard let facts = information.processFacts(source.process) else { throw .noSuchProcess }
      switch source.entry {
      case .processStatistics: ProcessTexts.statistics(facts, &window)
      case .processStatus: ProcessTexts.status(facts, &window)
      case .processMemory: ProcessTexts.memory(facts, &window)
      default:
        ProcessTexts.name(facts, &window)
        window.append(UInt8(ascii: "\n"))
      }
    case .top, .own, .process, .executable, .workingDirectory, .rootDirectory, .descriptors, .descriptor:
      throw .invalidArgument
    }
    return window.count
  }
}
