import CSeccomp
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where delegates take requests from, and what they write down.
final class DelegateDesk: Sendable {
  /// A call as requests name it.
  struct Call: Hashable {
    var number: Int32
    var architecture: UInt32
  }

  struct Tally {
    var counts: [Call: Int] = [:]
    var busySeconds = 0.0
    var processorSeconds = 0.0
    var abandoned = 0
  }

  let mechanism: DelayMechanism
  let tally = Mutex(Tally())
  private let listener: CInt
  private let spinSeconds: Double
  /// The thread whose call was answered last; 0 before the first.
  private let lastCaller = Atomic<UInt32>(0)
  private let turn = Mutex(())

  /// Seconds between looks whether a caller is still there: someone may kill it during a long delay.
  private static let lookSeconds = 1e-3

  init(listener: CInt, spinSeconds: Double, delegates: Int) {
    self.listener = listener
    self.spinSeconds = spinSeconds
    mechanism = DelayMechanism(listener: listener, delegates: delegates)
  }

  /// Serves requests until no traced process is left.
  func serve() {
    var request = seccomp_request()
    while receive(&request) {
      let start = SpinClock.now()
      let isDone = hold(request.id, since: start) && answer(request)
      let busy = SpinClock.now() - start
      let call = Call(number: request.number, architecture: request.architecture)
      tally.withLock { tally in
        tally.busySeconds += busy
        // A caller that died, or that a signal took away, will not make this call; on its return it asks anew.
        if isDone { tally.counts[call, default: 0] += 1 } else { tally.abandoned += 1 }
      }
    }
    let used = SpinClock.threadSeconds()
    tally.withLock { $0.processorSeconds += used }
  }

  private func receive(_ request: inout seccomp_request) -> Bool {
    let ends: CInt = mechanism.receiveEnds ? 1 : 0
    guard mechanism.takesTurns else { return seccomp_receive(listener, ends, &request) == 1 }
    return turn.withLock { _ in seccomp_receive(listener, ends, &request) } == 1
  }

  /// Occupies the processor for the forwarding time; false when the caller has gone meanwhile.
  private func hold(_ id: UInt64, since start: Double) -> Bool {
    var looked = start
    while true {
      let now = SpinClock.now()
      if now - start >= spinSeconds { return true }
      guard now - looked >= Self.lookSeconds else { continue }
      guard seccomp_is_waiting(listener, id) == 1 else { return false }
      looked = now
    }
  }

  /// Lets the caller go on; false when it has gone already.
  ///
  /// A caller that calls again and again is woken where the delegate runs, for that was its processor, and no
  /// other need be woken from sleep. When another thread called last, several are at work and the scheduler chooses,
  /// or all of them would gather on the delegate's processor while others idle. Two delegates that answer at once
  /// may see one another's choice; it decides where a thread wakes, never whether.
  private func answer(_ request: seccomp_request) -> Bool {
    let isSame = lastCaller.exchange(request.thread, ordering: .relaxed) == request.thread
    let isFree = mechanism.wakesOnCallersProcessor && !isSame
    if isFree { _ = seccomp_wake_here(listener, 0) }
    let error = seccomp_continue(listener, request.id)
    if isFree { _ = seccomp_wake_here(listener, 1) }
    return error == 0
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
