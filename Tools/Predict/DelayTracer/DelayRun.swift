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
  /// Seconds in which the program's main thread was ready but had no processor; below 0 where the kernel does not
  /// tell.
  public var queueSeconds = -1.0
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
  /// A signal that asked the tracer to end, or 0: whoever measures should stop then.
  public var interruption: Int32 = 0
  /// How callers met delegates; `nil` without calls to delay.
  public var mechanism: DelayMechanism?

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
    let path = try Self.find(command[0])
    let filter = try self.filter()
    let start = SpinClock.now()
    var child = try begin(path, filter)
    let guardian = SignalGuard(child: child.pid)
    defer { guardian.restore() }
    let desk = DelegateDesk(listener: child.listener, spinSeconds: spinSeconds, delegates: delegates)
    let threads = child.listener < 0 ? [] : (0..<delegates).map { _ in DelegateThread(desk) }
    var outcome = DelayOutcome(
      wallSeconds: 0, userSeconds: 0, systemSeconds: 0, status: 0, delayed: [:], busySeconds: 0,
      delegateSeconds: 0, abandoned: 0,
      signalsMayRepeat: child.listener >= 0 && child.killable_wait == 0)
    let status = seccomp_wait(
      child.pid, &outcome.userSeconds, &outcome.systemSeconds, &outcome.queueSeconds)
    outcome.wallSeconds = SpinClock.now() - start
    for thread in threads { thread.join() }
    if child.listener >= 0 {
      close(child.listener)
      outcome.mechanism = desk.mechanism
    }
    let failure = seccomp_finish(&child)
    guard failure == 0 else {
      throw InputError(
        path, found: String(cString: strerror(failure)), allowed: "a program that this machine can execute")
    }
    let signal = status & 0x7f
    outcome.status = signal == 0 ? (status >> 8) & 0xff : 128 + signal
    outcome.interruption = guardian.received
    Self.add(desk.tally.withLock { $0 }, to: &outcome)
    return outcome
  }

  private func filter() throws(InputError) -> [seccomp_instruction] {
    let names = SystemCallNames.current
    guard calls.allSatisfy(names.knows) else {
      throw InputError("policy", found: calls.joined(separator: ","), allowed: "calls of this kernel")
    }
    return calls.isEmpty ? [] : FilterProgram(notifying: names.parts(of: calls)).kernelForm
  }

  private func begin(_ path: String, _ filter: [seccomp_instruction]) throws(InputError) -> seccomp_child {
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var child = seccomp_child()
    var step: UnsafePointer<CChar>?
    let error = seccomp_start(path, &arguments, filter, UInt16(filter.count), &child, &step)
    guard error == 0 else {
      throw InputError(
        step.map { String(cString: $0) } ?? "start", found: String(cString: strerror(error)),
        allowed: "Linux 5.6 or later with seccomp filters, and no listener around this tool already")
    }
    return child
  }

  private static func add(_ tally: DelegateDesk.Tally, to outcome: inout DelayOutcome) {
    for (call, count) in tally.counts {
      let name = SystemCallNames.current.name(call.number, architecture: call.architecture)
      outcome.delayed[name, default: 0] += count
    }
    outcome.busySeconds = tally.busySeconds
    outcome.delegateSeconds = tally.processorSeconds
    outcome.abandoned = tally.abandoned
  }

  /// The program `name` stands for, looked up in PATH as a shell does.
  private static func find(_ name: String) throws(InputError) -> String {
    if name.contains("/") {
      if let reason = reasonAgainst(name) {
        throw InputError("command", found: InputError.quoted(name) + ", " + reason, allowed: allowedCommand)
      }
      return name
    }
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    for folder in path.split(separator: ":") where reasonAgainst("\(folder)/\(name)") == nil {
      return "\(folder)/\(name)"
    }
    throw InputError("command", found: InputError.quoted(name), allowed: allowedCommand)
  }

  private static let allowedCommand = "a program that exists and may be run"

  /// Why the file at `path` cannot be run, or `nil`.
  private static func reasonAgainst(_ path: String) -> String? {
    var status = stat()
    if stat(path, &status) != 0 { return String(cString: strerror(errno)) }
    if status.st_mode & S_IFMT != S_IFREG { return "which is no file" }
    return access(path, X_OK) == 0 ? nil : "which is not executable"
  }
}
