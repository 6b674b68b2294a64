import Foundation
import GuestLab
import HostSupport
import ImageBuilder
import Launch
import Testing

/// Programs beside guests: busybox's shell has the terminal, and `/proc/guests`.
extension EmulatorTests {
  @Suite struct GuestShell {
    /// Boots a shell beside guests of our own kernel, each with a command line; `nil` without busybox.
    private func boot(
      _ guests: [String], session: String, expecting expectation: Expectation
    ) async throws -> String? {
      guard var machine = try await Shell.machine(.i686) else { return nil }
      let project = try Host.project()
      let kernel = try await KernelBuild(
        product: .guestKernel, architecture: .i686, project: project, toolchain: try await Host.toolchain()
      ).run().kernel
      guard case .kernel(let path, let modules, let commandLine) = machine.medium else { return nil }
      machine.medium = .kernel(
        path: path, modules: modules + guests.map { "\(kernel) guest memory=4 level=7 -- \($0)" },
        commandLine: commandLine + " program=/bin/sh")
      let report = try await run(
        machine, input: session, timeout: 300, hangPatience: 120, expecting: expectation)
      return report.serial.replacing("\r", with: "")
    }

    /// Two that compute for longer than the session lasts.
    @Test func aShellSeesAndControlsGuests() async throws {
      let session = """
        grep -c . /proc/guests; ls -l /proc/guests
        echo "pause 1" > /proc/guests; echo one: $(grep " 1 " /proc/guests)
        echo "share 2 20" > /proc/guests; echo "level 2 5" > /proc/guests; sleep 1; echo two: $(tail -1 /proc/guests)
        echo "kill 1" > /proc/guests; echo one: $(grep " 1 " /proc/guests)
        echo "kill 1" > /proc/guests || echo not again
        echo "hug 1" > /proc/guests || echo no such word
        echo "start 1" > /proc/guests; sleep 1; echo one: $(grep " 1 " /proc/guests)
        for n in 1 2 3 4 5; do echo "restart 1" > /proc/guests; done; echo one: $(grep " 1 " /proc/guests)
        echo "stop 2" > /proc/guests; echo two: $(tail -1 /proc/guests)
        exit 5

        """
      let solver = "run=jacobi steps=100000000"
      guard
        let text = try await boot(
          ["\(solver) instance=1", "\(solver) instance=2"], session: session,
          expecting: .passes(
            status: 5, "\n3\n-rw-r--r--", "\none: 1 paused 7 100% 4 1 ", "\ntwo: 2 running 5 20% 4 1 ",
            "\none: 1 ended 7 100% 4 1 - - - - - ", "\nnot again\n", "\nno such word\n",
            "\none: 1 running 7 100% 4 2 ", "\none: 1 running 7 100% 4 7 ", "\ntwo: 2 ended 5 20% 4 1 - "))
      else { return }
      #expect(text.contains("write error: Invalid argument"))
      #expect(text.contains("killed: from the console (guest 1)"))
    }

    /// What guests say stands on lines of its own; Control-] gives one the terminal, and it comes back at its end.
    @Test func guestsSpeakBesideTheShell() async throws {
      let session = """
        sleep 2; echo; echo guests: $(grep -c ended /proc/guests)
        echo nothing > /proc/guests; echo left with $?
        exit 0

        """
      guard
        let text = try await boot(
          ["run=other"], session: session,
          expecting: .passes(status: 0, "guests: 1", "\nleft with 1\n"))
      else { return }
      #expect(text.contains("\nguest 1| a guest of Apus"))
    }

    @Test func withoutGuestsTheFileIsEmpty() async throws {
      guard let machine = try await Shell.machine(.i686) else { return }
      try await run(
        machine, input: "wc -c < /proc/guests; echo kill 1 > /proc/guests || echo none here; exit 3\n",
        timeout: 300, hangPatience: 120,
        expecting: .passes(status: 3, "\n0\n", "No such device", "\nnone here\n"))
    }
  }
}
