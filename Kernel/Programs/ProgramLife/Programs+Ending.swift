/// How threads and processes end, and what their families learn of it.

import ABI
import Arch
import CMachine
import LinuxABI
import Log
import Processes
import ProgramFiles
import ProgramRecords
import ProgramSignals
import Runtime
import Scheduling
import Signals
import UserMemory
import VirtualFileSystem

extension Programs {
  /// Ends the running thread; the last one ends its process.
  @export(interface)
  public func endThread(_ thread: ProgramThreadReference) -> Never {
    let reference = NodeReference()
    let process = thread.fields.process
    system.futexes.remove(thread.waiter)
    releaseMutexes(of: thread)
    dropMessageArea(of: thread)
    if thread.fields.clearAtEnd != 0, process.fields.space.isShared || process.fields.threadCount > 1 {
      if ProgramMemory.write(0 as UInt32, to: thread.fields.clearAtEnd) {
        _ = wake(word: thread.fields.clearAtEnd, of: process, count: 1)
      }
    }
    process.fields.endedTicks &+= Threads.current.runTicks(isCurrent: true, at: cpu_rdtsc())
    let isLast = process.fields.threadCount == 1
    // From here on nothing of the program is used: neither its memory nor its segments.
    leaveSpace()
    Processor.unloadProgram()
    Threads.releaseFloatingPoint(of: Threads.current)
    Threads.current.fields.tag = 0
    if isLast {
      endProcess(process, thread)
    } else {
      if thread.fields.number != process.fields.number { system.processes.endThread(thread.fields.number) }
      freeThreadRecord(thread)
      // Somebody may wait to be the only thread.
      wakeAll(process.released)
    }
    _ = reference
    Threads.exit(code: 0)
  }

  @inline(never)
  private func endProcess(_ process: ProcessReference, _ thread: ProgramThreadReference) {
    let number = process.fields.number
    let status = process.fields.ending ?? .exited(0)
    let ticks = process.fields.endedTicks
    if thread.fields.number != number { system.processes.endThread(thread.fields.number) }
    freeThreadRecord(thread)
    giveBackSpace(process)
    let group = (try? system.processes.group(of: number)) ?? 0
    let session = (try? system.processes.session(of: number)) ?? 0
    if session == number { Files.hangUp(session: session) }
    let parent = system.processes.parent(of: number)
    let ignores = self.process(parent).map { ignoresChildren($0) } ?? false
    Files.end(process)
    closePorts(of: process)
    if number == system.processes.initialProcess { endRunOfPrograms(status) }
    ProfileRecords.finish(process)
    giveUp(process)
    tellChildren(of: number)
    let report: ProcessTable.EndReport
    do {
      report = try system.processes.end(number, status, ticks: ticks, parentIgnores: ignores)
    } catch { preconditionFailure("a process without an entry") }
    if report.isGone { Files.forget(number) }
    if report.parent != 0 {
      let (code, value) = status.childReport
      if report.signal == 17 {
        tellParent(report.parent, of: number, code: code, status: value, isStop: false)
      } else if let parent = self.process(report.parent) {
        if let signal = SignalNumber(rawValue: Int(report.signal)) {
          send(
            signal, SignalInformation(code: code, process: number, value: UInt64(truncatingIfNeeded: value)),
            to: parent)
        }
        wakeAll(parent.children)
      }
    }
    if report.initialProcessHasZombies, let initial = self.process(system.processes.initialProcess) {
      wakeAll(initial.children)
    }
    // A group that nobody could let go on any more is told so.
    if group != 0, system.processes.hasStopped(group: group), system.processes.isOrphaned(group: group) {
      send(.hangUp, SignalInformation(code: SignalInformation.kernelCode), toGroup: group)
      send(.goOn, SignalInformation(code: SignalInformation.kernelCode), toGroup: group)
    }
  }

  /// Looks for a child that has something to tell, and forgets one that has told its last.
  @export(interface)
  public func findChild(
    of parent: Int32, _ target: WaitTarget, _ options: WaitOptions
  ) throws(ProcessError) -> WaitReport? {
    let report = try system.processes.wait(by: parent, for: target, options)
    if let report, report.isGone { Files.forget(report.number) }
    return report
  }

  private func ignoresChildren(_ process: ProcessReference) -> Bool {
    let action = process.fields.actions[.child]
    return action.isIgnored || action.flags.contains(.noChildWait)
  }

  /// Sends the children of a process that ends what they want to be sent then (PR_SET_PDEATHSIG).
  @inline(never)
  private func tellChildren(of number: Int32) {
    guard system.hasDeathSignals else { return }
    let programs = self
    system.processes.forEachProcess { child, payload in
      guard let process = ProcessReference(payload: payload), process.fields.deathSignal != 0,
        programs.system.processes.parent(of: child) == number,
        let signal = SignalNumber(rawValue: Int(process.fields.deathSignal))
      else { return }
      programs.send(signal, SignalInformation(code: SignalInformation.userCode, process: number), to: process)
    }
  }

  /// Lets the parent of a vfork go on.
  func giveBackSpace(_ process: ProcessReference) {
    guard process.fields.isBorrowing else { return }
    process.fields.isBorrowing = false
    wakeAll(process.released)
  }

  /// The first process has ended, and so ends the run; on a node without a console only what runs there.
  private func endRunOfPrograms(_ status: ExitStatus) -> Never {
    guard NodeReference().node.identity.ownsDevices else {
      log(
        .info, "programs", "the first process ended with status \(status.code ?? 128 + (status.signal ?? 0))")
      Console.relayEnd(status)
      cpu_sti()
      // The node goes on for the others; its program can be started again with the node.
      while true { _ = try? Threads.sleep(nanoseconds: 3_600_000_000_000) }
    }
    ProfileRecords.writeAll()
    Files.finish()
    let code = status.code ?? 128 + (status.signal ?? 0)
    if let signal = status.signal {
      log(.error, "programs", "the first process was ended by signal \(UInt32(signal))")
    }
    endRun(.passed, status: UInt32(truncatingIfNeeded: code & 0xFF))
  }

  /// Ends all threads of a process but the running one, before it runs another program.
  @inline(never)
  func endOthers(_ thread: ProgramThreadReference) throws(ErrorNumber) {
    let process = thread.fields.process
    guard process.fields.threadCount > 1 else { return }
    var next = process.fields.firstThread
    while let other = next {
      next = other.fields.next
      if other == thread { continue }
      other.fields.isEnding = true
      interrupt(other)
      wakeAll(other.queue)
    }
    while process.fields.threadCount > 1 {
      guard wait(in: process.released) != .interrupted else { throw .interrupted }
    }
    if thread.fields.number != process.fields.number {
      system.processes.endThread(thread.fields.number)
      thread.fields.number = process.fields.number
      describe(thread)
    }
  }

  /// Stops using the program's address space: the kernel's own tables are enough for the end of a thread.
  func leaveSpace() {
    let root = UserMemory.kernelRoot
    Threads.current.fields.space = root
    cpu_write_cr3(root)
  }
}
