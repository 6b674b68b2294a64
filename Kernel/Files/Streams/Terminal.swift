/// A terminal: what lies between a line of characters and the programs that read and write it.
///
/// ```
/// keyboard ─ receive ─▶ translate, signals, editing ─▶ input ─ read ──▶ program
///                                   │ echo
/// screen ◀─ takeOutput ─ output ◀───┴──── process ◀──────────── write ─ program
/// ```
///
/// It is the line discipline of POSIX.1-2024 (base definitions, 11) with Linux's attributes. It knows no device
/// and no process: bytes are handed to it and taken from it, and a signal is an answer that the caller delivers
/// to the foreground group. Left out: parity, modem lines, delays, and the width of tabs when a line is edited.

import LinuxABI

/// What came of a read from a terminal.
public enum TerminalRead: BitwiseCopyable, Hashable, Sendable {
  /// So many bytes; 0 at the end of input.
  case read(Int)
  /// Nothing to read yet; with a number, only so many tenths of a second should be waited.
  case empty(tenths: UInt8)
}

/// A terminal's record; its characters lie in a pool's pages.
public struct Terminal: BitwiseCopyable {
  /// How it treats input and output.
  public private(set) var attributes = TerminalAttributes()
  /// Its size, which `TIOCGWINSZ` answers.
  public var windowSize = WindowSize(rows: 24, columns: 80)
  /// The process group that reads and gets signals; 0 for none.
  public var foregroundGroup: UInt32 = 0
  /// The session whose controlling terminal it is; 0 for none.
  public var session: UInt32 = 0

  var input: CellRing
  var output: CellRing
  /// Cells at the end of `input` that can still be edited, or all of them in raw mode.
  var pending = 0
  /// Cells with a mark in `input`: lines that can be read.
  var lineCount = 0
  /// Whether output is held back (Control-S).
  public internal(set) var isStopped = false
  var isNextLiteral = false
  /// Whether the device is gone: reads end and writes fail.
  public private(set) var isHungUp = false

  /// Marks of an input cell.
  static var lineEnd: UInt8 { 1 }
  static var fileEnd: UInt8 { 2 }

  /// Makes a terminal with Linux's usual attributes, or `nil` when the pool has not got four pages.
  public init?(pool: inout PagePool) {
    guard pool.freeCount >= 4, let a = pool.allocate(), let b = pool.allocate(), let c = pool.allocate(),
      let d = pool.allocate()
    else { return nil }
    input = CellRing(a, b)
    output = CellRing(c, d)
  }

  @inline(__always)
  func isOn(_ bit: UInt32) -> Bool { attributes.local & bit != 0 }

  var isCanonical: Bool { isOn(TerminalAttributes.canonical) }

  // MARK: - Attributes

  /// Sets the attributes; on the way from lines to characters what was being edited becomes readable.
  @export(interface)
  public mutating func setAttributes(_ new: TerminalAttributes) {
    attributes = new
    isNextLiteral = false
    if new.input & TerminalAttributes.startStop == 0 { isStopped = false }
  }

  /// Forgets what was typed and not read.
  public mutating func flushInput() {
    input.removeAll()
    pending = 0
    lineCount = 0
    isNextLiteral = false
  }

  /// Forgets what was written and not shown.
  public mutating func flushOutput() { output.removeAll() }

  /// Stops or resumes output, as `TCXONC` asks.
  public mutating func setStopped(_ stopped: Bool) { isStopped = stopped }

  /// Ends the line: whoever reads gets what is left and then the end.
  public mutating func hangUp() { isHungUp = true }

  // MARK: - Reading

  /// Bytes that a read would get at once, as `FIONREAD` counts them.
  @export(interface)
  public func readableCount(pool: borrowing PagePool) -> Int {
    guard isCanonical else { return input.count }
    guard lineCount > 0 else { return 0 }
    var count = 0
    while count < input.count {
      let marks = input.cell(count, pool: pool).marks
      if marks & Self.fileEnd != 0 { break }
      count += 1
      if marks & Self.lineEnd != 0 { break }
    }
    return count
  }

  /// Whether a read would not have to wait.
  public var isReadable: Bool {
    if isHungUp { return true }
    if isCanonical { return lineCount > 0 }
    let minimum = Int(attributes.characters[TerminalAttributes.minimum])
    let hasTimer = attributes.characters[TerminalAttributes.time] != 0
    return input.count >= (hasTimer ? 1 : max(minimum, 1))
  }

