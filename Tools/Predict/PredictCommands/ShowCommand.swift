import ArgumentParser
import Plotting
import PredictFigures
import SpeedupModel

/// The command `apus predict show`.
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show what a profile holds: where the time goes, and how invocations spread over the calls.",
    discussion: """
      Calls stand in order of their invocations; `together` is the share of all invocations in a call and those \
      above it. svg and plot draw that distribution.

      Examples:
        apus predict show gzip.json
        apus predict show @gcc --format svg -o gcc-calls.svg
      """)

  @OptionGroup var source: ProfileArgument
  @Option(help: "How many calls the table lists; 0 for all.") var top = 0
  @Option(help: "One of table, csv, svg, plot.") var format = ShowFormat.table
  @Option(name: [.short, .long], help: "File to write; the standard output without it.") var output: String?

  func run() throws {
    guard top >= 0 else { throw ValidationError("--top must not be negative.") }
    let profile = try source.read()
    let distribution = CallDistribution(profile)
    let chart = CallDistribution.chart([distribution.layer(profile.program)])
    switch format {
    case .csv: try OutputFile.write(csv(distribution), to: output)
    case .svg:
      try OutputFile.write(Figure(panels: [chart], panelWidth: 640, panelHeight: 460).svg(), to: output)
    case .plot: try OutputFile.write(chart.terminalText(OutputFile.terminalStyle), to: output)
    case .table: try OutputFile.write(summary(profile) + table(distribution), to: output)
    }
  }

  private func csv(_ distribution: CallDistribution) -> String {
    let rows = distribution.entries.map { entry in
      let call = entry.call
      let local = call.localSeconds.map { "\($0)" } ?? ""
      return
        "\(call.name),\(call.count),\(entry.share),\(entry.cumulative),\(call.seconds),\(local),\(call.bytes)"
    }
    return (["call,count,share,cumulative,seconds,localSeconds,bytes"] + rows).joined(separator: "\n") + "\n"
  }

  private func summary(_ profile: Profile) -> String {
    func seconds(_ value: Double) -> String { NumberText.engineering(value, digits: 4) + "s" }
    func percent(_ value: Double) -> String { NumberText.significant(value * 100, digits: 3) + " %" }
    var table = TextTable(["\(profile.program) (\(profile.source))", ""])
    table.add(["computation C", seconds(profile.computationSeconds)])
    table.add(["in calls", seconds(profile.callSeconds)])
    table.add(["share of calls p", percent(profile.systemShare)])
    if let share = profile.timedShare { table.add(["sys / (user + sys)", percent(share)]) }
    if let wall = profile.wallSeconds { table.add(["start to end", seconds(wall)]) }
    table.add(["invocations", "\(profile.callCount)"])
    table.add(["threads", "\(profile.threads)"])
    return table.text + profile.notes.map { "note: \($0)\n" }.joined() + "\n"
  }

  private func table(_ distribution: CallDistribution) -> String {
    var table = TextTable(["call", "count", "share", "together", "time", "each", "bytes"])
    func percent(_ value: Double) -> String { NumberText.fixed(value * 100, decimals: 1) + "%" }
    for entry in distribution.entries.prefix(top > 0 ? top : distribution.entries.count) {
      let call = entry.call
      let each = call.count > 0 ? call.seconds / Double(call.count) : 0
      table.add([
        call.name, "\(call.count)", percent(entry.share), percent(entry.cumulative),
        NumberText.engineering(call.seconds) + "s", NumberText.engineering(each) + "s",
        call.bytes > 0 ? NumberText.engineering(call.bytes) : "",
      ])
    }
    return table.text
  }
}

enum ShowFormat: String, ExpressibleByArgument, CaseIterable { case table, csv, svg, plot }
