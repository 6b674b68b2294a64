import ArgumentParser
import Bench
import CommandSupport
import Foundation
import GuestLab
import HostSupport
import ImageBuilder
import Launch
import Plotting

/// `apus bench`: boots the benchmark kernel, and peers, and reports what they measured.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures the kernel: threads, switches, what they do with each other.",
    discussion: """
      By default in executed instructions, under -icount shift=0,sleep=off: exact, and the same in every run and on \
      every host. --wall measures in ticks of the host's time stamp counter instead, and repeats until the spread \
      between runs is known. On i686 the two ways to switch are compared in ticks in any case: instructions don't \
      count what the hardware's switch does.

      Examples:
        apus bench                                     everything, on x86_64
        apus bench context-switch --arch i686          both ways to switch
        apus bench hourglass --peer linux --svg h.svg  what the timer's switch costs, beside Linux, as a picture
        apus bench syscalls --peer linux               the same program on our kernel and on Linux
        apus bench syscalls --arch i686 --peer linux-guest   what calls cost in a Linux that is our guest
        apus bench primitives --json bench.json        raw samples too
        apus bench node --peer linux --svg node.svg    messages between two nodes; Linux's futex and pipe on two processors
        apus bench guest                               what guests are given, by the kernel of i686
        apus bench tables --svg tables.svg             published tables with a column of ours, as Markdown
        apus bench --from bench.json --csv bench.csv   another form of what was measured
      """)

  @Argument(help: "Paths, their first parts, or suites; all if there are none.") var names: [String] = []
  @Flag(help: "Explain each benchmark and stop.") var list = false
  @Option(help: "The processor architecture.") var arch: Architecture = .x86_64
  @Flag(help: "Measure in ticks of the time stamp counter, without counting instructions.") var wall = false
  @Option(
    help:
      "Boot this system too, in the same emulator: linux, or linux-guest for $APUS_LINUX_GUEST as our guest.")
  var peer: Peer?
  @Option(
    help: ArgumentHelp(
      "Boot each kernel this often. (default: 2; until the spread is known with --wall)", valueName: "number")
  )
  var runs: Int?
  @Option(help: ArgumentHelp("Write a report with all samples.", valueName: "file")) var json: String?
  @Option(help: ArgumentHelp("Write all samples, one a line.", valueName: "file")) var csv: String?
  @Option(help: ArgumentHelp("Draw what was measured.", valueName: "file")) var svg: String?
  @Option(help: ArgumentHelp("Measure nothing; read a report of --json.", valueName: "file")) var from:
    String?
  @Option(help: ArgumentHelp("End a run after this many seconds.", valueName: "seconds")) var timeout:
    Double = 600
  @OptionGroup var common: CommonOptions

  /// Systems that can be measured beside ours.
  enum Peer: String, ExpressibleByArgument, CaseIterable {
    case linux
    case linuxGuest = "linux-guest"
  }

  mutating func validate() throws {
    for name in names where name != "tables" && Catalogue.entries(matching: name).isEmpty {
      let near = Catalogue.suggestions(for: name)
      throw ValidationError(
        "no benchmark is called `\(name)`"
          + (near.isEmpty ? "" : "; did you mean \(near.joined(separator: ", "))?")
          + " (`apus bench --list` explains all)")
    }
    if let runs, !(1...1000).contains(runs) {
      throw ValidationError("--runs \(runs): allowed are 1 to 1000")
    }
    guard timeout > 0, timeout.isFinite else {
      throw ValidationError("--timeout \(timeout): allowed are numbers greater than 0 (seconds)")
    }
    guard !names.contains("tables") || names.count == 1 else {
      throw ValidationError("tables stands for itself: no other names with it")
    }
    if from != nil, !(names.isEmpty || isTables) || peer != nil || wall || runs != nil {
      throw ValidationError("--from measures nothing: no names, --peer, --wall or --runs with it")
    }
  }

  func run() async throws {
    if list { return explain() }
    let report: BenchmarkReport
    if let from {
      common.setTerminal()
      report = try BenchmarkReport(file: from)
    } else {
      report = try await measure()
    }
    if isTables {
      print(PublishedTables(report).markdown)
      noteMissing(report)
    } else {
      show(report)
    }
    if let json { try Files.write(Array(try report.json()), to: json) }
    if let csv { try Files.write(report.csv, to: csv) }
    if let svg {
      try Files.write(isTables ? PublishedTables(report).svg : report.picture.svg(), to: svg)
    }
  }

  private func explain() {
    print(
      Table(
        ["name", "a sample is", "peers"],
        Catalogue.entries.map {
          [$0.name, $0.explanation, $0.isOurs ? $0.peerName ?? "" : "\($0.name), the same program"]
        }
      ).text)
    for suite in Catalogue.suites { print("\(suite.name) = \(suite.groups.joined(separator: " "))") }
  }

  // MARK: - Measuring

  /// Whether the published tables are wanted, not ours.
  private var isTables: Bool { names == ["tables"] }

  private func measure() async throws -> BenchmarkReport {
    let (project, toolchain) = try await common.begin()
    let selection = Catalogue.selection(isTables ? ["guest", "jacobi"] : names)
    // Guests are hosted by one kernel only: whoever asks for them by name means that one.
    let arch = isTables ? .i686 : arch
    let versions = try await Versions.current(project: project, architecture: arch)
    let unit: BenchmarkResult.Unit = wall ? .ticks : .instructions
    let counted = Repetition.count(runs ?? 2)
    let timed = runs.map(Repetition.count) ?? .untilSpreadIsKnown(most: 20)
    let repetition = wall ? timed : counted
    var report = BenchmarkReport(results: [])
    func add(_ turns: [BenchmarkMachine], _ repetition: Repetition) async throws {
      let part = try await BenchmarkMachine.repeated(turns, repetition) { Terminal.shared.step($0) }
      report.results += part.results
      report.missing.merge(part.missing) { first, _ in first }
    }

    if selection.contains(where: { $0.group == "boot" }) {
      Terminal.shared.step("measuring boot")
      let wanted = selection.map(\.name)
      let boot = BootBenchmark(project: project, toolchain: toolchain)
      if wanted.contains("boot/first-line") || wanted.contains("boot/start-up") {
        report.results += try await boot.run(
          arch, unit: unit, repetition, timeout: timeout, versions: versions
        ).filter { wanted.contains($0.name) }
      }
      if wanted.contains("boot/prompt") {
        var shell: String?
        do {
          shell = try await ShellRamdisk(arch, project: project).prepare()
        } catch let error as ToolError {
          // Without Debian's busybox there is no prompt, and everything else to measure.
          report.missing["boot/prompt"] = error.description
        }
        if let shell {
          report.results += try await boot.runToPrompt(
            of: shell, arch, unit: unit, repetition, timeout: timeout, versions: versions)
        }
      }
    }
    let ours = KernelBenchmark(project: project, toolchain: toolchain, versions: versions)
    for turns in try await ours.measurements(of: selection, on: arch, unit: unit, timeout: timeout) {
      try await add(turns, repetition)
    }
    let guests = selection.filter { $0.group == "guest" }.map(\.name)
    if !guests.isEmpty, arch == .i686 || names.contains(where: { $0.hasPrefix("guest") }) {
      let benchmark = GuestBenchmark(
        lab: GuestLab(project: project, toolchain: toolchain), versions: versions)
      for machine in try await benchmark.measurements(
        wanted: guests.count == Catalogue.entries(matching: "guest").count ? [] : guests, unit: unit,
        timeout: timeout)
      { try await add([machine], repetition) }
    }
    for group in ["node", "nodes"] where selection.contains(where: { $0.group == group }) {
      let nodes = NodeBenchmark(project: project, toolchain: toolchain, versions: versions)
      let machine = try await nodes.measurement(
        group, on: arch, wanted: selection.filter { $0.group == group }.map(\.name), timeout: timeout)
      // Once: a machine that has run must be staged anew.
      try await add([machine], .count(1))
    }
    if !wall, arch == .i686 {
      let switches = selection.filter { $0.group == "yield" }
      for turns in try await ours.measurements(of: switches, on: arch, unit: .ticks, timeout: timeout)
      where turns.count > 1 { try await add(turns, timed) }
    }
    if selection.contains(where: { !$0.isOurs }) {
      let programs = ProgramBenchmark(project: project, toolchain: toolchain, architecture: arch)
      try await add(
        [try await programs.measurement(of: selection, unit: unit, timeout: timeout, versions: versions)],
        repetition)
    }
    if peer == .linux {
      let groups = Catalogue.peerGroups(of: selection)
      // What lies between two processors can't be counted in instructions.
      let between = groups.filter { $0 == "between" }
      do {
        let linux = LinuxPeer(project: project, toolchain: toolchain, architecture: arch)
        for (groups, unit, processors) in [
          (groups.filter { $0 != "between" }, unit, 1), (between, .ticks, 2),
        ]
        where !groups.isEmpty {
          let measurement = try await linux.measurement(
            groups: groups, unit: unit, processors: processors, timeout: max(timeout, 600), versions: versions
          )
          try await add([measurement], processors == 1 ? repetition : .count(1))
        }
      } catch let error as ToolError {
        // A peer that can't be had takes nothing from what was measured.
        report.missing[LinuxPeer.name] = error.description
      }
    }
    // The tables have rows that only a Linux in a guest can fill.
    if isTables, !LinuxGuest.isNamed {
      report.missing[LinuxGuest.name] = "\(LinuxGuest.variable) names no kernel, see Docs/linux-guest.md"
    }
    if peer == .linuxGuest || isTables && LinuxGuest.isNamed {
      guard let guest = LinuxGuest(project: project, toolchain: toolchain) else {
        throw ToolError(
          "\(LinuxGuest.variable) names no kernel; Docs/linux-guest.md says what kind of one is needed")
      }
      let groups = isTables ? PublishedTables.linuxGroups : Catalogue.peerGroups(of: selection)
      let measurement = try await guest.measurement(
        groups: groups, unit: unit, timeout: max(timeout, 600),
        versions: versions)
      try await add([measurement], repetition)
    }
    Terminal.shared.clearStep()
    // Kept for a second look, whatever else was asked for.
    try Files.write(Array(try report.json()), to: project.path(".build-bench/last.json"))
    return report
  }

  // MARK: - Showing

  private func show(_ report: BenchmarkReport) {
    var lines: [String] = []
    for line in report.results.map(\.commandLine) where !lines.contains(line) { lines.append(line) }
    for line in lines { print(line) }
    var versions: Set<String> = []
    for (name, version) in report.results.flatMap(\.versions) { versions.insert("\(name): \(version)") }
    for version in versions.sorted() { print(version) }
    print("")
    print(report.table, terminator: "")
    for more in [
      report.switchRatios, report.messageRatios, report.comparison(with: LinuxPeer.name),
      report.leastComparison(with: LinuxPeer.name),
    ] where !more.isEmpty {
      print("\n" + more, terminator: "")
    }
    noteMissing(report)
  }

  private func noteMissing(_ report: BenchmarkReport) {
    for (name, reason) in report.missing.sorted(by: { $0.key < $1.key }) {
      Terminal.shared.note("not measured: \(name): \(reason)")
    }
  }
}
