import CSeccomp

/// How callers and delegates find one another on this kernel.
///
/// Two sleeping threads are woken for each call, so what it costs is where they wake. Measured on a virtual machine
/// of two processors, microseconds a call that the delegate answers at once:
///
///     caller and delegate on processors of their own        55    each wake-up ends another processor's sleep
///     wherever the scheduler puts them                   17-34
///     delegate polls the listener on a processor of its own 14    one such wake-up is left, and a busy processor
///     a SCHED_IDLE thread keeps every processor awake     4-25
///     delegate woken on the caller's processor, and back   2.5    the same with poll before it: 2.9
///
/// Two threads that compute for 100 µs and are then held for 15, on two processors, microseconds a turn: 243 when
/// callers are always woken where the delegate is, for both stay there; 162 when the scheduler chooses; 206 with a
/// polling delegate, which takes a processor from them. So the delegate is woken where the caller just stopped, and
/// the caller where the delegate is only while no other thread calls. Shorter time slices for delegates and handing
/// over turns between them were tried and changed nothing that the noise would show.
public struct DelayMechanism: Sendable, Equatable {
  /// SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, Linux 6.6.
  public var wakesOnCallersProcessor: Bool
  /// Receiving returns when the last process has gone, Linux 6.11; else each receive asks poll first.
  public var receiveEnds: Bool
  /// One delegate waits at the listener at a time, the others for their turn.
  ///
  /// So on kernels whose receive would wait for ever: the last process to go then ends them one after the other. And
  /// with many delegates, for a request wakes all that wait.
  public var takesTurns: Bool

  /// Delegates that may wait together.
  private static let mostTogether = 4

  init(listener: CInt, delegates: Int) {
    wakesOnCallersProcessor = listener >= 0 && seccomp_wake_here(listener, 1) == 0
    receiveEnds = seccomp_receive_ends() == 1
    takesTurns = !receiveEnds || delegates > Self.mostTogether
  }

  /// What a user may want to know.
  public var sentences: [String] {
    [
      "seccomp user notification; the call itself runs in the caller's context",
      wakesOnCallersProcessor
        ? "a delegate is woken on its caller's processor, and the caller there too unless other threads call"
        : "the scheduler chooses where threads wake (before Linux 6.6), which takes tens of microseconds",
      receiveEnds
        ? "delegates wait in the kernel's receive"
        : "delegates wait in poll, then receive (before Linux 6.11)",
      takesTurns ? "one delegate waits at a time" : "all delegates wait at once",
    ]
  }
}
