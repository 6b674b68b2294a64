import Bench
import Foundation
import HostSupport
import ImageBuilder
import Launch
import Testing

/// The kernel that the tests of this file boot as a guest: a vmlinux of Linux 3.2 built for lguest.
private let linux = ProcessInfo.processInfo.environment["APUS_LINUX_GUEST"]

/// A real Linux as a guest. Without one these tests are skipped, and say so.
extension EmulatorTests {
  @Suite(
    .enabled(
      if: linux != nil,
      "NOT TESTED: set APUS_LINUX_GUEST to a vmlinux with lguest, as Docs/linux-guest.md describes, to boot it"
    )
  )
  struct LinuxGuests {
    /// Boots Linux, once for each session.
    @discardableResult
    private func boot(
      _ sessions: [String?], disk: [UInt8]? = nil, options: String = "", input: String = "",
      expecting expectation: Expectation
    ) async throws -> Session.Report {
      let project = try Host.project()
      let folder = try Files.makeTemporaryFolder()
      defer { try? Files.remove(folder) }
      var plans: [GuestPlan] = []
      for (index, session) in sessions.enumerated() {
        let ramdisk = "\(folder)/ramdisk\(index)"
        try await GuestRamdisk(session: session).write(to: ramdisk, project: project)
        var plan = GuestPlan(
          kernel: try #require(linux), initrd: ramdisk, megabytes: 32, words: options,
          commandLine: "console=hvc0 quiet")
        if let disk {
          try Files.write(disk, to: "\(folder)/disk\(index)")
          plan.disks = ["\(folder)/disk\(index)"]
        }
        plans.append(plan)
      }
      var description = try ImageDescription(file: "\(project.imagesFolder)/apus-i686.toml")
      description.name += "-linux"
      let plan = BootPlan(
        image: ImageBuild(description, project: project, toolchain: try await Host.toolchain()),
        path: .kernel)
      var (machine, _) = try await plan.prepare()
      guard case .kernel(let path, _, let commandLine) = machine.medium else { fatalError("no kernel") }
      machine.medium = .kernel(path: path, modules: plans.flatMap(\.modules), commandLine: commandLine)
      machine.memory = try GuestPlan.check(plans)
      return try await run(machine, input: input, timeout: 300, hangPatience: 60, expecting: expectation)
    }

    @Test func comesToAShell() async throws {
      let report = try await boot(
        [nil], input: "uname -sr\necho $((6 * 7)) apples\ndate +year=%Y\nexit\n",
        expecting: .passes(
          "built-in shell (ash)", "Linux 3.2", "42 apples", "ended: Power down (guest 1, power off)"))
      // The machine's clock is the host's.
      let year = Calendar(identifier: .gregorian).component(.year, from: Date())
      #expect(report.serial.contains("year=\(year)"))
    }

    /// An end of input is a byte, which the first of two readers takes.
    @Test func hearsOfTheEndOfInputAsOftenAsItAsks() async throws {
      try await boot(
        ["cat; cat; echo both have heard"], input: "one line\n",
        expecting: .passes("one line", "both have heard", "ended: Power down"))
    }

    @Test func readsAndWritesItsDisk() async throws {
      var disk = [UInt8](repeating: 0, count: 1 << 20)
      disk.replaceSubrange(0..<9, with: Array("disk one\n".utf8))
      try await boot(
        [
          """
          head -n 1 /dev/vda
          dd if=/bin/busybox of=/dev/vda bs=4096 seek=8 count=200
          sync
          echo 3 > /proc/sys/vm/drop_caches
          dd if=/bin/busybox bs=4096 count=200 2>/dev/null | md5sum
          dd if=/dev/vda bs=4096 skip=8 count=200 2>/dev/null | md5sum
          dd if=/bin/busybox bs=4096 count=200 2>/dev/null >/tmp/a
          dd if=/dev/vda bs=4096 skip=8 count=200 2>/dev/null | cmp - /tmp/a && echo the disk is right
          dd if=/dev/zero of=/dev/vda bs=4096 seek=256 count=1 || echo the disk has an end
          """
        ], disk: disk,
        expecting: .passes("disk one\n", "the disk is right", "the disk has an end", "ended: Power down"))
    }

    @Test func hasRandomBytes() async throws {
      try await boot(
        [
          """
          dd if=/dev/hwrng bs=4096 count=2 of=/tmp/a
          dd if=/dev/hwrng bs=4096 count=2 of=/tmp/b
          [ $(wc -c </tmp/a) = 8192 ] && ! cmp -s /tmp/a /tmp/b && echo random and different
          gzip -c /tmp/a | wc -c | awk '$1 > 8000 { print "does not shrink" }'
          """
        ], expecting: .passes("random and different", "does not shrink", "ended: Power down"))
    }

