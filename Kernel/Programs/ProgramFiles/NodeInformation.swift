/// What `/proc` tells of the node and its processes.

import AddressSpace
import Arch
import Base
import CMachine
import Core
import FrameAllocator
import Heap
import LinuxABI
import Log
import ProcessText
import Processes
import ProgramRecords
import Regions
import Runtime
import Scheduling
import Signals
import UserMemory
import VirtualFileSystem

/// The node as the texts of `/proc` ask for it.
struct NodeInformation: ProcessInformation {
  private var programs: Programs { Programs() }

  func nodeFacts() -> NodeFacts {
    let reference = NodeReference()
    var facts = NodeFacts()
    facts.memoryBytes = UInt64(reference.node.frames.totalCount) * 4096
    facts.freeBytes = UInt64(reference.node.frames.freeCount) * 4096
    facts.peakBytes = UInt64(reference.node.frames.peakUsedCount) * 4096
    facts.heapBytes = UInt64(reference.node.heap.statistics.bytesInUse)
    facts.uptime = programs.uptime / 10_000_000
    let idle = reference.node.threads.scheduler.idle
    facts.idleTime =
      programs.nanoseconds(ofTicks: idle.runTicks(isCurrent: idle == Threads.current, at: cpu_rdtsc()))
      / 10_000_000
    facts.userTime = facts.uptime > facts.idleTime ? facts.uptime - facts.idleTime : 0
    facts.bootTime = programs.system.startTime / 1_000_000_000
    facts.interrupts = reference.node.threads.timer.interruptCount
    facts.runnable = 1
    facts.threads = UInt32(programs.system.processes.count)
    facts.processesMade = facts.threads.magnitude == 0 ? 0 : UInt64(facts.threads)
    facts.megahertz = UInt32(truncatingIfNeeded: reference.node.clock.ticksPerMillisecond / 1000)
    return facts
  }

  func processFacts(_ number: UInt32) -> ProcessFacts? {
    let number = Int32(truncatingIfNeeded: number)
    guard programs.system.processes.isProcess(number) else { return nil }
    var facts = ProcessFacts(number: UInt32(number))
    facts.parent = UInt32(programs.system.processes.parent(of: number))
    facts.group = UInt32((try? programs.system.processes.group(of: number)) ?? 0)
    facts.session = UInt32((try? programs.system.processes.session(of: number)) ?? 0)
    guard let process = programs.process(number) else {
      facts.state = .ended
      return facts
    }
    facts.name = process.fields.name
    facts.nameLength = 0
    while facts.nameLength < 15, facts.name[facts.nameLength] != 0 { facts.nameLength += 1 }
    facts.threads = UInt32(process.fields.threadCount)
    facts.state = state(of: process)
    var ticks = process.fields.endedTicks
    var next = process.fields.firstThread
    while let thread = next {
      if let kernelThread = thread.fields.thread {
        ticks &+= kernelThread.runTicks(isCurrent: kernelThread == Threads.current, at: cpu_rdtsc())
      }
      next = thread.fields.next
    }
    facts.userTime = programs.nanoseconds(ofTicks: ticks) / 10_000_000
    facts.childUserTime =
      programs.nanoseconds(ofTicks: programs.system.processes.childTicks(of: number)) / 10_000_000
    facts.startTime =
      programs.nanoseconds(ofTicks: process.fields.startTick &- NodeReference().node.clock.start) / 10_000_000
    facts.nice = process.fields.niceness
    facts.residentPages = UInt64(process.fields.space.space.residentCount)
    facts.virtualBytes = UInt64(process.fields.space.space.regions.pageCount) * 4096
    facts.pageFaults = UInt64(process.fields.space.space.faultCount)
    facts.pendingSignals = process.fields.pending.set
    if let thread = process.fields.firstThread { facts.blockedSignals = thread.fields.mask }
    for signal in 1...64 {
      guard let number = SignalNumber(rawValue: signal) else { continue }
      let action = process.fields.actions[number]
      if action.isIgnored { facts.ignoredSignals |= number.mask }
      if !action.isIgnored, !action.isDefault { facts.caughtSignals |= number.mask }
    }
    return facts
  }

  private func state(of process: ProcessReference) -> ProcessState {
    if process.fields.isStopped { return .stopped }
    var next = process.fields.firstThread
    while let thread = next {
      if let kernelThread = thread.fields.thread, kernelThread.state == .ready { return .running }
      next = thread.fields.next
    }
    return .sleeping
  }

