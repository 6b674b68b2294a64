/// Terminals in the tree: job control, attributes, and the bytes that go to and come from the device.

import FileSystem
import FileSystemFormat
import LinuxABI
import Streams
import VirtualFileSystem

/// A signal that a terminal asks for.
public struct GroupSignal: BitwiseCopyable, Hashable, Sendable {
  /// The process group that gets it.
  public var group: UInt32
  /// Which.
  public var signal: SignalNumber

  /// Names a signal for a group.
  public init(group: UInt32, signal: SignalNumber) {
    self.group = group
    self.signal = signal
  }
}

extension VirtualFileSystem {
  /// Makes the console's terminal, number 0.
  @export(interface)
  public mutating func makeConsole() throws(ErrorNumber) {
    guard !terminals.isFull, let terminal = Terminal(pool: &pool), let index = terminals.insert(terminal)
    else {
      throw .outOfMemory
    }
    precondition(index == 0, "the console is the first terminal")
  }

  /// The terminal of the caller's session.
  func controllingTerminal(of caller: FileCaller) -> Int? {
    for index in 0..<terminals.end
    where terminals.contains(index) && terminals[index].session == caller.session && caller.session != 0 {
      return index
    }
    return nil
  }

  // MARK: - The device's side

  /// Whether the console's terminal should get no more bytes until somebody has read.
  public var inputIsFull: Bool { terminals.contains(0) && terminals[0].inputIsFull }

  /// Gives the console's terminal a byte that its device has received.
  ///
  /// - Returns: the signal that it stands for.
  @export(interface)
  public mutating func receive(_ byte: UInt8) -> GroupSignal? {
    guard terminals.contains(0) else { return nil }
    let signal = terminals[0].receive(byte, pool: &pool)
    if terminals[0].isReadable { wakeups.insert(readChannel(ofTerminal: 0)) }
    guard let signal, terminals[0].foregroundGroup != 0 else { return nil }
    return GroupSignal(group: terminals[0].foregroundGroup, signal: signal)
  }

  /// Takes bytes that the console's device is to show; returns how many.
  @export(interface)
  public mutating func takeOutput(into buffer: inout MutableSpan<UInt8>) -> Int {
    guard terminals.contains(0) else { return 0 }
    let wasWritable = terminals[0].isWritable
    let count = terminals[0].takeOutput(into: &buffer, pool: pool)
    if !wasWritable, terminals[0].isWritable { wakeups.insert(writeChannel(ofTerminal: 0)) }
    return count
  }

  /// Notes that the console's device receives nothing any more: reads end after what was typed.
  @export(interface)
  public mutating func endInput() {
    guard terminals.contains(0) else { return }
    terminals[0].hangUp()
    wakeups.insert(readChannel(ofTerminal: 0))
    wakeups.insert(writeChannel(ofTerminal: 0))
  }

  /// Whether the console has characters to show.
  public var hasOutput: Bool {
    terminals.contains(0) && terminals[0].outputCount > 0 && !terminals[0].isStopped
  }

  /// Notes that the leader of a session has ended: the session has no terminal any more.
  ///
  /// - Returns: the foreground group, which gets SIGHUP and SIGCONT; `nil` if there was no terminal.
  @export(interface)
  public mutating func endSession(_ session: UInt32) -> UInt32? {
    for index in 0..<terminals.end where terminals.contains(index) && terminals[index].session == session {
      let group = terminals[index].foregroundGroup
      terminals[index].session = 0
      terminals[index].foregroundGroup = 0
      return group
    }
    return nil
  }

  // MARK: - Programs' side

  /// Whether a terminal is the caller's and another group has it.
  private func isInBackground(_ index: Int, _ caller: FileCaller) -> Bool {
    terminals[index].session == caller.session && caller.session != 0
      && terminals[index].foregroundGroup != caller.group
  }

  mutating func readTerminal(
    _ index: Int, into buffer: inout MutableSpan<UInt8>, _ hasTimedOut: Bool, for caller: FileCaller
  ) throws(ErrorNumber) -> FileOutcome {
    let stream = Int(openFiles[index].stream)
    if isInBackground(stream, caller) {
      guard !caller.ignoresInputSignal else { throw .inputOutput }
      return .signal(.terminalInput)
    }
    switch terminals[stream].read(into: &buffer, hasTimedOut: hasTimedOut, pool: pool) {
    case .read(let count): return .done(count)
    case .empty(let tenths):
      guard !openFiles[index].flags.contains(.nonBlocking) else { throw .tryAgain }
      return .wait(readChannel(ofTerminal: stream), tenths: tenths)
    }
  }

  mutating func writeTerminal(
    _ index: Int, _ bytes: Span<UInt8>, for caller: FileCaller
  ) throws(ErrorNumber) -> FileOutcome {
    let stream = Int(openFiles[index].stream)
    if isInBackground(stream, caller), !caller.ignoresOutputSignal,
      terminals[stream].attributes.local & TerminalAttributes.stopOutput != 0
    {
      return .signal(.terminalOutput)
    }
    let count = terminals[stream].write(bytes, pool: &pool)
    if count > 0 || bytes.count == 0 { return .done(count) }
    guard !openFiles[index].flags.contains(.nonBlocking) else { throw .tryAgain }
    return .wait(writeChannel(ofTerminal: stream), tenths: 0)
  }