    @Test func speaksWithItsNeighbour() async throws {
      func session(_ own: Int, _ other: Int) -> String {
        """
        ifconfig eth0 10.0.0.\(own) up
        for turn in 1 2 3 4 5 6 7 8 9 10; do ping -c 1 -W 3 10.0.0.\(other) >/dev/null && break; done
        ping -c 3 -s 1400 10.0.0.\(other) && echo I am \(own) and see \(other)
        sleep 4
        """
      }
      let report = try await boot(
        [session(1, 2), session(2, 1)], expecting: .passes("3 packets received"))
      for text in [
        "I am 1 and see 2", "I am 2 and see 1", "(guest 1, power off)", "(guest 2, power off)",
      ] { #expect(report.serial.contains(text)) }
    }

    @Test func beginsAnewWhenItAsks() async throws {
      try await boot(
        [
          """
          if [ "$(head -c 6 /dev/vda)" = second ]; then echo second life
          else printf second >/tmp/a; dd if=/tmp/a of=/dev/vda conv=notrunc; sync; reboot -f; fi
          """
        ], disk: [UInt8](repeating: 0, count: 4096),
        expecting: .passes("to be started again", "second life", "ended: Power down"))
    }

    @Test func aPanicIsAnEndWithAReason() async throws {
      try await boot(
        ["exit 3"], expecting: .passes("ended: Attempted to kill init! (guest 1, power off)"))
    }

    /// What Linux's own operations cost as a guest: exact counts, with some room for another kernel's configuration.
    @Test func noCostOfLinuxIsAboveItsLimit() async throws {
      let project = try Host.project()
      let guest = try #require(LinuxGuest(project: project, toolchain: try await Host.toolchain()))
      let machine = try await guest.measurement(
        groups: PublishedTables.linuxGroups, unit: .instructions, timeout: 300, versions: [:])
      let contents = try await Turnstile.emulators.pass { try await machine.run() }
      var medians: [String: Int] = [:]
      for (name, samples) in contents.finished { medians[name] = samples.sorted()[samples.count / 2] }
      #expect(Limits.linuxGuestViolations(medians) == [])
    }

    /// A shell beside it looks at the memory while it gives up 40 of its 64 MiB, and when it is no more.
    @Test func whatItsBalloonHoldsIsOthers() async throws {
      guard var machine = try await Shell.machine(.i686),
        case .kernel(let path, let modules, let commandLine) = machine.medium
      else { return }
      let folder = try Files.makeTemporaryFolder()
      defer { try? Files.remove(folder) }
      try await GuestRamdisk(session: "while true; do sleep 1; done").write(
        to: "\(folder)/ramdisk", project: try Host.project())
      let plan = GuestPlan(
        kernel: try #require(linux), initrd: "\(folder)/ramdisk", megabytes: 64, words: "balloon=40",
        commandLine: "console=hvc0 quiet")
      machine.medium = .kernel(
        path: path, modules: modules + plan.modules,
        commandLine: commandLine + " program=/bin/sh")
      machine.memory = 256
      let free = "echo free: $(grep MemFree /proc/meminfo) $(tail -1 /proc/guests)\n"
      let report = try await run(
        machine, input: "sleep 5\n\(free)echo kill 1 > /proc/guests\n\(free)exit\n", timeout: 300,
        hangPatience: 60, expecting: .passes("killed: from the console (guest 1)"))
      let kibibytes = report.serial.matches(of: /free: MemFree: (\d+) kB/).compactMap { Int($0.1) }
      try #require(kibibytes.count == 2)
      // What is the guest's besides its 24 MiB: shadows, stacks, rings.
      #expect((20 << 10..<28 << 10).contains(kibibytes[1] - kibibytes[0]))
    }

    /// The first sleeps, the second counts; the console pauses, resumes, restarts and kills.
    @Test func obeysTheConsole() async throws {
      let report = try await boot(
        ["echo first is up; sleep 1000", "while true; do echo tick; sleep 1; done"],
        input: "\u{1D}mguests pause 2\nguests share 1 20\nguests level 2 5\nguests\nguests resume 2\n"
          + "guests show 1\nguests restart 1\nguests kill 2\nguests kill 2\nguests stop 1\nguests\nexit\n",
        expecting: .passes(
          "the kernel's console", "2 paused", "ended: from the console, to be started again (guest 1)",
          "killed: from the console (guest 2)", "there is no such guest", "ended: from the console (guest 1)",
          "2 ended"))
      #expect(report.serial.contains("console: "))
    }
  }
}
