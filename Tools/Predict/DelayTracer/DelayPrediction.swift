import SpeedupModel

/// How long a program takes when its calls are delayed, by the model: nothing but the forwarding differs (γ = 1,
/// g' = g).
///
/// One thread is held 2 f_c for each of n calls: t_d = t_nd + 2 f_c n. Several threads queue at the delegates, a
/// closed network in which a thread thinks for the rest of its cycle and a delegate is busy for 2 f_c. A tracer's
/// delegates have no system of their own, though: they spin on the processors that the program computes on, and a run
/// is never shorter than all that work on all processors.
///
/// The network takes calls as evenly spread. A program whose threads all compute and then all call, in step, is
/// longer: `secondsInStep` is the run in which no computation hides any waiting.
public struct DelayPrediction: Sendable, Equatable {
  /// Seconds of the run with delay.
  public var seconds: Double
  /// Seconds of the run when all threads make their calls at the same time; for one thread the same as `seconds`.
  public var secondsInStep: Double
  /// Seconds that threads wait for a delegate that is busy, along the run.
  public var waitingSeconds: Double
  /// Whether the processors, not the delegates, decide.
  public var isBoundByProcessors: Bool

  /// What is known about the run without delay, and about the machine.
  public struct Basis: Sendable, Equatable {
    /// Its length in seconds.
    public var seconds: Double
    /// Processor seconds of the program.
    public var processorSeconds: Double
    /// n: calls that will be delayed, of all threads.
    public var calls: Double
    /// Processors that program and delegates share.
    public var processors: Int

    /// A run; no number is negative and there is a processor.
    public init(seconds: Double, processorSeconds: Double, calls: Double, processors: Int) {
      self.seconds = seconds
      self.processorSeconds = processorSeconds
      self.calls = calls
      self.processors = processors
    }
  }

  /// Predicts for calls held `holdSeconds` each (2 f_c), made by `delegators` threads alike and served by
  /// `delegates`.
  public init(_ basis: Basis, holdSeconds: Double, delegators: Int, delegates: Int) {
    guard basis.calls > 0 else {
      self.init(
        seconds: basis.seconds, secondsInStep: basis.seconds, waitingSeconds: 0, isBoundByProcessors: false)
      return
    }
    let threads = Double(delegators)
    let hold = holdSeconds * basis.calls / threads
    var free = basis.seconds + hold
    if delegators > 1 {
      // A thread's cycle: its share of the run for each of its calls.
      let network = ClosedNetwork(
        thinkSeconds: basis.seconds * threads / basis.calls,
        stations: [ClosedNetwork.Station(demand: holdSeconds, servers: delegates)])
      let throughput = network.state(of: delegators).throughput
      if throughput.isFinite { free = max(free, basis.calls / throughput) }
    }
    let total = holdSeconds * basis.calls
    let work = delegators > 1 ? (basis.processorSeconds + total) / Double(basis.processors) : 0
    // Only so many calls are held at once as there are threads, delegates and processors to spin on.
    let atOnce = Double(min(delegators, delegates, basis.processors))
    self.init(
      seconds: max(free, work), secondsInStep: max(free, work, basis.seconds + total / atOnce),
      waitingSeconds: max(0, free - basis.seconds - hold), isBoundByProcessors: work > free)
  }

  private init(
    seconds: Double, secondsInStep: Double, waitingSeconds: Double, isBoundByProcessors: Bool
  ) {
    self.seconds = seconds
    self.secondsInStep = secondsInStep
    self.waitingSeconds = waitingSeconds
    self.isBoundByProcessors = isBoundByProcessors
  }
}
