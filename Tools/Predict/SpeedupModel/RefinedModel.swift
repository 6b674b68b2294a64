/// What the refined model says about one choice of delegated calls.
public struct Prediction: Sendable, Equatable {
  /// t_nd: seconds on the general-purpose system alone.
  public var originalSeconds: Double
  /// C / γ: seconds of computation on the light kernel.
  public var computationSeconds: Double
  /// Σ b g: seconds delegated calls run on the general-purpose system.
  public var remoteSeconds: Double
  /// Σ b f: seconds on the way between the systems.
  public var forwardingSeconds: Double
  /// Σ b τ n: seconds of refilled translations.
  public var translationSeconds: Double
  /// Σ (1 - b) g': seconds in calls the light kernel serves.
  public var localSeconds: Double
  /// Seconds forwarded calls wait for a delegate that is busy; 0 for one thread.
  public var waitingSeconds: Double = 0

  /// t_d: seconds with delegation, equation 9.
  public var delegatedSeconds: Double {
    computationSeconds + remoteSeconds + forwardingSeconds + translationSeconds + localSeconds
      + waitingSeconds
  }

  /// S_r = t_nd / t_d, equation 10; 1 when both are 0, for then nothing changes.
  public var speedup: Double {
    originalSeconds == delegatedSeconds ? 1 : originalSeconds / delegatedSeconds
  }
}

/// The paper's refined model over one profile, with the optional terms of `Setup`.
public struct RefinedModel: Sendable {
  /// The program.
  public let profile: Profile
  /// The systems.
  public var setup: Setup

  /// A model of `profile` under `setup`, which must have passed `check`.
  public init(_ profile: Profile, _ setup: Setup) {
    self.profile = profile
    self.setup = setup
  }

  /// What the calls add up to for one choice; the cells of a sweep that share a choice share this.
  public struct Totals: Sendable, Equatable {
    /// Σ b g, seconds.
    public var remoteSeconds = 0.0
    /// Σ (1 - b) g', seconds.
    public var localSeconds = 0.0
    /// Σ b n: invocations that are forwarded.
    public var forwardedCalls = 0
    /// Σ b · bytes: bytes that cross.
    public var bytes = 0.0
  }

  /// The sums for the calls marked in `delegated` (b(s) = 1).
  ///
  /// - Precondition: one mark for each call of the profile, in its order.
  public func totals(delegated: [Bool]) -> Totals {
    precondition(delegated.count == profile.calls.count, "one mark for each call")
    var totals = Totals()
    for (call, isDelegated) in zip(profile.calls, delegated) {
      if isDelegated {
        totals.remoteSeconds += call.seconds
        totals.forwardedCalls += call.count
        totals.bytes += call.bytes
      } else {
        totals.localSeconds += setup.localSeconds(of: call)
      }
    }
    return totals
  }

  /// The prediction when exactly the calls marked in `delegated` are forwarded.
  public func predict(delegated: [Bool]) -> Prediction { predict(totals(delegated: delegated)) }

  /// The prediction for sums made by `totals(delegated:)` of a model with the same profile and local
  /// factors.
  public func predict(_ totals: Totals) -> Prediction {
    let calls = Double(totals.forwardedCalls)
    let serial = Prediction(
      originalSeconds: profile.totalSeconds,
      computationSeconds: profile.computationSeconds / setup.effectiveGain,
      remoteSeconds: totals.remoteSeconds,
      forwardingSeconds: 2 * setup.forwardingCost * calls + setup.secondsPerByte * totals.bytes,
      translationSeconds: setup.translationLoss * calls, localSeconds: totals.localSeconds)
    guard setup.delegators > 1 else { return serial }
    return ParallelModel.spread(serial, calls: totals.forwardedCalls, setup: setup)
  }
}
