// A program whose behaviour is known: phases of computation, each followed by the same system calls.
//
// Like the benchmark of the paper (section IV): Monte Carlo estimation of pi, one call made very often and a dozen
// made rarely, and a gain imitated by computing correspondingly less. It times its own calls, so its profile holds
// no tracer's overhead.

import ArgumentParser
import SpeedupModel

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@main
struct Synthetic: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict-synthetic",
    abstract: "Alternate between computing pi at random and making a fixed set of system calls.",
    discussion: """
      The call `write` is made --writes times, a dozen others a few hundred times in all. --gain G divides the
      computation by G, which imitates a light kernel on which computation is G times faster.

      Example: predict-synthetic --trials 20000000 --writes 50000 --report synthetic.json
      """)

  @Option(help: "Random points in all, before --gain divides them.") var trials = 20_000_000
  @Option(help: "How many times less to compute; from 0.001.") var gain = 1.0
  @Option(help: "Phases of computation and calls.") var phases = 20
  @Option(help: "Calls of write in all.") var writes = 50_000
  @Option(help: "Threads that each do all of this.") var threads = 1
  @Option(help: "File to write the profile of this run to.") var report: String?

  func validate() throws {
    let most = 1_000_000_000_000
    guard (0...most).contains(trials), (0...most).contains(writes) else {
      throw ValidationError("--trials and --writes must be from 0 to \(most).")
    }
    guard gain >= 1e-3, gain <= 1e9 else { throw ValidationError("--gain must be from 0.001 to 1e9.") }
    guard (1...1_000_000).contains(phases) else {
      throw ValidationError("--phases must be from 1 to 1000000.")
    }
    guard (1...256).contains(threads) else { throw ValidationError("--threads must be from 1 to 256.") }
    guard threads == 1 || report == nil else { throw ValidationError("--report needs --threads 1.") }
  }

  func run() throws {
    let start = Workload.now()
    if threads > 1 {
      Workload.runTogether(threads) { Workload(trials: trials, gain: gain, phases: phases, writes: writes) }
      return
    }
    var workload = Workload(trials: trials, gain: gain, phases: phases, writes: writes)
    workload.run()
    let wall = Workload.now() - start
    guard let report else { return }
    let spent = workload.records.reduce(0) { $0 + $1.seconds }
    let profile = try Profile(
      program: "predict-synthetic", source: "predict-synthetic --report",
      computationSeconds: max(0, wall - spent),
      wallSeconds: wall, calls: workload.records, notes: ["the program timed its own calls"])
    guard let file = fopen(report, "w") else {
      throw ValidationError("\(report): \(String(cString: strerror(errno)))")
    }
    fputs(profile.json(), file)
    fclose(file)
  }
}
