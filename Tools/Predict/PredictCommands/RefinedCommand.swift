import ArgumentParser
import Plotting
import SpeedupModel

/// The command `apus predict refined`.
struct RefinedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "refined",
    abstract: "Predict the speedup of a recorded program for one choice of forwarded calls.",
    discussion: """
      The paper's refined model; options beyond --gamma, --fc, --policy and --share add terms its authors left \
      open. With --policy random it shows the median and the band that holds 90 % of the draws.

      Examples:
        apus predict refined gzip.json --gamma 2 --fc 10us --policy least --share 20%
        apus predict refined @bzip2 --gamma 10 --fc 10us --policy list:read,write
        apus predict refined @gcc --gamma 4 --fc 1us --policy all --delegators 8 --delegates 2
      """)

  @OptionGroup var source: ProfileArgument
  @OptionGroup var systems: SetupOptions
  @OptionGroup var choice: PolicyOptions
  @Option(help: "One of table, csv, json.") var format = TableFormat.table

  func run() throws {
    let setup = try systems.setup()
    let profile = try source.read()
    let policy = try choice.parsed(for: profile)
    let model = RefinedModel(profile, setup)
    let marks = policy.marks(for: model, share: choice.share.value)
    let prediction = model.predict(delegated: marks)
    var band: RandomBand?
    if case .random(let seed) = policy {
      band = RandomBand(model, share: choice.share.value, seed: seed, draws: choice.draws)
    }
    let names = zip(profile.calls, marks).filter(\.1).map(\.0.name)
    let naive = NaiveModel.speedup(share: profile.systemShare, gain: setup.effectiveGain)
    let values: [(String, Double)] =
      [
        ("speedup", band?.median ?? prediction.speedup), ("naiveSpeedup", naive),
        ("limit", profile.systemShare > 0 ? NaiveModel.limit(share: profile.systemShare) : .infinity),
        ("systemShare", profile.systemShare), ("originalSeconds", prediction.originalSeconds),
        ("delegatedSeconds", prediction.delegatedSeconds),
        ("computationSeconds", prediction.computationSeconds),
        ("localSeconds", prediction.localSeconds), ("remoteSeconds", prediction.remoteSeconds),
        ("forwardingSeconds", prediction.forwardingSeconds),
        ("translationSeconds", prediction.translationSeconds), ("waitingSeconds", prediction.waitingSeconds),
        ("forwardedInvocations", Double(model.totals(delegated: marks).forwardedCalls)),
      ] + (band.map { [("low5", $0.low), ("high95", $0.high)] } ?? [])
    switch format {
    case .csv: print("quantity,value\n" + values.map { "\($0.0),\($0.1)" }.joined(separator: "\n"))
    case .json:
      let members = values.map { "\"\($0.0)\": \($0.1.isFinite ? "\($0.1)" : "null")" }
      let list = names.map(JSONNode.quoted).joined(separator: ", ")
      print("{\n  " + (members + ["\"forwarded\": [\(list)]"]).joined(separator: ",\n  ") + "\n}")
    case .table:
      var table = TextTable(["\(profile.program) (\(profile.source))", ""])
      for value in values { table.add([value.0, NumberText.significant(value.1, digits: 5)]) }
      print(table.text, terminator: "")
      print("forwarded: \(names.isEmpty ? "none" : names.joined(separator: ", "))")
      if band != nil { print("the parts in seconds and the list are one of the draws") }
      if profile.computationSeconds == 0 {
        print(
          "note: this profile has no computation, so no gain helps it: \(profile.notes.last ?? "none is recorded")"
        )
      }
      if setup.secondsPerByte > 0, !profile.knowsBytes {
        print("note: this profile does not know how many bytes cross, so --per-byte costs nothing here")
      }
      if profile.callCount == 0, setup.forwardingCost > 0 {
        print("note: this profile has no counts of calls, so forwarding costs nothing here: a bound only")
      }
    }
  }
}
