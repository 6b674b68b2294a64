import CSeccomp
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where delegates take requests from, and what they write down.
final class DelegateDesk: Sendable {
  struct Tally {
    var counts: [Int32: Int] = [:]
    var busySeconds = 0.0
    var processorSeconds = 0.0
    var abandoned = 0
  }

  let listener: CInt
  let spinSeconds: Double
  let tally = Mutex(Tally())
  /// One delegate waits at the listener at a time; the others wait for their turn here.
  ///
  /// Then the last process to go wakes them one after the other, also on kernels whose receive would wait
  /// for ever.
  private let turn = Mutex(())

  init(listener: CInt, spinSeconds: Double) {
    self.listener = listener
    self.spinSeconds = spinSeconds
  }

  /// Serves requests until no traced process is left.
  func serve() {
    var request = seccomp_request()
    defer {
      let used = SpinClock.threadSeconds()
      tally.withLock { $0.processorSeconds += used }
    }
    while true {
      let received = turn.withLock { _ in seccomp_receive(listener, &request) }
      guard received == 1 else { return }
      let start = SpinClock.now()
      SpinClock.spin(until: spinSeconds, since: start)
      let error = seccomp_continue(listener, request.id)
      let busy = SpinClock.now() - start
      let number = request.number
      tally.withLock { tally in
        tally.busySeconds += busy
        // A caller that died, or that a signal took away, will not make this call; on its return it asks anew.
        if error == 0 { tally.counts[number, default: 0] += 1 } else { tally.abandoned += 1 }
      }
    }
  }
}

/// A delegate: a thread that serves a desk.
struct DelegateThread {
  private let thread: pthread_t

  init(_ desk: DelegateDesk) {
    var created = pthread_t()
    let error = pthread_create(
      &created, nil,
      { argument in
        if let argument { Unmanaged<DelegateDesk>.fromOpaque(argument).takeRetainedValue().serve() }
        return nil
      }, Unmanaged.passRetained(desk).toOpaque())
    precondition(error == 0, "no thread for a delegate")
    thread = created
  }

  func join() { pthread_join(thread, nil) }
}
