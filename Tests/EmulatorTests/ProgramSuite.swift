import Foundation
import HostSupport
import ImageBuilder
import Launch

/// The static C programs of `Tests/Programs`, built by the toolchain's clang against the musl of Debian's musl-dev, which
/// is fetched and unpacked but never installed.
struct ProgramSuite {
  /// How a program is linked.
  enum Linking: String, CaseIterable {
    /// At fixed addresses.
    case fixed
    /// Wherever it is put (static PIE).
    case movable
  }

  /// All programs, by the names of their sources.
  static let names = [
    "memory", "processes", "threads", "signals", "floating", "times", "polling", "futexes", "limits",
    "attacks", "sharing", "timers",
  ]
  /// And some that Linux may do otherwise with, or does not know.
  private static let others = ["hog", "ports", "umip"]

  /// The processor that the programs are for.
  let architecture: Architecture
  let project: Project
  let toolchain: Toolchain

  private var sources: String { project.path("Tests/Programs") }
  private var folder: String { project.path(".build-suite/\(architecture.rawValue)") }
  private var debianName: String { architecture == .i686 ? "i386" : "amd64" }
  private var target: String { architecture == .i686 ? "i386-linux-musl" : "x86_64-linux-musl" }

  /// Where a program is once it was built.
  func path(_ name: String, _ linking: Linking) -> String { "\(folder)/\(linking.rawValue)/\(name)" }

  /// Builds what has changed; `false` if Debian's package can't be had.
  func build() async throws -> Bool {
    guard
      let package = try? await DebianPackage("musl-dev", architecture: debianName).unpacked(
        in: ShellRamdisk.packages(project))
    else { return false }
    let headers = try await Command(toolchain.path(of: "clang"), ["-print-resource-dir"]).output()
      .trimmingCharacters(in: .whitespacesAndNewlines)
    return try await FolderLock.hold("\(folder)/lock") {
      var inputs = Fingerprint()
      inputs.add(word: "suite 1")
      inputs.add(folder: sources)
      let stamp = "\(folder)/stamp"
      if inputs.matches(stamp: stamp) { return true }
      for linking in Linking.allCases {
        try Files.makeFolder("\(folder)/\(linking.rawValue)")
        let common = try await ["Support", "Division"].asyncMap {
          try await compile($0, linking, package: package, headers: headers + "/include")
        }
        for name in Self.names + Self.others {
          let object = try await compile(name, linking, package: package, headers: headers + "/include")
          try await link([object] + common, to: path(name, linking), linking, package: package)
        }
      }
      try inputs.write(stamp: stamp)
      return true
    }
  }

  private func compile(_ name: String, _ linking: Linking, package: String, headers: String) async throws
    -> String
  {
    let object = "\(folder)/\(linking.rawValue)/\(name).o"
    let processor = architecture == .i686 ? ["-march=i686", "-msse2"] : []
    try await Command(
      toolchain.path(of: "clang"),
      ["--target=\(target)", "-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", "-fno-stack-protector"]
        + processor + [
          linking == .fixed ? "-fno-pic" : "-fPIE", "-nostdinc", "-isystem",
          "\(package)/usr/include/\(target)",
          "-isystem", headers, "-c", "\(sources)/\(name).c", "-o", object,
        ]
    ).output()
    return object
  }

  private func link(_ objects: [String], to path: String, _ linking: Linking, package: String) async throws {
    let library = "\(package)/usr/lib/\(target)"
    let start = linking == .fixed ? "crt1.o" : "rcrt1.o"
    let movable = linking == .fixed ? [] : ["-pie", "--no-dynamic-linker", "-z", "text"]
    try await Command(
      toolchain.path(of: "ld.lld"),
      ["-m", architecture == .i686 ? "elf_i386" : "elf_x86_64", "-static"] + movable + [
        "--build-id=none", "-z", "noexecstack", "-o", path, "\(library)/\(start)", "\(library)/crti.o",
      ] + objects + ["\(library)/libc.a", "\(library)/crtn.o"]
    ).output()
  }

  /// What a program prints on the host's Linux, or `nil` where programs like it can't be run.
  func hostTranscript(_ name: String, _ linking: Linking) async throws -> [String]? {
    let work = try Files.makeTemporaryFolder()
    defer { try? Files.remove(work) }
    // A program that goes astray must not fill the disk, nor wait for ever.
    let result = try await Command(
      "/bin/sh", ["-c", "ulimit -f 2000; exec timeout 60 \(Command.quoted(path(name, linking)))"],
      directory: work
    ).result()
    // A host without programs of i386, or none of Linux at all, can't be compared with.
    guard result.status != 126, result.status != 127 else { return nil }
    return result.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }
}

extension Array {
  fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result]
  {
    var results: [Result] = []
    for element in self { results.append(try await transform(element)) }
    return results
  }
}
