/// All programs of a node.

import Arch
import Base
import CMachine
import Clocks
import FileSystemFormat
import Futex
import LinuxABI
import Log
import Processes
import Runtime
import Scheduling
import Signals
import Sync
import VirtualFileSystem

/// The second in which a file was last touched.
struct FileSecond: BitwiseCopyable {
  /// Seconds since 1970.
  var seconds: UInt64 = 0
  /// Nanoseconds since 1970 at its beginning.
  var start: UInt64 = 0
}

/// What the kernel remembers of programs together; the node names it.
@safe public struct ProgramSystem: ~Copyable {
  /// The processes by number.
  public var processes: ProcessTable
  /// Who waits at words of memory.
  public var futexes = FutexTable()
  /// Where threads wait for files, by channel; a queue more for those who wait for several.
  let channels: UnsafeMutablePointer<WaitQueue>
  let channelCount: Int
  /// Memory for records of processes, of threads and of address spaces.
  var spareProcesses = SpareBlocks(), spareThreads = SpareBlocks(), spareSpaces = SpareBlocks()
  /// The programs' call ports, once there was one.
  public var ports: PortTable?
  /// Calls that nobody performs, by all processes.
  public var unknownCalls: UInt32 = 0
  /// Seconds since 1970 at start-up, as nanoseconds.
  public var startTime: UInt64 = 0
  /// The time of day for files.
  var fileSecond = FileSecond()
  /// The name of this machine.
  public var hostName: InlineArray<65, UInt8> = .init(repeating: 0)
  /// Where the thread of timers waits.
  public var alarms = WaitQueue(reason: .event)
  /// The nanosecond at which the first timer is due.
  public var alarmDeadline: UInt64 = .max
  /// Who performs a call; set by whoever knows them.
  public var perform: (@convention(c) (UInt) -> Void)?
  /// Whether any process has wanted a signal at its parent's end: until then nobody is searched for at an end.
  public var hasDeathSignals = false
  /// What the kernel calls programs' threads.
  let threadName = ThreadName("program")
  /// The tick at which `/proc/trace` was last read from its beginning.
  var traceTick: UInt64 = 0
  /// Whether a program has asked for input already.
  var hasAskedForInput = false
  /// Whether calls are counted and timed for the host.
  public var isProfiling = false
  /// Calls that there was no room to count.
  var unrecordedCalls: UInt64 = 0

  /// The most processes and threads.
  public static var capacity: Int { 512 }

  init(processes: consuming ProcessTable, channels: UnsafeMutablePointer<WaitQueue>, channelCount: Int) {
    self.processes = processes
    unsafe self.channels = channels
    self.channelCount = channelCount
  }
}

/// The programs of this node; `start` must have been called.
@safe public struct Programs {
  private let pointer: UnsafeMutablePointer<ProgramSystem>

  /// Refers to the system.
  @inline(__always)
  public init() {
    guard let pointer = unsafe UnsafeMutablePointer<ProgramSystem>(bitPattern: NodeReference().node.programs)
    else { preconditionFailure("there are no programs yet") }
    unsafe self.pointer = pointer
  }

  /// The system, in place.
  @inline(__always)
  public var system: ProgramSystem {
    unsafeAddress {
      // SAFETY: the record was made at start-up and stays for ever.
      unsafe UnsafePointer(pointer)
    }
    nonmutating unsafeMutableAddress {
      // SAFETY: as above.
      unsafe pointer
    }
  }

  /// Makes room for programs; once, with interrupts on.
  @export(interface)
  public static func start(channelCount: Int) {
    let memory = KernelHeap.allocate(ProcessTable.byteCount(capacity: ProgramSystem.capacity))
    let record = KernelHeap.allocate(MemoryLayout<ProgramSystem>.size)
    let queues = KernelHeap.allocate(MemoryLayout<WaitQueue>.stride * (channelCount + 1))
    guard let table = unsafe UnsafeMutableRawPointer(bitPattern: memory.rawValue),
      let place = unsafe UnsafeMutablePointer<ProgramSystem>(bitPattern: record.rawValue),
      let channels = unsafe UnsafeMutablePointer<WaitQueue>(bitPattern: queues.rawValue)
    else { return }
    // SAFETY: the heap has just given the memory, aligned to 16, and it is kept for ever.
    unsafe channels.initialize(repeating: WaitQueue(reason: .event), count: channelCount + 1)
    unsafe place.initialize(
      to: ProgramSystem(
        processes: ProcessTable(memory: table, capacity: ProgramSystem.capacity), channels: channels,
        channelCount: channelCount))
    NodeReference().node.programs = record.rawValue
  }

