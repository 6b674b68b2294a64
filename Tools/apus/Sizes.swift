import ArgumentParser
import CommandSupport
import HostSupport
import ImageBuilder

/// `apus sizes` shows what each module costs.
struct Sizes: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows text, data and bss per module in bytes, and the change since the last build.",
    discussion: """
      Examples:
        apus sizes                  both architectures
        apus sizes --arch i686
      """)

  @Option(help: "Only this processor architecture.") var arch: Architecture?
  @Option(help: ArgumentHelp("Which bare-metal product.", visibility: .hidden)) var kernel: KernelProduct =
    .kernel
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let (project, toolchain) = try await common.begin()
    for architecture in arch.map({ [$0] }) ?? Architecture.allCases {
      let built = try await KernelBuild(
        product: kernel, architecture: architecture, project: project, toolchain: toolchain
      ).run()
      Terminal.shared.clearStep()
      let now = SizeReport(text: String(decoding: try Files.read(built.sizes), as: UTF8.self))
      let before = (try? Files.read(built.sizes + ".previous")).map {
        SizeReport(text: String(decoding: $0, as: UTF8.self))
      }
      print(
        "\(kernel.rawValue) for \(architecture.rawValue), in bytes; in brackets the change since the build before"
      )
      print(Self.table(now, before: before))
    }
  }

  static func table(_ now: SizeReport, before: SizeReport?) -> String {
    func row(_ name: String, _ new: SizeReport.Sizes, _ old: SizeReport.Sizes?) -> [String] {
      func cell(_ path: KeyPath<SizeReport.Sizes, Int>) -> String {
        guard let old, old[keyPath: path] != new[keyPath: path] else { return "\(new[keyPath: path])" }
        let change = new[keyPath: path] - old[keyPath: path]
        return "(\(change > 0 ? "+" : "")\(change)) \(new[keyPath: path])"
      }
      return [name, cell(\.text), cell(\.data), cell(\.bss)]
    }
    let names = Set(now.modules.keys).union(before.map { Set($0.modules.keys) } ?? [])
    let empty = SizeReport.Sizes()
    let sorted = names.sorted {
      (now.modules[$1]?.text ?? 0, $0) < (now.modules[$0]?.text ?? 0, $1)
    }
    let rows = sorted.map { name in
      row(name, now.modules[name] ?? empty, before.map { $0.modules[name] ?? empty })
    }
    return Table(
      ["module", "text", "data", "bss"], rows + [row("total", now.total, before?.total)],
      rightAligned: [1, 2, 3]
    ).text
  }
}