  /// The call `ioctl`.
  ///
  /// - Parameters:
  ///   - data: at least 36 bytes: what the request's argument points to, read before and written back after by
  ///     the caller as `ControlRequest.input` and `.output` say.
  ///   - argument: the argument itself.
  @export(interface)
  public mutating func control(
    _ number: Int32, _ request: ControlRequest, _ argument: Int, _ data: inout MutableSpan<UInt8>,
    for caller: FileCaller
  ) throws(ErrorNumber) -> FileOutcome {
    let index = try description(number, of: caller.files)
    let file = openFiles[index]
    guard file.kind != .place else { throw .badDescriptor }
    switch request {
    case .closeOnExec, .keepOnExec:
      setClosedOnExec(request == .closeOnExec, number, of: Int(caller.files.rawValue))
      return .done(0)
    case .setNonBlocking:
      if data.span.number(count: 4, at: 0) != 0 {
        openFiles[index].flags.insert(.nonBlocking)
      } else {
        openFiles[index].flags.remove(.nonBlocking)
      }
      return .done(0)
    case .readableCount where file.kind == .pipe:
      data.put(UInt64(pipes[Int(file.stream)].pipe.count), count: 4, at: 0)
      return .done(0)
    case .readableCount where file.kind == .regular:
      let size = try information(of: file.node).size
      data.put(size > file.position ? min(size - file.position, UInt64(Int32.max)) : 0, count: 4, at: 0)
      return .done(0)
    default: break
    }
    guard file.kind == .terminal else { throw .notTerminal }
    return try controlTerminal(Int(file.stream), request, argument, &data, for: caller)
  }

  private mutating func controlTerminal(
    _ stream: Int, _ request: ControlRequest, _ argument: Int, _ data: inout MutableSpan<UInt8>,
    for caller: FileCaller
  ) throws(ErrorNumber) -> FileOutcome {
    if request.changesTerminal, isInBackground(stream, caller), !caller.ignoresOutputSignal {
      return .signal(.terminalOutput)
    }
    switch request {
    case .getAttributes: terminals[stream].attributes.write(to: &data)
    case .setAttributes, .setAttributesWaiting, .setAttributesFlushing:
      if request != .setAttributes, terminals[stream].outputCount > 0, !terminals[stream].isStopped {
        return .wait(writeChannel(ofTerminal: stream), tenths: 0)
      }
      if request == .setAttributesFlushing { terminals[stream].flushInput() }
      terminals[stream].setAttributes(TerminalAttributes(reading: data.span))
      if terminals[stream].isReadable { wakeups.insert(readChannel(ofTerminal: stream)) }
    case .sendBreak: break
    case .flow:
      guard (0...3).contains(argument) else { throw .invalidArgument }
      if argument < 2 { terminals[stream].setStopped(argument == 0) }
    case .flush:
      guard (0...2).contains(argument) else { throw .invalidArgument }
      if argument != 1 { terminals[stream].flushInput() }
      if argument != 0 {
        terminals[stream].flushOutput()
        wakeups.insert(writeChannel(ofTerminal: stream))
      }
    case .outputCount: data.put(UInt64(terminals[stream].outputCount), count: 4, at: 0)
    case .readableCount: data.put(UInt64(terminals[stream].readableCount(pool: pool)), count: 4, at: 0)
    case .getWindowSize: terminals[stream].windowSize.write(to: &data)
    case .setWindowSize:
      let size = WindowSize(reading: data.span)
      guard size != terminals[stream].windowSize else { return .done(0) }
      terminals[stream].windowSize = size
    case .setControlling:
      guard caller.process == caller.session else { throw .notPermitted }
      guard terminals[stream].session != caller.session else { return .done(0) }
      guard terminals[stream].session == 0 || argument == 1, controllingTerminal(of: caller) == nil else {
        throw .notPermitted
      }
      terminals[stream].session = caller.session
      terminals[stream].foregroundGroup = caller.group
    case .giveUpControlling:
      guard terminals[stream].session == caller.session else { throw .notTerminal }
      if caller.process == caller.session { _ = endSession(caller.session) }
    case .getForeground:
      guard terminals[stream].session == caller.session, caller.session != 0 else { throw .notTerminal }
      data.put(UInt64(terminals[stream].foregroundGroup), count: 4, at: 0)
    case .setForeground:
      guard terminals[stream].session == caller.session, caller.session != 0 else { throw .notTerminal }
      let group = data.span.number(count: 4, at: 0)
      guard group > 0, group <= UInt64(Int32.max) else { throw .invalidArgument }
      terminals[stream].foregroundGroup = UInt32(group)
    case .getSession:
      guard terminals[stream].session == caller.session, caller.session != 0 else { throw .notTerminal }
      data.put(UInt64(terminals[stream].session), count: 4, at: 0)
    case .closeOnExec, .keepOnExec, .setNonBlocking: break
    }
    return .done(0)
  }
}

extension ControlRequest {
  /// Whether a process in the background is stopped for asking this.
  var changesTerminal: Bool {
    switch self {
    case .setAttributes, .setAttributesWaiting, .setAttributesFlushing, .sendBreak, .flow, .flush,
      .setForeground:
      true
    default: false
    }
  }
}
