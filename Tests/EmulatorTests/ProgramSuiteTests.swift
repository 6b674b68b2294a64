import Foundation
import HostSupport
import ImageBuilder
import Launch
import Testing

/// The programs of `Tests/Programs` on our kernel and on the host's Linux: the same transcripts, line by line.
extension EmulatorTests {
  @Suite struct SuitePrograms {
    /// Which programs run on which kernel, and how.
    struct Variant: Sendable, CustomTestStringConvertible {
      var kernel: Architecture
      var programs: Architecture
      var names = ProgramSuite.names
      var linking = ProgramSuite.Linking.fixed
      var options = ""
      var processor = "max"

      var testDescription: String {
        "\(names.count == ProgramSuite.names.count ? "all" : names.joined(separator: "-")), \(programs.rawValue) on \(kernel.rawValue), \(linking.rawValue), \(processor) \(options)"
      }
    }

    static let variants = [
      Variant(kernel: .i686, programs: .i686),
      Variant(kernel: .x86_64, programs: .x86_64),
      Variant(kernel: .x86_64, programs: .i686),
      Variant(kernel: .i686, programs: .i686, linking: .movable),
      Variant(kernel: .x86_64, programs: .x86_64, linking: .movable),
      // Intel's processors have sysenter in long mode; the call page uses it there.
      Variant(
        kernel: .x86_64, programs: .i686, names: ["processes", "signals", "threads", "attacks"],
        linking: .movable,
        processor: "max,vendor=GenuineIntel"),
      // With xsave, and so AVX, in the frames of handlers.
      Variant(
        kernel: .x86_64, programs: .x86_64, names: ["floating", "signals", "attacks"], options: "fpu=eager"),
      Variant(
        kernel: .i686, programs: .i686, names: ["floating", "signals", "attacks"], options: "fpu=eager"),
      // Without SMEP, SMAP and UMIP.
      Variant(kernel: .i686, programs: .i686, names: ["attacks"], processor: "qemu32"),
      Variant(kernel: .x86_64, programs: .x86_64, names: ["attacks"], processor: "qemu64"),
    ]

    @Test(arguments: variants)
    func goAsOnLinux(variant: Variant) async throws {
      let project = try Host.project()
      let suite = ProgramSuite(
        architecture: variant.programs, project: project, toolchain: try await Host.toolchain())
      guard try await suite.build(), let machine = try await machine(variant, suite) else { return }
      var expected: [String: [String]] = [:]
      for name in variant.names { expected[name] = try await suite.hostTranscript(name, variant.linking) }
      let report = try await run(machine, timeout: 600, hangPatience: 300, expecting: .passes("## all"))
      let serial = String(String.UnicodeScalarView(report.serial.unicodeScalars.filter { $0 != "\r" }))
      let lines = serial.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      for name in variant.names {
        guard let linux = expected[name] else { continue }
        let here = lines.drop { $0 != "## \(name)" }.dropFirst().prefix { !$0.hasPrefix("## ") }
        compare(name, linux: linux, here: Array(here))
      }
    }

    /// A program in Swift, with its runtime and the C library of the host, linked statically.
    @Test func aProgramInSwiftGoesAsOnLinux() async throws {
      let project = try Host.project()
      let toolchain = try await Host.toolchain()
      let folder = project.path(".build-suite/swift")
      try Files.makeFolder(folder)
      let program = "\(folder)/greeting"
      let build = try await Command(
        toolchain.path(of: "swiftc"),
        [
          "-O", "-static-executable", project.path("Tests/Programs/greeting.swift"), "-o", program,
          "-Xlinker", "-s",
        ]
      ).result()
      // Without the host's static C library there is none.
      guard build.status == 0 else { return }
      let expected = try await Command(program).output()
      let shell = try await ShellRamdisk(.x86_64, project: project).prepare()
      let ramdisk = try Files.makeTemporaryFolder() + "/ramdisk"
      defer { try? Files.remove(ramdisk) }
      try FileManager.default.copyItem(atPath: shell, toPath: ramdisk)
      try FileManager.default.copyItem(atPath: program, toPath: ramdisk + "/bin/greeting")
      var description = try ImageDescription(file: "\(project.imagesFolder)/apus-x86_64.toml")
      description.ramdisk = ramdisk
      description.name += "-greeting"
      description.commandLine = "program=/bin/sh -- -c 'echo; greeting'"
      let image = ImageBuild(description, project: project, toolchain: toolchain)
      let machine = try await BootPlan(image: image, path: .kernel).prepare().machine
      try await run(machine, timeout: 300, hangPatience: 120, expecting: .passes("\n" + expected))
    }

