import ArgumentParser
import Plotting
import SpeedupModel

/// The command `apus predict naive`.
struct NaiveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "naive",
    abstract: "The simple bound: S = 1 / (p + (1 - p) / γ), never more than 1 / p.",
    discussion: """
      p is the share of the run spent in system calls, for instance sys / (user + sys) as `time` shows it, which is \
      an overestimate. A profile, or what `time -p` printed, tells it too. Without any it shows all published benchmarks.

      Examples:
        apus predict naive --p 0.1223 --gamma 10
        (time -p gzip -kf big.txt) 2>time.txt; apus predict naive time.txt --gamma 10
        apus predict naive --gamma 2
      """)

  @Argument(help: "A profile to take p from: a file of ours, a tracer's output, or @NAME.") var profile:
    String?
  @Option(help: "Share of the run in system calls, 0 to 1 or 0% to 100%.") var p: ShareArgument?
  @Option(help: "γ: how many times faster computation is on the light kernel.") var gamma = 2.0
  @Option(help: "A benchmark of the paper's Table I in place of --p.") var published: String?
  @Option(help: "One of table, csv, json.") var format = TableFormat.table

  func run() throws {
    try Setup(gain: gamma).check(place: "--gamma")
    var rows: [(name: String, share: Double)] = PublishedData.benchmarks.map { ($0.name, $0.share) }
    guard [p != nil, published != nil, profile != nil].count(where: { $0 }) <= 1 else {
      throw ValidationError("Give one of a profile, --p and --published.")
    }
    if let profile {
      let read = try ProfileSource.read(profile)
      rows = [(read.program, read.systemShare)]
    } else if let p {
      rows = [("--p", p.value)]
    } else if let published {
      rows = rows.filter { $0.name == published }
      guard !rows.isEmpty else {
        throw InputError(
          "--published", found: InputError.quoted(published),
          allowed: PublishedData.benchmarks.map(\.name).joined(separator: ", "))
      }
    }
    let results = rows.map { row in
      (
        row.name, row.share, NaiveModel.speedup(share: row.share, gain: gamma),
        NaiveModel.limit(share: row.share)
      )
    }
    switch format {
    case .table:
      var table = TextTable(["benchmark", "p", "speedup", "limit 1/p"])
      for row in results {
        table.add([
          row.0, NumberText.significant(row.1), NumberText.significant(row.2), NumberText.significant(row.3),
        ])
      }
      print("γ = \(NumberText.significant(gamma))\n" + table.text, terminator: "")
    case .csv:
      print("benchmark,p,gamma,speedup,limit")
      for row in results { print("\(CSVLine.field(row.0)),\(row.1),\(gamma),\(row.2),\(row.3)") }
    case .json:
      let items = results.map { row in
        let limit = row.3.isFinite ? "\(row.3)" : "null"
        return
          "{\"benchmark\": \(JSONNode.quoted(row.0)), \"p\": \(row.1), \"gamma\": \(gamma), \"speedup\": \(row.2), \"limit\": \(limit)}"
      }
      print("[\n  " + items.joined(separator: ",\n  ") + "\n]")
    }
  }
}
