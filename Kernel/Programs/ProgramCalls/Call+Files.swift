/// Calls that read, write and wait for files.
///
/// Bytes go through a buffer of the kernel: the tree of files never touches a program's memory, so nothing in it can
/// fault.

import Arch
import Base
import FileSystemFormat
import LinuxABI
import OpenFiles
import Processes
import ProgramFiles
import ProgramRecords
import ProgramSignals
import Runtime
import Scheduling
import Signals
import UserMemory
import VirtualFileSystem

extension Call {
  /// The tree of files.
  var files: ProgramFiles { ProgramFiles() }

  /// The process as the tree knows it.
  var caller: FileCaller { files.caller(process) }

  /// After an operation: wakes who waits for what it has brought about.
  func wakeWaiters() { files.wakeWaiters() }

  // MARK: - Reading and writing

  /// Where a `read` or `write` happens.
  enum Place {
    case current
    case at(UInt64)
  }

  /// Reads up to `count` bytes into the program's memory.
  @inline(never)
  func read(_ number: Int32, _ address: UInt, _ count: UInt, _ place: Place) throws(ErrorNumber) -> Int {
    guard count <= UInt(Int.max) else { throw .invalidArgument }
    let total = min(Int(count), 0x7FFF_F000)
    if number == 0 { programs.noteInput() }
    var done = 0
    var hasTimedOut = false
    while true {
      let wanted = min(total - done, ProgramFiles.bufferSize)
      let size = ProgramMemory.writableCount(address &+ UInt(done), wanted)
      var outcome: FileOutcome
      do throws(ErrorNumber) {
        if size == 0, wanted > 0 {
          _ = try files.tree.node(of: number, for: caller)
          throw .badAddress
        }
        var buffer = files.buffer(size)
        switch place {
        case .current:
          outcome = try files.tree.read(number, into: &buffer, hasTimedOut: hasTimedOut, for: caller)
        case .at(let position):
          outcome = try files.tree.read(number, at: position &+ UInt64(done), into: &buffer, for: caller)
        }
      } catch {
        if done > 0 { return done }
        throw error
      }
      if case .text(let source, let position) = outcome {
        let written = try files.write(source, from: position, size)
        if case .current = place { files.tree.didRead(number, written, for: caller) }
        outcome = .done(written)
      }
      switch outcome {
      case .done(let got):
        wakeWaiters()
        if got > 0 {
          guard ProgramMemory.write(files.buffered(got), to: address &+ UInt(done)) else {
            if done > 0 { return done }
            throw .badAddress
          }
        }
        done += got
        // Only what fills the buffer may have more to come at once: a pipe gives what it has.
        if got < ProgramFiles.bufferSize || done == total { return done }
      case .wait(let channel, let tenths):
        if done > 0 { return done }
        hasTimedOut = try wait(for: channel, tenths: tenths)
      case .signal(let signal):
        try signalGroup(signal)
      case .text, .command: return done
      }
    }
  }

  /// Writes `count` bytes of the program's memory.
  @inline(never)
  func write(_ number: Int32, _ address: UInt, _ count: UInt, _ place: Place) throws(ErrorNumber) -> Int {
    guard count <= UInt(Int.max) else { throw .invalidArgument }
    var total = min(Int(count), 0x7FFF_F000)
    if process.fields.limits.soft[ResourceLimit.fileSize] != .max {
      total = try allowedCount(number, total, place)
    }
    var done = 0
    while true {
      let size = min(total - done, ProgramFiles.bufferSize)
      var outcome: FileOutcome
      do throws(ErrorNumber) {
        var buffer = files.buffer(size)
        guard ProgramMemory.read(address &+ UInt(done), count: size, into: &buffer) else { throw .badAddress }
        switch place {
        case .current: outcome = try files.tree.write(number, files.buffered(size), for: caller)
        case .at(let position):
          outcome = try files.tree.write(
            number, at: position &+ UInt64(done), files.buffered(size), for: caller)
        }
        if case .command = outcome {
          try files.obey(size)
          outcome = .done(size)
        }
      } catch {
        wakeWaiters()
        if error == .brokenPipe {
          programs.send(
            .pipe, SignalInformation(code: SignalInformation.userCode, process: process.fields.number),
            to: process,
            thread: thread)
        }
        if done > 0 { return done }
        throw error
      }
      wakeWaiters()
      switch outcome {
      case .done(let put):
        done += put
        if done >= total || put == 0 { return done }
      case .wait(let channel, _):
        do throws(ErrorNumber) { _ = try wait(for: channel, tenths: 0) } catch {
          if done > 0 { return done }
          throw error
        }
      case .signal(let signal): try signalGroup(signal)
      case .text, .command: return done
      }
    }
  }

