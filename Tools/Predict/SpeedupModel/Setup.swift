/// A part of the computation with a gain of its own, such as the time lost to page faults.
public struct WorkClass: Sendable, Equatable {
  /// What the part is, such as `tlb`.
  public var name: String
  /// Its share of the computation, 0...1.
  public var share: Double
  /// How many times faster it becomes; above 0.
  public var gain: Double

  /// A part of the computation.
  public init(_ name: String, share: Double, gain: Double) {
    self.name = name
    self.share = share
    self.gain = gain
  }
}

/// The two systems and what joins them.
///
/// With only `gain` and `forwardingCost` it is the paper's refined model; every other term is neutral until set.
public struct Setup: Sendable, Equatable {
  /// γ: how many times faster computation is on the light kernel; above 0.
  public var gain = 1.0
  /// f_c: seconds to forward a call one way; the way back costs as much.
  public var forwardingCost = 0.0
  /// β: seconds for each byte that crosses.
  ///
  /// The paper assumes 0 (its footnote 6).
  public var secondsPerByte = 0.0
  /// k: g'(s) = k · g(s) where the profile has no `localSeconds`.
  ///
  /// The paper assumes 1.
  public var localFactor = 1.0
  /// k for single calls, before `localFactor` and before the profile.
  public var localFactors: [String: Double] = [:]
  /// Parts of the computation with gains of their own; the rest has `gain`.
  public var classes: [WorkClass] = []
  /// τ: seconds lost after each forwarded call to refill address translations, the paper's suspect for its
  /// divergence at large γ.
  public var translationLoss = 0.0
  /// Threads on the light kernel that compute and forward calls.
  public var delegators = 1
  /// Threads on the general-purpose system that serve forwarded calls.
  public var delegates = 1
  /// The part of the forwarding time in which a delegate is busy, 0...1: 0 for a wire, 1 for a delegate
  /// that polls.
  public var delegateOccupancy = 0.0

  /// A setup of the paper's refined model.
  public init(gain: Double = 1, forwardingCost: Double = 0) {
    self.gain = gain
    self.forwardingCost = forwardingCost
  }

  /// Refuses what has no meaning; `place` names the origin in errors.
  public func check(place: String = "setup") throws(InputError) {
    func require(_ holds: Bool, _ found: String, _ allowed: String) throws(InputError) {
      if !holds { throw InputError(place, found: found, allowed: allowed) }
    }
    try require(gain.isFinite && gain > 0 && gain <= 1e9, "gain \(gain)", "above 0, at most 1e9")
    for (name, value) in [
      ("forwarding cost", forwardingCost), ("seconds per byte", secondsPerByte),
      ("local factor", localFactor),
      ("translation loss", translationLoss),
    ] + localFactors.sorted(by: { $0.key < $1.key }).map({ ("local factor of \($0.key)", $0.value) }) {
      try require(value.isFinite && value >= 0 && value <= 1e9, "\(name) \(value)", "0 to 1e9")
    }
    for part in classes {
      try require((0...1).contains(part.share), "share \(part.share) of class \(part.name)", "0 to 1")
      try require(
        part.gain.isFinite && part.gain > 0 && part.gain <= 1e9, "gain \(part.gain) of class \(part.name)",
        "above 0, at most 1e9")
    }
    let shares = classes.reduce(0) { $0 + $1.share }
    try require(shares <= 1 + 1e-9, "class shares that add up to \(shares)", "a sum of at most 1")
    try require((1...4096).contains(delegators), "\(delegators) delegators", "1 to 4096")
    try require((1...4096).contains(delegates), "\(delegates) delegates", "1 to 4096")
    try require(
      (0...1).contains(delegateOccupancy), "delegate occupancy \(delegateOccupancy)", "0 to 1")
  }

  /// The factor by which the whole computation shrinks: the weighted harmonic mean of the gains.
  public var effectiveGain: Double {
    let named = classes.reduce(0) { $0 + $1.share }
    return 1 / (classes.reduce(max(0, 1 - named) / gain) { $0 + $1.share / $1.gain })
  }

  /// g'(s): seconds `call` takes in all when the light kernel serves it.
  public func localSeconds(of call: CallRecord) -> Double {
    if let factor = localFactors[call.name] { return factor * call.seconds }
    return call.localSeconds ?? localFactor * call.seconds
  }

  /// f(s) = 2 f_c n(s) + β · bytes(s): seconds on the way for all invocations; equation 5 with the size
  /// term.
  public func forwardingSeconds(of call: CallRecord) -> Double {
    2 * forwardingCost * Double(call.count) + secondsPerByte * call.bytes
  }

  /// τ n(s): seconds of refilled translations after all invocations.
  public func translationSeconds(of call: CallRecord) -> Double { translationLoss * Double(call.count) }

  /// Seconds lost by forwarding `call` instead of serving it locally: g + f + τn - g'.
  ///
  /// Negative when the light kernel's own implementation would be slower than forwarding.
  public func costOfForwarding(_ call: CallRecord) -> Double {
    call.seconds + forwardingSeconds(of: call) + translationSeconds(of: call) - localSeconds(of: call)
  }
}
