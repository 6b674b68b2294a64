import ArgumentParser
import PredictFigures
import SpeedupModel

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The command `apus predict figures`.
struct FiguresCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "figures",
    abstract: "Draw figures 2 to 9 of the paper anew, as SVG with CSV beside.",
    discussion: """
      Figures 2 and 3 follow from published data. The paper gives no counts of calls, so figures 4 to 9 show the \
      built-in profiles of gzip, bzip2, gcc and sqlite, or yours. Each picture, and DIR/README.md, says what is \
      published and what is ours.

      Examples:
        apus predict figures out
        apus predict figures out --profile mine.json --profile other.json
      """)

  @Argument(help: "Directory to write to; made if it does not exist.") var directory: String
  @Option(help: "A profile to use in place of the built-in ones. Repeatable.") var profile: [String] = []

  func run() throws {
    var profiles: [(name: String, profile: Profile)] = []
    for path in profile {
      let name = path.split(separator: "/").last.map(String.init) ?? path
      profiles.append(
        (name.hasSuffix(".json") ? String(name.dropLast(5)) : name, try ProfileSource.read(path)))
    }
    if profiles.isEmpty { profiles = try MeasuredProfiles.all() }
    let figures = try PaperFigures.all(profiles)
    if mkdir(directory, 0o777) != 0, errno != EEXIST {
      throw InputError(
        directory, found: String(cString: strerror(errno)), allowed: "a directory that exists or can be made")
    }
    for figure in figures {
      try OutputFile.write(figure.csv, to: "\(directory)/\(figure.name).csv")
      try OutputFile.write(figure.figure.svg(), to: "\(directory)/\(figure.name).svg")
      print("\(directory)/\(figure.name).svg  \(figure.title)")
    }
    try OutputFile.write(PaperFigure.index(figures), to: "\(directory)/README.md")
    print("\(directory)/README.md  what is published and what is ours")
  }
}