  // MARK: - Records

  /// A record for a new process, which is the caller's to name in the table.
  ///
  /// A function of its own, because a record is large: it stands on the stack only here.
  @inline(never)
  func makeRecord(
    number: Int32, abi: ProgramABI, space: SpaceReference, files: FilesIndex, place: PlaceIndex
  ) -> ProcessReference {
    let address = system.spareProcesses.allocate(MemoryLayout<Process>.size)
    guard let record = unsafe UnsafeMutablePointer<Process>(bitPattern: address.rawValue) else {
      preconditionFailure("the heap gave address 0")
    }
    // SAFETY: the heap has just given the memory.
    unsafe record.initialize(
      to: Process(
        number: number, abi: abi, space: space, files: files, place: place, startTick: cpu_rdtsc()))
    return unsafe ProcessReference(record)
  }

  /// A record for a child of a process, with what children have of their parents; otherwise as `makeRecord`.
  func makeRecord(
    number: Int32, childOf old: ProcessReference, space: SpaceReference, files: FilesIndex, place: PlaceIndex
  ) -> ProcessReference {
    let address = system.spareProcesses.allocate(MemoryLayout<Process>.size)
    guard let record = unsafe UnsafeMutablePointer<Process>(bitPattern: address.rawValue) else {
      preconditionFailure("the heap gave address 0")
    }
    // SAFETY: the memory was just given for a record. A record owns nothing by its bits alone, and what is one process's
    // own is set anew before anybody sees the copy.
    unsafe UnsafeMutableRawPointer(record).copyMemory(
      from: old.record, byteCount: old.fields.inheritedBytes)
    let process = unsafe ProcessReference(record)
    process.fields.becomeChild(
      number: number, space: space, files: files, place: place, startTick: cpu_rdtsc())
    return process
  }

  /// Gives a record back that nobody names any more.
  func freeRecord(_ process: ProcessReference) {
    // SAFETY: the caller says that nobody names it; it was made by `makeRecord`.
    unsafe process.record.deinitialize(count: 1)
    system.spareProcesses.free(VirtualAddress(process.payload))
  }

  /// A record for a new thread of a process.
  @inline(never)
  ///
  /// - Parameter parent: the thread that makes it, whose registers and mask it has.
  func makeThreadRecord(
    _ process: ProcessReference, number: Int32, copyOf parent: ProgramThreadReference? = nil
  ) -> ProgramThreadReference {
    let place = system.spareThreads.allocate(MemoryLayout<ProgramThread>.size)
    guard let record = unsafe UnsafeMutablePointer<ProgramThread>(bitPattern: place.rawValue) else {
      preconditionFailure("the heap gave address 0")
    }
    let thread = unsafe ProgramThreadReference(record)
    if let parent {
      // SAFETY: the memory was just given for a record, which owns nothing by its bits alone; see `makeRecord`.
      unsafe UnsafeMutableRawPointer(record).copyMemory(
        from: parent.record, byteCount: ProgramThread.inheritedBytes)
      thread.fields.becomeChild(of: process, number: number)
    } else {
      // SAFETY: the memory was just given for a record.
      unsafe record.initialize(to: ProgramThread(process: process, number: number))
    }
    thread.fields.waiter = FutexWaiter(thread: thread.address)
    thread.fields.next = process.fields.firstThread
    process.fields.firstThread?.fields.previous = thread
    process.fields.firstThread = thread
    process.fields.threadCount += 1
    return thread
  }

