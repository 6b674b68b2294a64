import ArgumentParser
import DelayTracer
import ProfileImport
import SpeedupModel

/// A length of time on the command line, with its unit: `10us`.
struct TimeArgument: ExpressibleByArgument {
  var seconds: Double

  init(seconds: Double) { self.seconds = seconds }

  init?(argument: String) {
    guard let seconds = try? DurationText.seconds(argument, option: "") else { return nil }
    self.seconds = seconds
  }
}

/// A share on the command line: `20%` or `0.2`.
struct ShareArgument: ExpressibleByArgument {
  var value: Double

  init(value: Double) { self.value = value }

  init?(argument: String) {
    guard let value = try? DurationText.share(argument, option: "") else { return nil }
    self.value = value
  }
}

/// Options that describe the two systems.
struct SetupOptions: ParsableArguments {
  @Option(help: "γ: how many times faster computation is on the light kernel.") var gamma = 1.0
  @Option(name: .customLong("fc"), help: "f_c: time to forward a call one way, with unit, such as 10us.")
  var forwardingCost = TimeArgument(seconds: 0)
  @Option(help: "β: extra time for each byte that crosses, such as 0.1ns.") var perByte = TimeArgument(
    seconds: 0)
  @Option(
    help: ArgumentHelp(
      "k: a call served by the light kernel takes k times as long; for one call NAME=k. Repeatable.",
      valueName: "k|NAME=k"))
  var local: [String] = []
  @Option(
    help: ArgumentHelp(
      "A part of the computation with a gain of its own, such as tlb=0.2:5. Repeatable.",
      valueName: "NAME=SHARE:GAIN"))
  var workClass: [String] = []
  @Option(help: "τ: time lost after each forwarded call to refill address translations.")
  var translationLoss = TimeArgument(seconds: 0)
  @Option(help: "Threads on the light kernel that compute and forward.") var delegators = 1
  @Option(help: "Threads on Linux that serve forwarded calls.") var delegates = 1
  @Option(help: "Share of the forwarding time in which a delegate is busy: 0% for a wire, 100% for polling.")
  var occupancy = ShareArgument(value: 0)

  /// The setup, checked.
  func setup() throws -> Setup {
    var setup = Setup(gain: gamma, forwardingCost: forwardingCost.seconds)
    setup.secondsPerByte = perByte.seconds
    setup.translationLoss = translationLoss.seconds
    setup.delegators = delegators
    setup.delegates = delegates
    setup.delegateOccupancy = occupancy.value
    for text in local {
      let sides = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      guard let factor = Double(sides.last ?? ""), sides.count <= 2, sides.first?.isEmpty == false else {
        throw InputError("--local", found: InputError.quoted(text), allowed: "a factor, or NAME=factor")
      }
      if sides.count == 1 { setup.localFactor = factor } else { setup.localFactors[sides[0]] = factor }
    }
    for text in workClass {
      let sides = text.split(separator: "=").map(String.init)
      let numbers = (sides.last ?? "").split(separator: ":").map(String.init)
      guard sides.count == 2, numbers.count == 2, let gain = Double(numbers[1]) else {
        throw InputError(
          "--work-class", found: InputError.quoted(text), allowed: "NAME=SHARE:GAIN, such as tlb=20%:5")
      }
      let share = try DurationText.share(numbers[0], option: "--work-class")
      setup.classes.append(WorkClass(sides[0], share: share, gain: gain))
    }
    try setup.check(place: "options")
    return setup
  }
}

/// Options that choose forwarded calls.
struct PolicyOptions: ParsableArguments {
  @Option(
    help: """
      Which calls are forwarded: least, most, random, best, all, none, list:NAME,NAME or file:FILE with a name a line.
      """)
  var policy = "least"
  @Option(help: "Share of distinct calls that is forwarded, rounded up.") var share = ShareArgument(
    value: 0.2)
  @Option(help: "Seed of the random policy.") var seed: UInt64 = 1
  @Option(help: "Draws of the random policy, 1 to 100000.") var draws = 200

  /// The policy, checked; a list names calls of this kernel or of `profile`.
  func parsed(for profile: Profile? = nil) throws -> Policy {
    guard (1...100_000).contains(draws) else {
      throw InputError("--draws", found: "\(draws)", allowed: "1 to 100000")
    }
    guard policy.hasPrefix("file:") else {
      let parsed = try Policy(parsing: policy, seed: seed)
      if case .list(let names) = parsed { try CallNames.check(names, profile, option: "--policy") }
      return parsed
    }
    let path = String(policy.dropFirst(5))
    let text = String(decoding: try WholeFile.read(path), as: UTF8.self)
    return .list(try SystemCallNames.current.readPolicy(text, place: path))
  }
}

/// A profile on the command line: one of ours, a tracer's output, or the name of a built-in one.
struct ProfileArgument: ParsableArguments {
  @Argument(help: "A profile: a file of ours, a tracer's output, or @NAME for a built-in one, such as @gzip.")
  var profile: String

  @Option(
    help: ArgumentHelp(
      "A profile of a run on the light kernel: calls it serves itself take as long as there.",
      valueName: "profile"))
  var localFrom: String?

  /// Reads the profile.
  func read() throws -> Profile {
    let profile = try ProfileSource.read(profile)
    guard let localFrom else { return profile }
    return try profile.local(as: ProfileSource.read(localFrom))
  }
}

enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case table, csv, json, svg, plot }
enum TableFormat: String, ExpressibleByArgument, CaseIterable { case table, csv, json }

/// Names of calls on the command line.
enum CallNames {
  /// Refuses a name that neither this kernel nor `profile` knows: a misspelt one would forward nothing, silently.
  static func check(_ names: some Sequence<String>, _ profile: Profile?, option: String) throws(InputError) {
    for name in names {
      guard SystemCallNames.current.numbers[name] == nil,
        profile?.calls.contains(where: { $0.name == name }) != true
      else { continue }
      throw InputError(
        option, found: InputError.quoted(name),
        allowed: "a system call of Linux"
          + (profile.map { ", or one of " + $0.calls.map(\.name).joined(separator: ", ") } ?? ""))
    }
  }
}
