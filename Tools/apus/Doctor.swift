import ArgumentParser
import CommandSupport
import Foundation
import HostSupport
import ImageBuilder

/// `apus doctor` answers whether everything is there that the tools call.
struct Doctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists every external tool with version, path, and the command that installs it.",
    discussion: """
      The status is 1 if a tool is missing or too old.

      Examples:
        apus doctor
        apus doctor --verbose       also the commands by which the versions were asked
      """)

  @OptionGroup var common: CommonOptions

  func run() async throws {
    common.setTerminal()
    let project = try Project.find()
    var rows: [[String]] = []
    var problems = 0
    func add(_ program: String, _ state: Requirement.State, minimum: [Int], install: String, purpose: String)
    {
      let oldest = minimum.map(String.init).joined(separator: ".")
      switch state {
      case .present(let path, let version): rows.append(["ok", program, version, path, install, purpose])
      case .tooOld(let path, let version):
        problems += 1
        rows.append(["TOO OLD", program, "\(version) (at least \(oldest))", path, install, purpose])
      case .missing:
        problems += 1
        rows.append(["MISSING", program, "", "", install, purpose])
      }
    }

    let swiftInstall = "swift.org, a 6.3 toolchain"
    let swift = Requirement(
      package: "", program: "swift", versionArgument: "--version", minimum: [6, 3],
      purpose: "compiles everything")
    add("swift", await swift.check(), minimum: swift.minimum, install: swiftInstall, purpose: swift.purpose)
    let beside = [
      ("ld.lld", "links the kernel"), ("llvm-symbolizer", "names addresses in panic reports"),
      ("swift-demangle", "makes the names readable"), ("llvm-objcopy", "removes symbols from discs' kernels"),
      ("llvm-objdump", "looks for forbidden instructions"),
      ("swift-format", "checks the layout of the sources"),
      ("clang", "compiles the C sources, and the program that measures a peer"),
    ]
    let toolchain = try? await Toolchain.find()
    for (name, purpose) in beside {
      let path = toolchain.map { $0.path(of: name) } ?? name
      let exists = FileManager.default.isExecutableFile(atPath: path)
      add(
        name, exists ? .present(path: path, version: "") : .missing, minimum: [], install: swiftInstall,
        purpose: purpose)
    }
    let list = project.path("Tools/requirements.txt")
    for item in try Requirement.parse(String(decoding: Files.read(list), as: UTF8.self), file: list) {
      let name = item.program.hasPrefix("/") ? item.package : item.program
      add(
        name, await item.check(), minimum: item.minimum, install: item.installCommand, purpose: item.purpose)
    }
    print(Table(["", "tool", "version", "path", "installed by", "for"], rows).text, terminator: "")
    let hasKVM = access("/dev/kvm", R_OK | W_OK) == 0
    print(
      "/dev/kvm \(hasKVM ? "can be used: --accel kvm works" : "is not there for this user: --accel kvm does not work"); it is an option only"
    )
    guard problems == 0 else {
      throw ToolError("\(problems) of \(rows.count) tools are missing or too old", advice: "Tools/setup")
    }
  }
}