  /// Waits until a channel has something new.
  ///
  /// - Returns: whether the time that the wait was limited to is over.
  @inline(never)
  func wait(for channel: WaitChannel, tenths: UInt8) throws(ErrorNumber) -> Bool {
    let tick =
      tenths == 0 ? UInt64.max : programs.tick(atUptime: programs.uptime + UInt64(tenths) * 100_000_000)
    switch programs.wait(in: programs.queue(of: channel), until: tick) {
    case .interrupted: throw ErrorNumber(rawValue: Int32(-Programs.restartAlways))
    case .timedOut: return true
    case .woken: return false
    }
  }

  /// Sends a signal of a terminal to the caller's group; the call is repeated if the process goes on.
  @inline(never)
  func signalGroup(_ signal: SignalNumber) throws(ErrorNumber) {
    let group = Int32(try self.group(of: 0))
    programs.send(signal, SignalInformation(code: SignalInformation.kernelCode), toGroup: group)
    throw ErrorNumber(rawValue: Int32(-Programs.restartAlways))
  }

  /// The vectors of `readv` and its like: address and length of each.
  @inline(never)
  func forEachVector(
    _ address: UInt, _ count: UInt, _ body: (UInt, UInt, Int) throws(ErrorNumber) -> Int
  ) throws(ErrorNumber) -> Int {
    guard count <= 1024 else { throw .invalidArgument }
    let word = UInt(abi.wordSize)
    var total = 0
    for index in 0..<count {
      let entry = address &+ index * 2 * word
      let (base, length) = (try loadWord(entry), try loadWord(entry &+ word))
      if length == 0 { continue }
      let done: Int
      do throws(ErrorNumber) { done = try body(base, length, total) } catch {
        if total > 0 { return total }
        throw error
      }
      total += done
      if done < Int(length) { break }
    }
    return total
  }

  @inline(never)
  func readVectors(_ place: Place) throws(ErrorNumber) -> Int {
    try forEachVector(b, c) { address, length, done throws(ErrorNumber) in
      try read(Self.int(a), address, length, place.advanced(by: done))
    }
  }

  @inline(never)
  func writeVectors(_ place: Place) throws(ErrorNumber) -> Int {
    try forEachVector(b, c) { address, length, done throws(ErrorNumber) in
      try write(Self.int(a), address, length, place.advanced(by: done))
    }
  }

  /// How many bytes may be written where RLIMIT_FSIZE ends a file; what is appended is not limited.
  @inline(never)
  private func allowedCount(_ number: Int32, _ count: Int, _ place: Place) throws(ErrorNumber) -> Int {
    let information = try files.tree.information(of: try files.tree.node(of: number, for: caller))
    guard FileMode(rawValue: information.mode).kind == .regular, count > 0 else { return count }
    let position: UInt64
    switch place {
    case .current: position = try files.tree.seek(number, 0, from: .current, for: caller)
    case .at(let start): position = start
    }
    try checkSize(position)
    return Int(min(UInt64(count), process.fields.limits.soft[ResourceLimit.fileSize] - position))
  }

  /// Refuses a position that a file may not have, with a signal (RLIMIT_FSIZE).
  func checkSize(_ position: UInt64) throws(ErrorNumber) {
    guard position >= process.fields.limits.soft[ResourceLimit.fileSize] else { return }
    programs.send(
      .fileSizeLimit, SignalInformation(code: SignalInformation.userCode), to: process, thread: thread)
    throw .fileTooBig
  }

  /// `sendfile`, by way of the kernel's buffer.
  @inline(never)
  func sendFile(offsetSize: Int) throws(ErrorNumber) -> Int {
    var position = c == 0 ? 0 : try load(c, offsetSize)
    var left = Int(min(d, 0x7FFF_F000))
    var done = 0
    // A terminal that others have the use of stops the program before anything is read.
    if left > 0, case .signal(let signal) = try files.tree.write(Self.int(a), files.buffered(0), for: caller)
    {
      try signalGroup(signal)
    }
    while left > 0 {
      let size = min(left, ProgramFiles.bufferSize)
      var buffer = files.buffer(size)
      var outcome =
        c == 0
        ? try files.tree.read(Self.int(b), into: &buffer, for: caller)
        : try files.tree.read(Self.int(b), at: position, into: &buffer, for: caller)
      if case .text(let source, let from) = outcome {
        let written = try files.write(source, from: from, size)
        if c == 0 { files.tree.didRead(Self.int(b), written, for: caller) }
        outcome = .done(written)
      }
      // What has to be waited for is not sent: as Linux, which takes no pipes and terminals here.
      switch outcome {
      case .wait, .signal: throw .invalidArgument
      default: break
      }
      guard case .done(let got) = outcome, got > 0 else { break }
      var put = 0
      while put < got {
        let bytes = files.buffered(got).extracting(put..<got)
        switch try files.tree.write(Self.int(a), bytes, for: caller) {
        case .done(let count): put += count
        case .wait(let channel, _):
          wakeWaiters()
          // Nobody else uses the buffer for this thread's bytes meanwhile but others' calls: keep them.
          guard var copy = HeapBytes(got) else { throw .outOfMemory }
          files.copyBuffer(to: &copy, got)
          _ = try wait(for: channel, tenths: 0)
          files.fill(from: copy.bytes)
        // A program that copies by itself writes a command in one piece.
        case .command: throw .invalidArgument
        default: throw .inputOutput
        }
      }
      wakeWaiters()
      done += got
      left -= got
      position += UInt64(got)
    }
    if c != 0 { try store(position, offsetSize, at: c) }
    return done
  }

