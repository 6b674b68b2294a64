import Bench
import Foundation
import HostSupport
import ImageBuilder
import Launch
import SpeedupModel
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

    @Test(arguments: [
      ("/nope", "there is no such file"), ("/etc", "it is no file"),
      ("/bin/sh/x", "a part of its path is no directory"),
    ])
    func aProgramThatIsNotStartedIsNamedWithTheReason(program: String, reason: String) async throws {
      guard var machine = try await Self.machine(.x86_64),
        case .kernel(let path, let modules, let commandLine) = machine.medium
      else { return }
      machine.medium = .kernel(
        path: path, modules: modules, commandLine: "\(commandLine) program=\(program)")
      try await run(machine, timeout: 120, expecting: .fails("\(program), was not started: \(reason)"))
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
        vi /tmp/f
        yyp:s/abc/typed in vi/
        :wq
        cat /tmp/f
        exit 5

        """
      try await run(
        machine, input: session, timeout: 300, hangPatience: 120,
        expecting: .passes(
          status: 5, "\none two\n", "\n9\n", "\nleft with 3\n", "\ngot usr1\n", "\n139\n",
          "\n2:def\nf72fe788e136ba9e53518afa8b407eac  -\n", "\nwaited\n",
          "\nabc\ntyped in vi\ndef\n"))
    }

    /// The shell is the first process, and still its jobs stop, also when they want the terminal, and go on.
    @Test(arguments: Architecture.allCases)
    func jobsOfTheShellStopAndGoOn(architecture: Architecture) async throws {
      guard let machine = try await Self.machine(architecture) else { return }
      let session = """
        sh -c 'kill -TSTP $$; echo went on'
        echo stopped $?
        fg
        cat &
        sleep 1; jobs
        kill -9 %1; sleep 1
        exit 9

        """
      try await run(
        machine, input: session, timeout: 300, hangPatience: 120,
        expecting: .passes(
          status: 9, "[1]+  Stopped  ", "\nstopped 148\n", "\nwent on\n",
          "[1]+  Stopped (tty input)        cat\n"))
    }

    /// What is made, changed and removed in the shell comes back to the host: `apus run --save`.
    @Test(arguments: Architecture.allCases)
    func whatAShellChangesIsSaved(architecture: Architecture) async throws {
      guard var machine = try await Self.machine(architecture) else { return }
      let folder = try Files.makeTemporaryFolder()
      defer { try? Files.remove(folder) }
      machine.memoryFile = folder + "/memory"
      let session = """
        umask 022; mkdir -p work/deep; cd work; echo made in the shell > deep/text; ln deep/text second
        ln -s deep/text link; seq 1 2000 > many; chown 3:4 many; chmod 4750 many
        touch -d '2001-02-03 04:05:06' many; rm /etc/hostname; echo more >> /etc/group
        dd if=/dev/zero of=sparse bs=1 count=1 seek=99999 2>/dev/null; echo gone > /tmp/temporary
        sleep 1000 > removed & sleep 1; rm removed; cd /; exit 7

        """
      let report = try await run(
        machine, input: session, timeout: 300, hangPatience: 120, expecting: .passes(status: 7))
      let saved = folder + "/saved"
      let leftOut = try SavedRoot.extract(from: folder + "/memory", report: report, to: saved)
      #expect(leftOut == [])
      func text(_ path: String) throws -> String {
        String(decoding: try Files.read(saved + path), as: UTF8.self)
      }
      #expect(try text("/work/deep/text") == "made in the shell\n")
      #expect(try text("/work/many") == (1...2000).map { "\($0)\n" }.joined())
      #expect(try text("/etc/group") == "root:x:0:\nmore\n")
      #expect(try Files.read(saved + "/work/sparse") == [UInt8](repeating: 0, count: 100_000))
      let files = FileManager.default
      #expect(try files.destinationOfSymbolicLink(atPath: saved + "/work/link") == "deep/text")
      #expect(
        try files.contentsOfDirectory(atPath: saved + "/work").sorted()
          == ["deep", "link", "many", "second", "sparse"])
      #expect(!files.fileExists(atPath: saved + "/etc/hostname"))
      #expect(try files.contentsOfDirectory(atPath: saved + "/tmp") == [])
      var (first, second) = (stat(), stat())
      #expect(stat(saved + "/work/deep/text", &first) == 0 && stat(saved + "/work/second", &second) == 0)
      #expect(first.st_ino == second.st_ino && first.st_nlink == 2 && first.st_mode & 0o7777 == 0o644)
      #expect(stat(saved + "/work/many", &first) == 0 && first.st_mode & 0o7777 == 0o4750)
      #expect(first.st_mtim.tv_sec == 981_173_106)
      // What nobody has touched is as it was.
      let shell = try await ShellRamdisk(architecture, project: try Host.project()).prepare()
      #expect(try Files.read(saved + "/bin/busybox") == Files.read(shell + "/bin/busybox"))
      #expect(
        try files.contentsOfDirectory(atPath: saved + "/bin").sorted()
          == files.contentsOfDirectory(atPath: shell + "/bin").sorted())
    }

    /// More than queue and terminal hold, typed while nobody reads.
    @Test(arguments: Architecture.allCases)
    func nothingThatIsTypedAheadIsLost(architecture: Architecture) async throws {
      guard let machine = try await Self.machine(architecture) else { return }
      let count = 1_000
      let lines = String(repeating: "n=$((n+1))\n", count: count)
      try await run(
        machine, input: "n=0; sleep 1\n\(lines)exit $((n == \(count) ? 7 : 1))\n", timeout: 300,
        hangPatience: 120, expecting: .passes(status: 7))
    }

    /// What a session's calls cost is a profile that the speedup model takes: `apus run --profile`.
    @Test(arguments: Architecture.allCases)
    func callsOfASessionAreAProfile(architecture: Architecture) async throws {
      guard var machine = try await Self.machine(architecture) else { return }
      guard case .kernel(let path, let modules, _) = machine.medium else { return }
      machine.medium = .kernel(path: path, modules: modules, commandLine: "profile=on")
      machine.countsInstructions = true
      let session = """
        seq 1 1000 > /tmp/numbers; cat /tmp/numbers | wc -l; sleep 1
        for i in 1 2 3 4 5; do cat /etc/hostname; done; exit 3

        """
      let report = try await run(
        machine, input: session, timeout: 300, hangPatience: 120, expecting: .passes(status: 3, "\n1000\n"))
      let profile = try CallProfile(debugPort: report.debug)
      // The shell, seq, cat, wc, sleep and five times cat; ends are told before the first process's.
      #expect(profile.processes.count == 10 && profile.lost == 0)
      #expect(profile.processes.last?.number == 1)
      for call in profile.processes.flatMap(\.calls) {
        #expect(call.count > 0 && call.least <= call.median && call.median <= call.most, "\(call)")
        #expect(call.least * call.count <= call.ticks && call.ticks <= call.most * call.count, "\(call)")
      }
      let sleeper = try #require(profile.processes.first { $0.name == "sleep" })
      // A second is a thousand million instructions; to wait is not to have the processor.
      #expect(sleeper.ticks < 1_000_000)
      let forks = profile.totals.first { ["clone", "fork", "vfork"].contains($0.name) }
      #expect(forks?.count == 9)
      let writes = try #require(profile.totals.first { $0.name == "write" })
      #expect(writes.bytes >= 3893)

      let json = try profile.json(source: "a test", unit: "instructions")
      let model = try Profile(json: Array(json), place: "test")
      #expect(model.callCount == Int(profile.totals.reduce(0) { $0 + $1.count }))
      #expect(model.computationSeconds > 0 && model.callSeconds > 0)
      #expect(
        abs(
          model.totalSeconds * 1000 * Double(profile.ticksPerMillisecond)
            - Double(profile.processes.reduce(0) { $0 + $1.ticks })) < 2)
    }

    /// Each device and each text of `/proc` is tried from the shell, and a call that is not performed is named.
    @Test(arguments: Architecture.allCases)
    func devicesAndTextsOfTheKernelAreThere(architecture: Architecture) async throws {
      guard var machine = try await Self.machine(architecture) else { return }
      guard case .kernel(let path, let modules, _) = machine.medium else { return }
      machine.medium = .kernel(path: path, modules: modules, commandLine: "log=debug trace=on")
      let session = """
        head -c 4 /dev/zero | od -An -tx1
        echo x > /dev/null; echo null $?
        echo x > /dev/full; echo full $?
        echo random $(head -c 16 /dev/random | wc -c) $(head -c 9 /dev/urandom | wc -c)
        echo to the tty > /dev/tty; echo to the console > /dev/console
        head -1 /dev/memstat | tr -d 0-9
        echo stat $(cut -d' ' -f2 /proc/self/stat); grep Name /proc/self/status
        echo maps $(head -2 /proc/self/maps | cut -d' ' -f2)
        grep MemTotal /proc/meminfo | tr -d 0-9; echo processors $(grep -c ^processor /proc/cpuinfo)
        echo uptime $(wc -w < /proc/uptime); cut -d' ' -f1-3 /proc/version
        cut -d' ' -f1-3 /proc/mounts; cat /proc/trace > /tmp/trace && echo read
        head -1 /tmp/trace; grep -c switch /tmp/trace > /tmp/count && echo has switches
        echo of $(awk '{print $6}' /proc/self/maps | sort -u)
        cat /proc/$$/cmdline; readlink /proc/self/exe; echo $(ls -d /proc/1)
        exit 0

        """
      let report = try await run(
        machine, input: session, timeout: 300, hangPatience: 120,
        expecting: .passes(
          " 00 00 00 00\n", "\nnull 0\n", "No space left on device\nfull 1\n", "\nrandom 16 9\n",
          "\nto the tty\nto the console\n", "\ntotal \n", "\nstat (cut)\n", "Name:\tgrep\n",
          "\nmaps r--p r-xp\n", "MemTotal:          kB\n", "\nprocessors 1\n", "\nuptime 2\n",
          "Linux version 6.1.0-apus\n", "ramdisk / apusfs\n", "devtmpfs /dev devtmpfs\n",
          "tmpfs /tmp tmpfs\n",
          "proc /proc proc\n",
          "\n   ns before now  event         what\n", "\nhas switches\n", "\nof /bin/busybox [",
          "/bin/busybox\n/proc/1\n"))
      if architecture == .x86_64 { #expect(report.serial.contains("call 334 rseq is not performed")) }
    }

    /// With `monitor=on` the kernel's own console comes up, and has listed the ramdisk first.
    @Test(arguments: Architecture.allCases)
    func theMonitorListsARamdiskWithAShell(architecture: Architecture) async throws {
      guard var machine = try await Self.machine(architecture) else { return }
      let busybox = try await ShellRamdisk(architecture, project: try Host.project()).busybox()
      let sum = try await Command("sha256sum", [busybox]).output().prefix(64)
      guard case .kernel(let path, let modules, _) = machine.medium else { return }
      machine.medium = .kernel(path: path, modules: modules, commandLine: "monitor=on")
      try await run(machine, expecting: .passes("\(sum)  bin/busybox", "link  -> busybox", "apus> "))
    }

    /// How many instructions come before the prompt: exact, so it does not depend on the host.
    @Test(arguments: Architecture.allCases)
    func thePromptComesInTime(architecture: Architecture) async throws {
      guard var machine = try await Self.machine(architecture) else { return }
      guard case .kernel(let path, let modules, _) = machine.medium else { return }
      machine.medium = .kernel(path: path, modules: modules, commandLine: "log=debug")
      machine.countsInstructions = true
      let report = try await run(machine, expecting: .passes("/ # "))
      let cost = try #require(BootBenchmark.promptCost(in: report.serial))
      #expect(Limits.violations(["boot/prompt": cost]) == [])
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

  /// The busybox of each processor on its kernel, and that of i386 on the kernel of x86_64 too.
  @Test(arguments: [(.i686, .i686), (.x86_64, .x86_64), (.x86_64, .i686)] as [(Architecture, Architecture)])
  func appletsAnswerAsOnLinux(architecture: Architecture, programs: Architecture) async throws {
    guard try await Self.machine(programs) != nil else { return }
    let project = try Host.project()
    let script = project.path("Tests/EmulatorTests/Applets/applets.sh")
    let shell = try await ShellRamdisk(programs, project: project).prepare()
    let expected = try await hostAnswer(shell, script: script)
    let folder = try Files.makeTemporaryFolder() + "/ramdisk"
    defer { try? Files.remove(folder) }
    try FileManager.default.copyItem(atPath: shell, toPath: folder)
    try FileManager.default.copyItem(atPath: script, toPath: folder + "/applets.sh")
    var description = try ImageDescription(
      file: "\(project.imagesFolder)/apus-\(architecture.rawValue).toml")
    description.ramdisk = folder
    description.name += "-applets-\(programs.rawValue)"
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
