/// All programs of a node.

import Arch
import Futex
import Processes
import Runtime
import Scheduling
import Sync

/// The second in which a file was last touched.
package struct FileSecond: BitwiseCopyable {
  /// Seconds since 1970.
  package var seconds: UInt64 = 0
  /// Nanoseconds since 1970 at its beginning.
  package var start: UInt64 = 0

  /// A second.
  package init(seconds: UInt64 = 0, start: UInt64 = 0) { (self.seconds, self.start) = (seconds, start) }
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
  package var fileSecond = FileSecond()
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
  package let threadName = ThreadName("program")
  /// The tick at which `/proc/trace` was last read from its beginning.
  package var traceTick: UInt64 = 0
  /// Whether a program has asked for input already.
  package var hasAskedForInput = false
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