  /// Whether the device should hold its bytes back: there is little room, and something that can be read.
  ///
  /// A line too long to be ended is not readable, so it never holds back its own end; what is too much of it is lost, as
  /// on Linux.
  public var inputIsFull: Bool { input.count >= CellRing.capacity - 256 && isReadable }

  /// Takes bytes: a line or a part of it, or in raw mode what `VMIN` and `VTIME` say.
  ///
  /// - Parameter hasTimedOut: whether the time that an earlier `.empty` named has passed.
  @export(interface)
  public mutating func read(
    into buffer: inout MutableSpan<UInt8>, hasTimedOut: Bool = false, pool: borrowing PagePool
  ) -> TerminalRead {
    guard buffer.count > 0 else { return .read(0) }
    guard isCanonical else { return readRaw(into: &buffer, hasTimedOut, pool) }
    guard lineCount > 0 else { return isHungUp ? .read(0) : .empty(tenths: 0) }
    var done = 0
    while done < buffer.count, input.count > pending {
      let (character, marks) = input.removeFirst(pool: pool)
      if marks != 0 { lineCount -= 1 }
      if marks & Self.fileEnd != 0 { return .read(done) }
      buffer[done] = character
      done += 1
      if marks & Self.lineEnd != 0 { return .read(done) }
    }
    // The end of file right behind a full buffer belongs to this read, or the next would seem to be the end.
    if input.count > pending, input.cell(0, pool: pool).marks & Self.fileEnd != 0 {
      _ = input.removeFirst(pool: pool)
      lineCount -= 1
    }
    return .read(done)
  }

  private mutating func readRaw(
    into buffer: inout MutableSpan<UInt8>, _ hasTimedOut: Bool, _ pool: borrowing PagePool
  ) -> TerminalRead {
    let minimum = Int(attributes.characters[TerminalAttributes.minimum])
    let time = attributes.characters[TerminalAttributes.time]
    if !hasTimedOut, !isHungUp {
      if minimum > 0, input.count < min(minimum, buffer.count) {
        // The time runs between two characters only; before the first one it does not.
        return .empty(tenths: input.count > 0 ? time : 0)
      }
      if minimum == 0, input.count == 0, time > 0 { return .empty(tenths: time) }
    }
    if hasTimedOut, minimum > 0, input.count == 0, !isHungUp { return .empty(tenths: 0) }
    var done = 0
    while done < buffer.count, input.count > 0 {
      let (character, marks) = input.removeFirst(pool: pool)
      if marks != 0 { lineCount -= 1 }
      pending = min(pending, input.count)
      if marks & Self.fileEnd != 0 { continue }
      buffer[done] = character
      done += 1
    }
    return .read(done)
  }

  // MARK: - Writing

  /// Bytes of output that are not yet shown.
  public var outputCount: Int { output.count }

  /// Whether a write would not have to wait.
  public var isWritable: Bool { output.count < CellRing.capacity - 1 || isHungUp }

  /// Takes a program's bytes for output; returns how many.
  @export(interface)
  public mutating func write(_ bytes: Span<UInt8>, pool: inout PagePool) -> Int {
    for index in bytes.indices {
      guard show(bytes[index], pool: &pool) else { return index }
    }
    return bytes.count
  }

  /// Hands out what is to be shown; nothing while output is stopped.
  @export(interface)
  public mutating func takeOutput(into buffer: inout MutableSpan<UInt8>, pool: borrowing PagePool) -> Int {
    guard !isStopped else { return 0 }
    var done = 0
    while done < buffer.count, output.count > 0 {
      buffer[done] = output.removeFirst(pool: pool).character
      done += 1
    }
    return done
  }

  /// Processes one character of output; `false` when there is no room.
  mutating func show(_ character: UInt8, pool: inout PagePool) -> Bool {
    guard output.count < CellRing.capacity - 1 else { return false }
    var character = character
    if attributes.output & TerminalAttributes.process != 0 {
      if character == 0x0A, attributes.output & TerminalAttributes.newlineToCR != 0 {
        output.append(0x0D, pool: &pool)
      } else if character == 0x0D, attributes.output & TerminalAttributes.outputCRToNewline != 0 {
        character = 0x0A
      }
    }
    output.append(character, pool: &pool)
    return true
  }
}
