import CSeccomp
import SpeedupModel
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What happened in one run of a program.
public struct DelayOutcome: Sendable {
  /// Seconds from start to the end of the program.
  public var wallSeconds: Double
  /// Processor seconds in user mode, of the program and the children it waited for.
  public var userSeconds: Double
  /// Processor seconds in the kernel.
  public var systemSeconds: Double
  /// How the program ended: exit status, or 128 and the signal's number.
  public var status: Int32
  /// n(s) of the calls that were delayed.
  public var delayed: [String: Int]
  /// Seconds the delegates were busy, over all of them.
  public var busySeconds: Double
  /// Processor seconds of the delegates themselves, serving and handing over.
  public var delegateSeconds: Double
  /// Requests whose caller died or was interrupted before the answer.
  public var abandoned: Int
  /// Whether a signal can make a caller ask twice (before Linux 5.19); counts may then be too high.
  public var signalsMayRepeat: Bool

  /// Processor seconds of program and delegates together.
  ///
  /// While one thread waits its delegate works, so for a program of one thread this is its length on a machine
  /// that does nothing else, but for the time it takes to wake up.
  public var processorSeconds: Double { userSeconds + systemSeconds + delegateSeconds }

  /// Invocations that were delayed.
  public var delayedCount: Int { delayed.values.reduce(0, +) }
}

/// A run of a program in which chosen system calls go to a delegate thread first.
///
/// The kernel stops the caller and wakes a delegate through seccomp's user notification; the delegate keeps its
/// processor busy for the forwarding time and then lets the caller make the call itself, in its own context. So
/// nothing about the call can differ, signals included, and neither root nor a kernel module is needed.
public struct DelayRun: Sendable {
  /// The program and its arguments; not empty.
  public var command: [String]
  /// Names of the calls to delay; none runs the program undisturbed.
  public var calls: [String]
  /// Seconds a delegate spins for each call.
  public var spinSeconds: Double
  /// Delegate threads.
  public var delegates: Int

  /// A run of `command`.
  public init(_ command: [String], calls: [String] = [], spinSeconds: Double = 0, delegates: Int = 1) {
    self.command = command
    self.calls = calls
    self.spinSeconds = spinSeconds
    self.delegates = max(1, delegates)
  }

  /// Runs to the end of the program and of all processes it left behind.
  public func run() throws(InputError) -> DelayOutcome {
    guard !command.isEmpty else { throw InputError("command", found: "nothing", allowed: "a program to run") }
    let numbers = calls.compactMap { SystemCallNames.current.numbers[$0] }
    guard numbers.count == calls.count else {
      throw InputError("policy", found: calls.joined(separator: ","), allowed: "calls of this kernel")
    }
    let filter =
      calls.isEmpty
      ? []
      : FilterProgram(notifying: numbers, architecture: seccomp_architecture()).kernelForm
    let path = try Self.find(command[0])
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var child = seccomp_child()
    var step: UnsafePointer<CChar>?
    let start = SpinClock.now()
    let error = seccomp_start(path, &arguments, filter, UInt16(filter.count), &child, &step)
    guard error == 0 else {
      throw InputError(
        step.map { String(cString: $0) } ?? "start", found: String(cString: strerror(error)),
        allowed: "Linux 5.5 or later with seccomp filters, and a program that can be started")
    }
    let guardian = SignalGuard(child: child.pid)
    defer { guardian.restore() }
    let desk = DelegateDesk(listener: child.listener, spinSeconds: spinSeconds)
    let threads = child.listener < 0 ? [] : (0..<delegates).map { _ in DelegateThread(desk) }
    var outcome = DelayOutcome(
      wallSeconds: 0, userSeconds: 0, systemSeconds: 0, status: 0, delayed: [:], busySeconds: 0,
      delegateSeconds: 0, abandoned: 0,
      signalsMayRepeat: child.listener >= 0 && child.killable_wait == 0)
    let status = seccomp_wait(child.pid, &outcome.userSeconds, &outcome.systemSeconds)
    outcome.wallSeconds = SpinClock.now() - start
    for thread in threads { thread.join() }
    if child.listener >= 0 { close(child.listener) }
    let signal = status & 0x7f
    outcome.status = signal == 0 ? (status >> 8) & 0xff : 128 + signal
    let tally = desk.tally.withLock { $0 }
    for (number, count) in tally.counts { outcome.delayed[SystemCallNames.current.name(number)] = count }
    outcome.busySeconds = tally.busySeconds
    outcome.delegateSeconds = tally.processorSeconds
    outcome.abandoned = tally.abandoned
    return outcome
  }

  /// The program `name` stands for, looked up in PATH as a shell does.
  private static func find(_ name: String) throws(InputError) -> String {
    if name.contains("/") {
      if access(name, X_OK) == 0 { return name }
    } else {
      let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
      for folder in path.split(separator: ":") where access("\(folder)/\(name)", X_OK) == 0 {
        return "\(folder)/\(name)"
      }
    }
    throw InputError(
      "command", found: InputError.quoted(name), allowed: "a program that exists and may be run")
  }
}
