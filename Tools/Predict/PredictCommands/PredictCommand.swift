import ArgumentParser

/// `apus predict`: what a program would gain on two operating systems.
public struct PredictCommand: ParsableCommand {
  /// Its name, its help and its subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Estimate what a program gains from a light kernel that forwards some system calls to Linux.",
    discussion: """
      Record a program, ask which calls the light kernel should serve itself, and see what speedup is left. \
      Docs/predict.md explains the model and its limits.

      Examples:
        apus predict record -o gzip.json -- gzip -k9f big.txt
        apus predict rank gzip.json --gamma 2 --fc 10us
        apus predict refined gzip.json --gamma 2 --fc 10us --policy least --share 20%
      """,
    subcommands: [
      RecordCommand.self, ImportCommand.self, ShowCommand.self, NaiveCommand.self, RefinedCommand.self,
      RankCommand.self, SweepCommand.self, FiguresCommand.self, CompareCommand.self, DelayCommand.self,
      SimulateCommand.self,
      ValidateCommand.self, CalibrationLoadCommand.self,
    ])

  /// The command without a subcommand, which shows its help.
  public init() {}
}
