/// How threads of programs wait, and who ends their waits.

import Arch
import CMachine
import Log
import Runtime
import Scheduling
import VirtualFileSystem

extension Programs {
  /// How a wait of a program's thread ended.
  public enum WaitEnd: UInt8, BitwiseCopyable {
    /// What was waited for may be there.
    case woken
    /// The time is over.
    case timedOut
    /// There is a signal, or the thread is to end.
    case interrupted
  }

  /// Lets the running thread wait in a queue, unless it has something else to see to.
  ///
  /// - Parameter tick: when the wait ends at the latest.
  public func wait(in queue: WaitQueueReference, until tick: UInt64 = .max) -> WaitEnd {
    if ProgramThreadReference.current.fields.context.hasWork { return .interrupted }
    return finishWait(NodeReference().node.threads.scheduler.block(on: queue, until: tick), until: tick)
  }

  /// The same in no queue: until `wakeThread`.
  public func waitAlone(until tick: UInt64) -> WaitEnd {
    if ProgramThreadReference.current.fields.context.hasWork { return .interrupted }
    return finishWait(NodeReference().node.threads.scheduler.blockAlone(until: tick), until: tick)
  }

  @inline(__always)
  private func finishWait(_ begin: WaitOutcome, until tick: UInt64) -> WaitEnd {
    let reference = NodeReference()
    let thread = ProgramThreadReference.current
    var outcome = begin
    if outcome == .blocked { outcome = reference.node.threads.waitForOutcome(isTimed: tick != .max) }
    if thread.fields.context.hasWork { return .interrupted }
    return outcome == .timedOut ? .timedOut : .woken
  }

  /// A program looks for input; the first time the log says what came before: of a shell, its prompt.
  @inline(__always)
  public func noteInput() {
    if !system.hasAskedForInput { noteFirstInput() }
  }

  @inline(never)
  private func noteFirstInput() {
    let ticks = cpu_rdtsc() &- NodeReference().node.clock.start
    system.hasAskedForInput = true
    // Read by `apus bench boot`: keep the wording.
    log(.debug, "programs", "ticks since the entry: \(ticks) to the first look for input")
  }

  /// Ends the wait of the first thread in a queue.
  @inline(__always)
  public func wakeOne(_ queue: WaitQueueReference) {
    _ = NodeReference().node.threads.scheduler.wakeFirst(of: queue)
  }

  /// Ends the waits that the news on a channel of the virtual file system ends.
  @inline(__always)
  public func wake(_ channel: WaitChannel) {
    let (queue, any) = (queue(of: channel), anyFile)
    if queue.isEmpty, any.isEmpty { return }
    wakeAll(queue)
    wakeAll(any)
    settleAfterWaking()
  }

  /// Lets whoever is more urgent run now, after a thread was woken; mostly it is not.
  @inline(__always)
  public func settleAfterWaking() {
    let reference = NodeReference()
    if reference.node.threads.scheduler.isPreempted {
      settleNow()
    } else {
      reference.node.threads.noteSharing()
    }
  }

  @inline(never)
  private func settleNow() { settle() }

  /// Lets the running thread wait for `wakeThread`, when nothing else is to be seen to and without a limit.
  @inline(__always)
  public func waitHere() {
    let reference = NodeReference()
    guard reference.node.threads.scheduler.blockAlone(until: .max) == .blocked else { return }
    reference.node.threads.leaveProgram()
  }

  /// Lets the running thread wait in a queue, when nothing else is to be seen to and without a limit.
  @inline(__always)
  public func waitHere(in queue: WaitQueueReference) {
    let reference = NodeReference()
    guard reference.node.threads.scheduler.block(on: queue, until: .max) == .blocked else { return }
    reference.node.threads.leaveProgram()
  }

  /// Ends the wait of every thread in a queue.
  @inline(__always)
  public func wakeAll(_ queue: WaitQueueReference) {
    let reference = NodeReference()
    while reference.node.threads.scheduler.wakeFirst(of: queue) != nil {}
  }

  /// Lets whoever is more urgent run now; for the end of a call.
  @inline(__always)
  public func settle() { NodeReference().node.threads.settle() }

  /// The queue of a channel of the virtual file system.
  @inline(__always)
  public func queue(of channel: WaitChannel) -> WaitQueueReference {
    precondition(Int(channel.rawValue) < system.channelCount, "a channel that does not exist")
    // SAFETY: the index was checked, and the queues stay for ever.
    return unsafe WaitQueueReference(at: system.channels + Int(channel.rawValue))
  }

  /// The queue of those who wait for several files.
  @inline(__always)
  public var anyFile: WaitQueueReference {
    // SAFETY: there is a queue more than channels, and it stays for ever.
    unsafe WaitQueueReference(at: system.channels + system.channelCount)
  }
}
