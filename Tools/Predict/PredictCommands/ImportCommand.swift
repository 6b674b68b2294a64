import ArgumentParser
import ProfileImport
import SpeedupModel

extension ProfileFormat: ExpressibleByArgument {}

/// The command `apus predict import`.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a profile from the output of strace, perf trace or time.",
    discussion: """
      strace-c and strace-cw print the same table; the second holds wall-clock time (-w). Tables do not tell how \
      long the program computed: give --user or --wall of an untraced run. A trace (strace-T) does, thread by thread.

      Examples:
        strace -c -w -f -o calls.txt gzip -k9f big.txt
        apus predict import calls.txt --format strace-cw --wall 12.5s -o gzip.json
        strace -T -ttt -f -o trace.txt ls
        apus predict import trace.txt -o ls.json
      """)

  @Argument(help: "The tracer's output; - for the standard input (then --format is needed).") var file: String
  @Option(
    help: "One of strace-c, strace-cw, strace-T, perf-s, time-p, json; found out from the file without it.")
  var format: ProfileFormat?
  @Option(help: "Name of the program.") var program: String?
  @Option(help: "Length of an untraced run, such as 12.5s.") var wall: TimeArgument?
  @Option(help: "User time of an untraced run.") var user: TimeArgument?
  @Option(help: "System time of an untraced run.") var system: TimeArgument?
  @Option(help: "Time the tracer adds to each call, taken off; 0 keeps the raw times.")
  var overhead = TimeArgument(seconds: 0)
  @Flag(help: "Leave their time to calls that wait (wait4, futex, poll, ...) in programs of several threads.")
  var keepWaiting = false
  @Option(name: [.short, .long], help: "File to write; the standard output without it.") var output: String?

  func run() throws {
    var options = ImportOptions()
    options.program = program
    options.wallSeconds = wall?.seconds
    options.userSeconds = user?.seconds
    options.systemSeconds = system?.seconds
    options.overheadPerCall = overhead.seconds
    options.keepsWaiting = keepWaiting
    if file == "-", format == nil {
      throw InputError(
        "--format", found: "no format for the standard input",
        allowed: ProfileFormat.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let kind = try format ?? ProfileFormat.detect(path: file)
    try OutputFile.write(ProfileImporter.read(path: file, as: kind, options: options).json(), to: output)
  }
}