  // MARK: - Waiting for several

  /// `poll` and `ppoll`.
  @inline(never)
  func poll(until end: UInt64) throws(ErrorNumber) -> Int {
    guard b <= 1024 else { throw .invalidArgument }
    programs.noteInput()
    let tick = programs.tick(atUptime: end)
    while true {
      var ready = 0
      for index in 0..<b {
        let entry = a &+ index * 8
        let number = Int32(truncatingIfNeeded: try load(entry, 4))
        let events = PollEvents(rawValue: UInt16(truncatingIfNeeded: try load(entry &+ 4, 2)))
        let found: PollEvents = number < 0 ? [] : files.tree.readiness(number, events, for: caller)
        try store(UInt64(found.rawValue), 2, at: entry &+ 6)
        if !found.isEmpty { ready += 1 }
      }
      if ready > 0 || programs.uptime >= end { return ready }
      if programs.wait(in: programs.anyFile, until: tick) == .interrupted {
        throw ErrorNumber(rawValue: Int32(-Programs.restartWithoutHandler))
      }
    }
  }

  /// `select` and its like: three sets of `count` bits.
  @inline(never)
  func select(
    _ count: Int32, _ inputs: UInt, _ outputs: UInt, _ others: UInt, until end: UInt64
  ) throws(ErrorNumber) -> Int {
    guard count >= 0 else { throw .invalidArgument }
    let count = Int(min(count, 1024))
    let bytes = (count + 31) / 32 * 4
    guard var sets = HeapBytes(6 * 128) else { throw .outOfMemory }
    let addresses: InlineArray<3, UInt> = [inputs, outputs, others]
    for kind in 0..<3 where addresses[kind] != 0 {
      var span = sets.mutableBytes
      var part = span._mutatingExtracting((kind * 128)..<(kind * 128 + bytes))
      guard ProgramMemory.read(addresses[kind], count: bytes, into: &part) else { throw .badAddress }
    }
    let tick = programs.tick(atUptime: end)
    while true {
      let ready = try look(at: &sets, count, addresses)
      if ready > 0 || programs.uptime >= end {
        for kind in 0..<3 where addresses[kind] != 0 {
          try store(
            sets.bytes.extracting((384 + kind * 128)..<(384 + kind * 128 + bytes)), at: addresses[kind])
        }
        return ready
      }
      if programs.wait(in: programs.anyFile, until: tick) == .interrupted {
        throw ErrorNumber(rawValue: Int32(-Programs.restartWithoutHandler))
      }
    }
  }

  @inline(never)
  private func look(
    at sets: inout HeapBytes, _ count: Int, _ addresses: InlineArray<3, UInt>
  ) throws(ErrorNumber) -> Int {
    var ready = 0
    var span = sets.mutableBytes
    for index in 384..<768 { span[index] = 0 }
    for number in 0..<count {
      let (byte, bit) = (number / 8, UInt8(1) << UInt8(number % 8))
      for kind in 0..<3 where addresses[kind] != 0 && span[kind * 128 + byte] & bit != 0 {
        let wanted: PollEvents = kind == 0 ? .input : kind == 1 ? .output : .priority
        let found = files.tree.readiness(Int32(number), wanted, for: caller)
        guard !found.contains(.invalid) else { throw .badDescriptor }
        // An end or an error can be read, or written, without waiting.
        let counts: PollEvents =
          kind == 0 ? [.input, .hangUp, .error] : kind == 1 ? [.output, .error] : .priority
        if !found.isDisjoint(with: counts) {
          span[384 + kind * 128 + byte] |= bit
          ready += 1
        }
      }
    }
    return ready
  }

  /// The moment at which a wait of so long ends; `nil` without a limit.
  func end(after nanoseconds: UInt64?) -> UInt64 {
    guard let nanoseconds else { return .max }
    let (sum, overflow) = programs.uptime.addingReportingOverflow(nanoseconds)
    return overflow ? .max : sum
  }

  /// Sets the mask for a wait, if one is given; it is put back when the call is left.
  @inline(never)
  func setWaitMask(_ address: UInt) throws(ErrorNumber) {
    guard address != 0 else { return }
    let mask = try load(address, 8)
    thread.fields.savedMask = thread.fields.mask
    setMask(mask)
  }

  /// Puts the mask back that `setWaitMask` has changed, if no signal is to be seen to first.
  @inline(never)
  func endWaitMask() {
    guard !thread.fields.context.hasWork, let saved = thread.fields.savedMask else { return }
    thread.fields.savedMask = nil
    setMask(saved)
  }
}

extension Call.Place {
  @inline(never)
  func advanced(by count: Int) -> Self {
    if case .at(let position) = self { return .at(position &+ UInt64(count)) }
    return self
  }
}
