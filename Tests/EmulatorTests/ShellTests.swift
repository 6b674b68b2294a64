import Foundation
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
