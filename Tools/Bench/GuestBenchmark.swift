import GuestLab
import HostSupport
import Launch

/// What the kernel of i686 gives its guests, measured by a guest.
public struct GuestBenchmark: Sendable {
  private let lab: GuestLab
  private let versions: [String: String]

  /// The benchmarks of a guest kernel.
  public init(lab: GuestLab, versions: [String: String]) {
    self.lab = lab
    self.versions = versions
  }

  /// Steps of the solver; the benchmark kernel takes as many.
  static let steps = 400

  /// The machines to boot: one measures calls, one a solver, one two of them.
  ///
  /// - Parameter wanted: paths of the catalogue; empty for all.
  /// - Throws: `ToolError` if something can't be built.
  public func measurements(
    wanted: [String], unit: BenchmarkResult.Unit = .instructions, timeout: Double
  ) async throws -> [BenchmarkMachine] {
    // Two solvers begin at the same tick, when both have been loaded.
    let solver = "run=jacobi steps=\(Self.steps) at=200"
    let plans: [(title: String, guests: [GuestLab.Guest], names: [String])] = [
      (
        "guests", [.init("memory=32", "run=bench", hasDisk: true)],
        Limits.guestTable.keys.sorted()
      ),
      ("a solver in a guest", [.init("memory=4", "\(solver) instance=1")], ["guest/jacobi-1"]),
      (
        "two solvers in guests",
        [.init("memory=4", "\(solver) instance=2"), .init("memory=4", "\(solver) instance=3")],
        ["guest/jacobi-2", "guest/jacobi-3"]
      ),
    ]
    var machines: [BenchmarkMachine] = []
    for plan in plans {
      let names = plan.names.filter { wanted.isEmpty || wanted.contains($0) }
      guard !names.isEmpty else { continue }
      let (machine, _) = try await lab.machine(plan.guests, countsInstructions: unit == .instructions)
      machines.append(
        BenchmarkMachine(
          title: plan.title, machine: machine, system: "apus", wanted: names, timeout: timeout,
          versions: versions))
    }
    return machines
  }
}
