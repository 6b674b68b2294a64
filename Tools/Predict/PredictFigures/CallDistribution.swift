import Plotting
import SpeedupModel

/// How unevenly a program spreads its invocations over the calls: the shape that decides how much a good choice of
/// forwarded calls can save (the paper's figure 6).
public struct CallDistribution: Sendable {
  /// One call, with all that are invoked more often.
  public struct Entry: Sendable {
    /// The call.
    public var call: CallRecord
    /// Its share of all invocations, 0...1.
    public var share: Double
    /// The share of this call and all before it.
    public var cumulative: Double
  }

  /// The calls, most often invoked first; ties are broken by name.
  public let entries: [Entry]

  /// The distribution of `profile`.
  public init(_ profile: Profile) {
    let total = Double(max(1, profile.callCount))
    var sum = 0
    entries = profile.calls.sorted { ($1.count, $0.name) < ($0.count, $1.name) }.map { call in
      sum += call.count
      return Entry(call: call, share: Double(call.count) / total, cumulative: Double(sum) / total)
    }
  }

  /// The distribution as a staircase from 0 to 1 over the number of calls.
  public func layer(_ name: String) -> Layer {
    let points = entries.enumerated().map { PlotPoint(Double($0.offset + 1), $0.element.cumulative) }
    return Layer(name, .steps([PlotPoint(0, 0)] + points))
  }

  /// A chart of several distributions.
  public static func chart(_ layers: [Layer]) -> Chart {
    Chart(
      title: "Invocations in the most frequent calls", x: Axis("distinct calls, most frequent first"),
      y: Axis("share of invocations", range: 0...1, ticks: .percent), layers: layers)
  }
}
