/// A guest that does anything, beside one that must not notice.

import HostSupport

extension GuestLab {
  /// What is asked of a host while a guest does what it likes.
  public struct FuzzResult: Sendable {
    /// The seed.
    public var seed: Int
    /// What the guest's lives came to.
    public var series: GuestReport.Series
    /// By how many microseconds the neighbour woke late at most.
    public var latest: Int
    /// How often the neighbour looked through its memory and its deadlines.
    public var neighbours: Int
  }

  /// By how many microseconds the neighbour may wake late: two guests' turns.
  public static let latestAllowed = 25_000

  /// Milliseconds of the machine's clock that a life takes at most: twice what its calls need, for guests
  /// that wait for ever or run in circles.
  public static let life = 80

  /// Lets a guest live and die by a seed until it has made `calls` calls, with a neighbour beside it.
  ///
  /// The machine counts instructions instead of time, so a seed makes the same calls and the neighbour wakes as late on
  /// every host, however busy; `timeout` is for a host that hangs.
  ///
  /// - Throws: `ToolError` if the host failed, the neighbour noticed, or fewer calls were made.
  public func fuzz(seed: Int, calls: Int, timeout: Double) async throws -> FuzzResult {
    // Short lives: a call at random that ends one early loses little. Their number is no limit.
    let perLife = min(calls, 5_000)
    let starts = 20 * (calls / perLife + 1)
    let (machine, _) = try await machine(
      [
        Guest(
          "memory=4 starts=\(starts) calls=\(calls) life=\(Self.life) audit=200",
          "run=fuzz seed=\(seed) calls=\(perLife)"),
        Guest("memory=4 background", "run=canary deadlines=50"),
      ], countsInstructions: true)
    let console = try await run(machine, timeout: timeout)
    guard let series = GuestReport.series(in: console).first else {
      throw ToolError("seed \(seed): the host does not say what the guest did")
    }
    let canaries = GuestReport.canaries(in: console)
    guard !canaries.isEmpty, canaries.allSatisfy({ $0 != nil }) else {
      throw ToolError("seed \(seed): the neighbour's memory was changed, or it never came to its end")
    }
    let latest = canaries.compactMap { $0 }.max() ?? 0
    guard latest <= Self.latestAllowed else {
      throw ToolError(
        "seed \(seed): the neighbour woke \(latest) us late; at most \(Self.latestAllowed) are allowed")
    }
    guard series.calls >= calls else {
      throw ToolError("seed \(seed): \(series.calls) calls were made of \(calls)")
    }
    return FuzzResult(seed: seed, series: series, latest: latest, neighbours: canaries.count)
  }
}
