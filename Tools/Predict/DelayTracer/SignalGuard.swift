import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Keeps the tracer alive while its program runs.
///
/// A tracer that dies takes its listener along, and every delayed call of the program would fail. So the terminal's
/// signals, which reach the program too, are only noted here, and a request to end is noted and passed on.
struct SignalGuard {
  private static nonisolated(unsafe) var child: pid_t = 0
  private static let noted = Atomic<Int32>(0)
  private let previous: [(CInt, sigaction)]

  init(child: pid_t) {
    Self.child = child
    // Before the handlers are there: the first use of `noted` makes it, which no handler should.
    Self.noted.store(0, ordering: .relaxed)
    previous = [SIGINT, SIGQUIT, SIGTERM, SIGHUP].map { ($0, Self.install($0)) }
  }

  /// The signal that came, or 0.
  var received: Int32 { Self.noted.load(ordering: .relaxed) }

  private static func install(_ number: CInt) -> sigaction {
    var old = sigaction()
    sigaction(number, nil, &old)
    // nohup and shells that start programs in the background ignore some; that was somebody's wish.
    if unsafeBitCast(old.__sigaction_handler.sa_handler, to: Int.self) == 1 { return old }
    var new = sigaction()
    new.sa_flags = SA_RESTART
    // Only an atomic store and kill(2), which are safe in a handler.
    if number == SIGINT || number == SIGQUIT {
      new.__sigaction_handler.sa_handler = { SignalGuard.noted.store($0, ordering: .relaxed) }
    } else {
      new.__sigaction_handler.sa_handler = { number in
        SignalGuard.noted.store(number, ordering: .relaxed)
        kill(SignalGuard.child, number)
      }
    }
    sigaction(number, &new, nil)
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
