import ArgumentParser
import Plotting
import PredictFigures
import SpeedupModel

/// The command `apus predict sweep`.
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Vary one or two parameters and show the speedup as table, CSV, JSON, SVG or terminal plot.",
    discussion: """
      An axis is NAME=FROM:TO[:COUNT][:log|:linear]; NAME is gamma, fc, share, cores or delegates. One axis gives a \
      curve, two a map with contour lines.

      Examples:
        apus predict sweep gzip.json --x gamma=1:100 --fc 10us --format plot
        apus predict sweep @bzip2 --x fc=1ns:10s:200 --y gamma=1:100:200 --format svg -o bzip2.svg
        apus predict sweep @gcc --x cores=1:32 --fc 1us --gamma 4 --policy all --delegates 2
      """)

  @OptionGroup var source: ProfileArgument
  @OptionGroup var systems: SetupOptions
  @OptionGroup var choice: PolicyOptions
  @Option(help: "Horizontal axis, such as gamma=1:100:50 or fc=1ns:10s:200:log.") var x: String
  @Option(help: "Vertical axis, for a map.") var y: String?
  @Option(help: "One of table, csv, json, svg, plot.") var format = OutputFormat.table
  @Option(name: [.short, .long], help: "File to write; the standard output without it.") var output: String?

  func run() throws {
    let xAxis = try SweepAxis(parsing: x, option: "--x")
    let yAxis = try y.map { try SweepAxis(parsing: $0, option: "--y") }
    let profile = try source.read()
    let model = RefinedModel(profile, try systems.setup())
    let sweep = try Sweep(
      model, policy: choice.parsed(for: profile), share: choice.share.value, x: xAxis, y: yAxis,
      draws: choice.draws)
    let chart = sweep.chart(title: profile.program)
    switch format {
    case .csv: try OutputFile.write(sweep.csv(), to: output)
    case .json: try OutputFile.write(sweep.json(), to: output)
    case .svg:
      try OutputFile.write(Figure(panels: [chart], panelWidth: 640, panelHeight: 460).svg(), to: output)
    case .plot: try OutputFile.write(chart.terminalText(OutputFile.terminalStyle), to: output)
    case .table: try OutputFile.write(table(sweep), to: output)
    }
  }

  private func table(_ sweep: Sweep) -> String {
    let width = sweep.x.values.count
    guard let y = sweep.y else {
      var table = TextTable(
        [sweep.x.parameter.rawValue, "speedup"] + (sweep.bands.isEmpty ? [] : ["5%", "95%"]))
      for (index, value) in sweep.x.values.enumerated() {
        let band = sweep.bands.isEmpty ? [] : [sweep.bands[index].low, sweep.bands[index].high]
        table.add(
          [sweep.x.text(of: value)]
            + ([sweep.speedups[index]] + band).map { NumberText.significant($0, digits: 5) })
      }
      return table.text
    }
    let corner = "\(y.parameter.rawValue) \\ \(sweep.x.parameter.rawValue)"
    var table = TextTable([corner] + sweep.x.values.map(sweep.x.text))
    for (row, value) in y.values.enumerated() {
      let cells = sweep.speedups[(row * width)..<((row + 1) * width)]
      table.add([y.text(of: value)] + cells.map { NumberText.significant($0) })
    }
    return table.text
  }
}