  func region(_ index: Int, ofProcess number: UInt32) -> RegionFacts? {
    guard let process = programs.process(Int32(truncatingIfNeeded: number)) else { return nil }
    var region = process.fields.space.space.regions.first
    for _ in 0..<index { region = region?.fields.next }
    guard let region else { return nil }
    let content = region.fields.content
    // As in a file's mode.
    var access: UInt8 = content.access.contains(.read) ? 4 : 0
    if content.access.contains(.write) { access |= 2 }
    if content.access.contains(.execute) { access |= 1 }
    var facts = RegionFacts(
      start: UInt64(region.fields.start) << 12, end: UInt64(region.fields.end) << 12, access: access)
    facts.isShared = content.isShared
    facts.file = content.file
    if content.file != 0 { facts.offset = content.filePage << 12 }
    switch content.kind {
    case .heap: facts.label = "[heap]"
    case .stack: facts.label = "[stack]"
    case .kernelPage: facts.label = "[vdso]"
    case .mapping: break
    }
    return facts
  }

  func copyArguments(ofProcess number: UInt32, from offset: Int, into buffer: inout MutableSpan<UInt8>) -> Int
  {
    guard let process = programs.process(Int32(truncatingIfNeeded: number)) else { return 0 }
    let (start, end) = process.fields.arguments
    let length = end > start ? Int(end - start) : 0
    guard offset < length else { return 0 }
    var done = 0
    while done < buffer.count, offset + done < length {
      let place = start + UInt(offset + done)
      guard let view = UserMemory.view(of: place, for: .read, in: &process.fields.space.space) else { break }
      let count = min(buffer.count - done, length - offset - done, 4096 - Int(place & 4095))
      for index in 0..<count { buffer[done + index] = cpu_load8(view + UInt(index)) }
      done += count
    }
    return done
  }

  func copy(_ text: KernelText, from offset: Int, into buffer: inout MutableSpan<UInt8>) -> Int {
    var line = Text()
    switch text {
    case .version: line = "Linux version 6.1.0-apus (Apus, a small kernel) #1"
    case .commandLine: break
    case .processorVendor:
      let leaf = cpu_cpuid(0, 0)
      appendWord(leaf.ebx, to: &line)
      appendWord(leaf.edx, to: &line)
      appendWord(leaf.ecx, to: &line)
    case .processorName:
      for index in 2...4 as ClosedRange<UInt32> {
        let leaf = cpu_cpuid(0x8000_0000 + index, 0)
        appendWord(leaf.eax, to: &line)
        appendWord(leaf.ebx, to: &line)
        appendWord(leaf.ecx, to: &line)
        appendWord(leaf.edx, to: &line)
      }
    case .trace: return TraceLines.copy(from: offset, into: &buffer)
    case .nodes: return copyLines(of: .nodes, from: offset, into: &buffer)
    case .links: return copyLines(of: .links, from: offset, into: &buffer)
    case .guests: return copyLines(of: .guests, from: offset, into: &buffer)
    }
    var count = 0
    while count < buffer.count, offset + count < line.count {
      buffer[count] = line[offset + count]
      count += 1
    }
    return count
  }

  /// Lines about other nodes or about guests, each written anew; nothing where there are none.
  private func copyLines(
    of text: KernelText, from offset: Int, into buffer: inout MutableSpan<UInt8>
  ) -> Int {
    var position = 0
    var count = 0
    var index: UInt32 = 0
    while count < buffer.count {
      var line = Text()
      // SAFETY: the function writes a text where a text is.
      guard unsafe withUnsafeMutablePointer(to: &line, { write(text, index, UInt(bitPattern: $0)) })
      else { return count }
      line.append("\n")
      for byte in 0..<line.count where count < buffer.count {
        if position >= offset {
          buffer[count] = line[byte]
          count += 1
        }
        position += 1
      }
      index += 1
    }
    return count
  }

  /// Lets who knows write a line; answers whether there is one.
  private func write(_ text: KernelText, _ line: UInt32, _ place: UInt) -> Bool {
    let reference = NodeReference()
    if text == .guests { return reference.node.guestText?(line, place) ?? false }
    return reference.node.peerText?(text == .links, line, place) ?? false
  }

  private func appendWord(_ word: UInt32, to line: inout Text) {
    for shift in 0..<4 as Range<UInt32> {
      let byte = UInt8(truncatingIfNeeded: word >> (8 * shift))
      if byte != 0 { line.append(byte: byte) }
    }
  }
}

extension ProgramFiles {
  /// Obeys what a program has written to a file of `/proc`, which lies in the buffer.
  ///
  /// It may wait, and other programs use the buffer meanwhile.
  ///
  /// - Throws: `.invalidArgument` for what is no command, or one that can't be obeyed now; `.noDevice` if there are no
  ///   guests.
  public func obey(_ size: Int) throws(ErrorNumber) {
    guard let obey = NodeReference().node.obeyGuestCommand else { throw .noDevice }
    guard let command = GuestCommand(written: buffered(size)),
      obey(command.verb.rawValue, command.guest, command.value)
    else { throw .invalidArgument }
  }

  /// Writes a text of `/proc` into the buffer, from byte `position` on; returns how many bytes.
  public func write(_ source: TextSource, from position: UInt64, _ size: Int) throws(ErrorNumber) -> Int {
    var buffer = buffer(size)
    return try tree.write(source, from: position, into: &buffer, NodeInformation())
  }
}
