import ArgumentParser

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `apus predict calibration-load`: what `delay` and `record` run to measure their own overhead.
struct CalibrationLoadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibration-load", abstract: "Call getppid so many times.", shouldDisplay: false)

  @Argument(help: "How many times.") var count: Int

  func run() { for _ in 0..<max(0, count) { _ = getppid() } }
}
