import Foundation
import HostSupport
import ImageBuilder
import Launch
import Testing

/// Debian's own busybox, unchanged, on our kernel.
extension EmulatorTests {
  @Suite struct Shell {
    /// A machine whose ramdisk ends in a shell; `nil` where Debian's packages can't be had.
    static func machine(_ architecture: Architecture) async throws -> GuestMachine? {
      let project = try Host.project()
      guard let folder = try? await ShellRamdisk(architecture, project: project).prepare() else { return nil }
      var description = try ImageDescription(
        file: "\(project.imagesFolder)/apus-\(architecture.rawValue).toml")
      description.ramdisk = folder
      description.name += "-shell"
      let image = ImageBuild(description, project: project, toolchain: try await Host.toolchain())
      return try await BootPlan(image: image, path: .kernel).prepare().machine
    }

    @Test(arguments: Architecture.allCases)
    func aScriptedSessionGoesAsOnLinux(architecture: Architecture) async throws {
      guard let machine = try await Self.machine(architecture) else { return }
      let session = """
        echo one two | cat
        for i in 5 3 9 1; do echo $i; done | sort -n | tail -1
        (exit 3); echo left with $?
        trap 'echo got usr1' USR1; kill -USR1 $$
        sh -c 'kill -SEGV $$'; echo $?
        printf 'abc\\ndef\\n' > /tmp/f; grep -n d /tmp/f; md5sum < /tmp/f
        sleep 1 & wait; echo waited
        exit 5

        """
      try await run(
        machine, input: session, timeout: 300, hangPatience: 120,
        expecting: .passes(
          status: 5, "\none two\n", "\n9\n", "\nleft with 3\n", "\ngot usr1\n", "\n139\n",
          "\n2:def\nf72fe788e136ba9e53518afa8b407eac  -\n", "\nwaited\n"))
    }

    @Test(arguments: Architecture.allCases)
    func theEndOfInputEndsTheShell(architecture: Architecture) async throws {
      guard let machine = try await Self.machine(architecture) else { return }
      try await run(machine, timeout: 300, hangPatience: 120, expecting: .passes("BusyBox", "/ # "))
    }
  }
}

extension EmulatorTests.Shell {
  /// The script's output by a shell of the host's Linux, with the same busybox.
  private func hostAnswer(_ folder: String, script: String) async throws -> String {
    let work = try Files.makeTemporaryFolder()
    defer { try? Files.remove(work) }
    return try await Command(
      folder + "/bin/sh", ["-c", "sh \(script) 2>/dev/null | cat"],
      environment: ["PATH": folder + "/bin", "LC_ALL": "C"], directory: work
    ).output()
  }

  @Test(arguments: Architecture.allCases)
  func appletsAnswerAsOnLinux(architecture: Architecture) async throws {
    guard try await Self.machine(architecture) != nil else { return }
    let project = try Host.project()
    let script = project.path("Tests/EmulatorTests/Applets/applets.sh")
    let shell = try await ShellRamdisk(architecture, project: project).prepare()
    let expected = try await hostAnswer(shell, script: script)
    let folder = try Files.makeTemporaryFolder() + "/ramdisk"
    defer { try? Files.remove(folder) }
    try FileManager.default.copyItem(atPath: shell, toPath: folder)
    try FileManager.default.copyItem(atPath: script, toPath: folder + "/applets.sh")
    var description = try ImageDescription(
      file: "\(project.imagesFolder)/apus-\(architecture.rawValue).toml")
    description.ramdisk = folder
    description.name += "-applets"
    description.commandLine = "program=/bin/sh -- -c 'cd /tmp; sh /applets.sh 2>/dev/null | cat'"
    let image = ImageBuild(description, project: project, toolchain: try await Host.toolchain())
    let machine = try await BootPlan(image: image, path: .kernel).prepare().machine
    let report = try await run(machine, timeout: 400, hangPatience: 200, expecting: .passes("== end"))
    let serial = String(String.UnicodeScalarView(report.serial.unicodeScalars.filter { $0 != "\r" }))
    let answer = serial.split(separator: "\n", omittingEmptySubsequences: false).drop { $0 != "== echo" }
    let lines = expected.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count(where: { $0.hasPrefix("== ") }) >= 120)
    for (index, line) in lines.enumerated() where !line.isEmpty {
      guard index < answer.count, answer[answer.startIndex + index] == line else {
        Issue.record("line \(index): Linux says `\(line)`\n\(serial)")
        return
      }
    }
  }
}