  /// Takes a thread out of its process and gives its record back.
  func freeThreadRecord(_ thread: ProgramThreadReference) {
    let process = thread.fields.process
    let (next, previous) = (thread.fields.next, thread.fields.previous)
    next?.fields.previous = previous
    if let previous { previous.fields.next = next } else { process.fields.firstThread = next }
    process.fields.threadCount -= 1
    // SAFETY: nobody names the thread any more: it waits for nothing and its process does not list it.
    unsafe thread.record.deinitialize(count: 1)
    system.spareThreads.free(VirtualAddress(thread.address))
  }

  /// The process with a number, living.
  public func process(_ number: Int32) -> ProcessReference? {
    guard system.processes.isProcess(number), let payload = system.processes.payload(of: number) else {
      return nil
    }
    return ProcessReference(payload: payload)
  }

  /// The thread with a number.
  public func thread(_ number: Int32) -> ProgramThreadReference? {
    if let process = process(number) {
      var next = process.fields.firstThread
      while let thread = next {
        if thread.fields.number == number { return thread }
        next = thread.fields.next
      }
      return nil
    }
    guard let payload = system.processes.payload(of: number), payload != 0,
      let record = unsafe UnsafeMutablePointer<ProgramThread>(bitPattern: payload)
    else { return nil }
    // SAFETY: the payload of a thread's entry is its record while it lives.
    return unsafe ProgramThreadReference(record)
  }

  // MARK: - Time

  /// Nanoseconds since start-up.
  @inline(__always)
  public var uptime: UInt64 { nanoseconds(ofTicks: cpu_rdtsc() &- NodeReference().node.clock.start) }

  /// Nanoseconds of so many ticks.
  public func nanoseconds(ofTicks ticks: UInt64) -> UInt64 {
    NodeReference().node.threads.timer.rate.nanoseconds(fromTicks: ticks)
  }

  /// Nanoseconds since 1970.
  public var timeOfDay: UInt64 { system.startTime &+ uptime }

  /// The tick at which the clock since start-up will have so many nanoseconds.
  public func tick(atUptime nanoseconds: UInt64) -> UInt64 {
    if nanoseconds == .max { return .max }
    let now = uptime
    return Threads.deadline(nanoseconds > now ? nanoseconds - now : 0)
  }

  // MARK: - Waiting

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

  /// Where the thread of timers waits.
  var alarms: WaitQueueReference {
    // SAFETY: the queue is part of the record, which stays for ever.
    unsafe WaitQueueReference(at: &pointer.pointee.alarms)
  }

  /// The queue of those who wait for several files.
  @inline(__always)
  public var anyFile: WaitQueueReference {
    // SAFETY: there is a queue more than channels, and it stays for ever.
    unsafe WaitQueueReference(at: system.channels + system.channelCount)
  }
}

/// Places in the heap that are given back at the end of a scope.
@safe public struct HeapBytes: ~Copyable {
  private let start: UnsafeMutableRawPointer
  /// The bytes.
  public let count: Int

  /// Takes memory of the kernel's heap; `nil` if it can't have as much.
  public init?(_ count: Int) {
    guard let address = KernelHeap.tryAllocate(count),
      let start = unsafe UnsafeMutableRawPointer(bitPattern: address.rawValue)
    else { return nil }
    unsafe self.start = start
    self.count = count
  }

  deinit { KernelHeap.free(VirtualAddress(unsafe UInt(bitPattern: start))) }

  /// The first address.
  public var address: UnsafeMutableRawPointer { unsafe start }

  /// The bytes to read.
  public var bytes: Span<UInt8> {
    @_lifetime(borrow self) get {
      // SAFETY: the memory is this value's own while it lives.
      let span = unsafe Span<UInt8>(
        _unsafeStart: UnsafePointer(start.assumingMemoryBound(to: UInt8.self)), count: count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The bytes to write.
  public var mutableBytes: MutableSpan<UInt8> {
    @_lifetime(&self) mutating get {
      // SAFETY: as above.
      let span = unsafe MutableSpan<UInt8>(
        _unsafeStart: start.assumingMemoryBound(to: UInt8.self), count: count)
      return unsafe _overrideLifetime(span, mutating: &self)
    }
  }
}
