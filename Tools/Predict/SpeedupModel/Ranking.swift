/// One system call to write for the light kernel, and what that brings.
public struct RankedCall: Sendable, Equatable {
  /// The call.
  public var call: CallRecord
  /// The work of writing it, in the user's unit; 1 unless given.
  public var effort: Double
  /// Seconds of the run that serving it locally saves; negative when it would cost time.
  public var savedSeconds: Double
  /// The speedup once this call and all before it in the list are served locally.
  public var speedup: Double
}

/// The order in which to write calls for the light kernel: most time saved for the effort first.
///
/// Without efforts the order is optimal for every length of the list, since the savings of calls add up. With
/// efforts it is the usual greedy answer to a knapsack: within one call of the optimum.
public enum Ranking {
  /// Ranks the calls that are not in `local`, the calls the light kernel already has.
  ///
  /// The work for calls not in `efforts` is 1. Ties are broken by name.
  public static func portNext(
    _ model: RefinedModel, local: Set<String> = [], efforts: [String: Double] = [:]
  ) -> [RankedCall] {
    var delegated = model.profile.calls.map { !local.contains($0.name) }
    let candidates = model.profile.calls.indices.filter { delegated[$0] }.map { index in
      let call = model.profile.calls[index]
      return (index: index, saved: model.setup.costOfForwarding(call), effort: efforts[call.name] ?? 1)
    }
    let order = candidates.sorted { (-$0.saved / $0.effort, $0.index) < (-$1.saved / $1.effort, $1.index) }
    return order.map { candidate in
      delegated[candidate.index] = false
      return RankedCall(
        call: model.profile.calls[candidate.index], effort: candidate.effort, savedSeconds: candidate.saved,
        speedup: model.predict(delegated: delegated).speedup)
    }
  }

  /// How many calls from the beginning of `ranked` bring at least `share` of what all of them bring over `start`,
  /// the speedup without any; 0 where they bring nothing.
  public static func number(of ranked: [RankedCall], reaching share: Double, from start: Double) -> Int {
    guard let most = ranked.map(\.speedup).max(), most > start else { return 0 }
    // A rounding error must not ask for one call more.
    let wanted = start + share * (most - start) * (1 - 1e-12)
    return (ranked.firstIndex { $0.speedup >= wanted } ?? ranked.count - 1) + 1
  }
}
