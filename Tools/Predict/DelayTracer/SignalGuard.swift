#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Keeps the tracer alive while its program runs.
///
/// A tracer that dies takes its listener along, and every delayed call of the program would fail. So the terminal's
/// signals, which reach the program too, are ignored here, and a request to end is passed on.
struct SignalGuard {
  private static nonisolated(unsafe) var child: pid_t = 0
  private let previous: [(CInt, sigaction)]

  init(child: pid_t) {
    Self.child = child
    var saved: [(CInt, sigaction)] = []
    for number in [SIGINT, SIGQUIT] { saved.append((number, Self.install(number, ignoring: true))) }
    for number in [SIGTERM, SIGHUP] { saved.append((number, Self.install(number, ignoring: false))) }
    previous = saved
  }

  private static func install(_ number: CInt, ignoring: Bool) -> sigaction {
    var new = sigaction()
    var old = sigaction()
    if ignoring {
      new.__sigaction_handler.sa_handler = SIG_IGN
    } else {
      // Only kill(2), which is safe in a handler.
      new.__sigaction_handler.sa_handler = { number in kill(SignalGuard.child, number) }
    }
    sigaction(number, &new, &old)
    return old
  }

  /// Brings the previous handlers back.
  func restore() {
    for (number, action) in previous {
      var action = action
      sigaction(number, &action, nil)
    }
  }
}
