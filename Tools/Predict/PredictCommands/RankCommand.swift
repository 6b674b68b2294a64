import ArgumentParser
import Plotting
import ProfileImport
import SpeedupModel

/// The command `apus predict rank`.
struct RankCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rank",
    abstract: "List which system calls to write for the light kernel next, and what each brings.",
    discussion: """
      Starts with every call forwarded but those in --have. `saved` is the time the run gets shorter when the call \
      is served locally; `speedup` is that of the program once this call and all above it are. The last lines answer \
      which calls are worth it: the first that bring --reach of what all of them would.

      Examples:
        apus predict rank gzip.json --gamma 2 --fc 10us
        apus predict rank @sqlite --gamma 2 --fc 1us --have read,write --effort mmap=8 --effort futex=5
      """)

  @OptionGroup var source: ProfileArgument
  @OptionGroup var systems: SetupOptions
  @Option(help: "Calls the light kernel has already, separated by commas.") var have = ""
  @Option(help: ArgumentHelp("Work of writing a call, 1 by default. Repeatable.", valueName: "NAME=WORK"))
  var effort: [String] = []
  @Option(help: "How many to list; 0 for all.") var top = 0
  @Option(help: "How much of what all calls would bring the answer must bring.") var reach = ShareArgument(
    value: 0.95)
  @Option(help: "One of table, csv, json.") var format = TableFormat.table

  func run() throws {
    guard top >= 0 else { throw ValidationError("--top must not be negative.") }
    var efforts: [String: Double] = [:]
    for text in effort {
      let sides = text.split(separator: "=").map(String.init)
      guard sides.count == 2, let work = Double(sides[1]), work.isFinite, work > 0 else {
        throw InputError("--effort", found: InputError.quoted(text), allowed: "NAME=WORK with WORK above 0")
      }
      efforts[sides[0]] = work
    }
    let model = RefinedModel(try source.read(), try systems.setup())
    let local = Set(have.split(separator: ",").map(String.init))
    try CallNames.check(local.sorted(), model.profile, option: "--have")
    try CallNames.check(efforts.keys.sorted(), model.profile, option: "--effort")
    let start = model.predict(delegated: model.profile.calls.map { !local.contains($0.name) }).speedup
    var ranked = Ranking.portNext(model, local: local, efforts: efforts)
    let enough = Ranking.number(of: ranked, reaching: reach.value, from: start)
    let answer = ranked.prefix(enough)
    let best = ranked.map(\.speedup).max() ?? start
    if top > 0 { ranked = Array(ranked.prefix(top)) }
    switch format {
    case .table:
      var table = TextTable(["port next", "calls", "work", "saved", "saved/work", "speedup"])
      table.add(["(nothing)", "", "", "", "", NumberText.significant(start, digits: 5)])
      for entry in ranked {
        table.add([
          entry.call.name, "\(entry.call.count)", NumberText.significant(entry.effort),
          NumberText.engineering(entry.savedSeconds) + "s",
          NumberText.engineering(entry.savedSeconds / entry.effort) + "s",
          NumberText.significant(entry.speedup, digits: 5),
        ])
      }
      print(table.text, terminator: "")
      let share = NumberText.significant(reach.value * 100)
      if let last = answer.last {
        let names = answer.map(\.call.name).joined(separator: ", ")
        print(
          "\(enough) of them bring \(share) % of what all do: \(NumberText.significant(last.speedup, digits: 5)) of "
            + "\(NumberText.significant(best, digits: 5))\n  \(names)")
      } else {
        print("none of them brings anything")
      }
    case .csv:
      print("call,count,effort,savedSeconds,speedup")
      for entry in ranked {
        print("\(entry.call.name),\(entry.call.count),\(entry.effort),\(entry.savedSeconds),\(entry.speedup)")
      }
    case .json:
      let items = ranked.map { entry in
        "    {\"call\": \(JSONNode.quoted(entry.call.name)), \"count\": \(entry.call.count), \"effort\": \(entry.effort), "
          + "\"savedSeconds\": \(entry.savedSeconds), \"speedup\": \(entry.speedup)}"
      }
      print(
        "{\n  \"speedupWithout\": \(start),\n  \"enough\": \(enough),\n  \"ranked\": [\n"
          + items.joined(separator: ",\n") + "\n  ]\n}")
    }
  }
}
