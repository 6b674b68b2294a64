import ArgumentParser
import Plotting
import SpeedupModel

/// The command `apus predict compare`.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Show predictions beside measurements, with the error of each.",
    discussion: """
      FILE is CSV with the columns label, predicted, measured, or JSON {"schema": "apus-runs", "version": 1, \
      "runs": [{"label", "predicted", "measured"}]}. Any quantity will do, if both are the same. Runs with one \
      label are repetitions. The error is (predicted - measured) / measured.

      With --within the exit status is 1 when any label's median error is larger.

      Example: apus predict compare runs.csv --within 9%
      """)

  @Argument(help: "Runs, as CSV or JSON; - for the standard input.") var file: String
  @Option(help: "Largest error to accept, such as 9%.") var within: ShareArgument?
  @Option(help: "One of table, csv, svg.") var format = "table"
  @Option(name: [.short, .long], help: "File to write; the standard output without it.") var output: String?

  func run() throws {
    let comparison = try RunComparison(WholeFile.read(file), place: file)
    switch format {
    case "csv": try OutputFile.write(comparison.csv(), to: output)
    case "svg":
      let chart = ComparisonText.chart(comparison)
      try OutputFile.write(Figure(panels: [chart], panelWidth: 640, panelHeight: 460).svg(), to: output)
    case "table": try OutputFile.write(ComparisonText.table(comparison), to: output)
    default: throw InputError("--format", found: InputError.quoted(format), allowed: "table, csv, svg")
    }
    guard let within else { return }
    for group in comparison.groups {
      let error = Statistics.median(group.runs.map(\.error)).magnitude
      if error > within.value {
        let percent = NumberText.significant(error * 100, digits: 3)
        throw InputError(
          group.label, found: "a median error of \(percent) %", allowed: "at most \(within.value * 100) %")
      }
    }
  }
}

/// Comparisons as people read them.
enum ComparisonText {
  static func table(_ comparison: RunComparison) -> String {
    func percent(_ value: Double) -> String { NumberText.fixed(value * 100, decimals: 2) + "%" }
    var table = TextTable(["label", "runs", "predicted", "measured", "error", "largest", "within 9%"])
    for group in comparison.groups {
      let errors = group.runs.map(\.error)
      table.add([
        group.label, "\(group.runs.count)",
        NumberText.significant(Statistics.median(group.runs.map(\.predicted)), digits: 5),
        NumberText.significant(Statistics.median(group.runs.map(\.measured)), digits: 5),
        percent(Statistics.median(errors)), percent(errors.map(\.magnitude).max() ?? 0),
        "\(errors.count { $0.magnitude <= PublishedData.errorAtGainTwo })",
      ])
    }
    return table.text + "medians over the runs of each label; error = (predicted - measured) / measured\n"
  }

  static func chart(_ comparison: RunComparison) -> Chart {
    let points = comparison.runs.map { PlotPoint($0.measured, $0.predicted) }
    let values = points.flatMap { [$0.x, $0.y] }
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    return Chart(
      title: "Predicted and measured", x: Axis("measured"), y: Axis("predicted"),
      layers: [
        Layer("equal", .line([PlotPoint(low, low), PlotPoint(high, high)])), Layer("runs", .scatter(points)),
      ])
  }
}