    /// Programs call each other: what is refused, and what becomes of those who wait when the other ends.
    @Test(arguments: [
      Variant(kernel: .i686, programs: .i686, names: ["ports"]),
      Variant(kernel: .x86_64, programs: .x86_64, names: ["ports"]),
      Variant(kernel: .x86_64, programs: .i686, names: ["ports"]),
    ])
    func programsCallEachOther(variant: Variant) async throws {
      let suite = ProgramSuite(
        architecture: variant.programs, project: try Host.project(), toolchain: try await Host.toolchain())
      guard try await suite.build(), let machine = try await machine(variant, suite) else { return }
      try await run(
        machine, timeout: 300, hangPatience: 100, expecting: .passes("ports: all checked", "## all"))
    }

    /// A process that has been promised more memory than there is ends where it touches too much, and nobody else.
    @Test(arguments: Architecture.allCases)
    func whoTouchesMoreThanThereIsEndsAlone(architecture: Architecture) async throws {
      let project = try Host.project()
      let suite = ProgramSuite(
        architecture: architecture, project: project, toolchain: try await Host.toolchain())
      guard try await suite.build() else { return }
      let variant = Variant(kernel: architecture, programs: architecture, names: ["hog"])
      guard let machine = try await machine(variant, suite) else { return }
      try await run(
        machine, timeout: 300, hangPatience: 200,
        expecting: .passes("out of memory: process", "neighbour goes on", "## all"))
    }

    /// A program isn't told where the kernel's tables lie (UMIP).
    @Test(arguments: Architecture.allCases)
    func nobodyIsToldWhereTheTablesAre(architecture: Architecture) async throws {
      let suite = ProgramSuite(
        architecture: architecture, project: try Host.project(), toolchain: try await Host.toolchain())
      guard try await suite.build() else { return }
      let variant = Variant(kernel: architecture, programs: architecture, names: ["umip"])
      guard let machine = try await machine(variant, suite) else { return }
      let end = ": ended by Segmentation fault\n"
      try await run(
        machine, timeout: 300, hangPatience: 200,
        expecting: .passes(
          "sgdt" + end, "sidt" + end, "sldt" + end, "str" + end, "smsw" + end, "## all"))
    }

    private func machine(_ variant: Variant, _ suite: ProgramSuite) async throws -> GuestMachine? {
      let project = try Host.project()
      guard let shell = try? await ShellRamdisk(variant.programs, project: project).prepare() else {
        return nil
      }
      let folder = try Files.makeTemporaryFolder() + "/ramdisk"
      try FileManager.default.copyItem(atPath: shell, toPath: folder)
      var script = "cd /tmp\n"
      for name in variant.names {
        try FileManager.default.copyItem(
          atPath: suite.path(name, variant.linking), toPath: "\(folder)/bin/suite-\(name)")
        script += "echo '## \(name)'; suite-\(name)\n"
      }
      try Files.write(script + "echo '## all'\n", to: folder + "/suite.sh")
      var description = try ImageDescription(
        file: "\(project.imagesFolder)/apus-\(variant.kernel.rawValue).toml")
      description.ramdisk = folder
      description.name += "-suite-" + variant.testDescription.filter { $0.isLetter || $0.isNumber }
      description.commandLine = "\(variant.options) program=/bin/sh -- /suite.sh"
      let image = ImageBuild(description, project: project, toolchain: suite.toolchain)
      var machine = try await BootPlan(image: image, path: .kernel).prepare().machine
      machine.processor = variant.processor
      try Files.remove(folder)
      return machine
    }

    /// Finds the first line that differs; lines of the kernel's log may stand between.
    private func compare(_ name: String, linux: [String], here: [String]) {
      let here = here.filter { !$0.hasPrefix("[") }
      for (index, line) in linux.enumerated() where !line.isEmpty {
        guard index < here.count, here[index] == line else {
          Issue.record(
            """
            \(name), line \(index + 1): Linux says `\(line)`, here it is `\(index < here.count ? here[index] : "")`
            ---- here
            \(here.joined(separator: "\n"))
            """)
          return
        }
      }
    }
  }
}
