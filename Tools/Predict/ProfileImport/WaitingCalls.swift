import SpeedupModel

/// Calls whose time is someone else's work.
///
/// In a program of several threads or processes one waits while another computes: the time would count twice.
public enum WaitingCalls {
  /// The kernel's calls that do nothing but wait.
  public static let names: Set<String> = [
    "wait4", "waitid", "waitpid", "futex", "futex_wait", "futex_waitv", "poll", "ppoll", "select",
    "_newselect",
    "pselect6", "epoll_wait", "epoll_pwait", "epoll_pwait2", "nanosleep", "clock_nanosleep", "pause",
    "rt_sigsuspend", "rt_sigtimedwait",
  ]

  /// Whether a program with these calls makes threads or processes.
  public static func areOfSeveral(_ calls: [CallRecord]) -> Bool {
    calls.contains { ["clone", "clone3", "fork", "vfork"].contains($0.name) }
  }

  /// Takes the time off the waiting calls of a program that makes threads or processes; says whether it did.
  public static func discount(_ calls: inout [CallRecord]) -> Bool {
    guard areOfSeveral(calls) else { return false }
    let waiting = calls.indices.filter { names.contains(calls[$0].name) && calls[$0].seconds > 0 }
    for index in waiting { calls[index].seconds = 0 }
    return !waiting.isEmpty
  }
}
