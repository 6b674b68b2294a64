import ImageBuilder
import Launch
import Testing

/// The kernel proper, booted in every way that is promised.
extension EmulatorTests {
  @Suite struct Images {
    static let architectures: [Architecture] = [.i686, .x86_64]

    @Test(arguments: architectures, BootPath.allCases)
    func theKernelBootsAndListsTheRamdisk(arch: Architecture, path: BootPath) async throws {
      try await bootImage(
        arch, path: path,
        expecting: .passes(
          "start: Apus on \(arch.rawValue)", "loaded by \(path == .kernel ? "qemu" : "GRUB")",
          "start: started",
          // The checksum that sha256sum prints for Images/ramdisk/etc/hostname.
          "5  7dddc4dd44cab287d4f591383b9828cc46f49360d30529e1ab44750c75dca142  etc/hostname", "apus> "))
    }

    @Test(arguments: architectures)
    func theSameDiscBootsInBochs(arch: Architecture) async throws {
      try await bootImage(
        arch, path: .iso, emulator: .bochs,
        expecting: .passes("loaded by GRUB", "start: started", "etc/hostname", "apus> "))
    }

    @Test(arguments: architectures)
    func everyCommandOfTheMonitorFitsItsStack(arch: Architecture) async throws {
      let commands = ["files", "memory", "log", "ps", "top", "help", "files", "memory", "log"]
      try await bootImage(
        arch, path: .kernel, input: commands.map { $0 + "\r" }.joined() + "exit\r",
        expecting: .passes(
          "apus> files", "apus> memory", "apus> log", "start: started", "apus> ps", "monitor",
          "apus> top",
          "apus> help", "apus> files", "apus> memory", "apus> log", "apus> exit"))
    }

    @Test(arguments: architectures)
    func theMonitorObeysCommands(arch: Architecture) async throws {
      try await bootImage(
        arch, path: .kernel, input: "help\rmemory\rnonsense\rexit\r",
        expecting: .passes(
          "apus> help", "lists these commands", "apus> memory", "usable", "longest free run",
          "apus> nonsense",
          "unknown command", "apus> exit"))
    }

    @Test(arguments: architectures)
    func theMonitorListsThreads(arch: Architecture) async throws {
      let heading = "   id  name              level  base  state        cpu  switches  stack used\n"
      try await bootImage(
        arch, path: .kernel, input: "ps\rtop\rexit\r",
        expecting: .passes(
          "apus> ps", heading, "    0  idle               idle  idle  ready ", "%", "     -\n",
          "    1  monitor              16    16  running ", "%", " of 16", "timer interrupts for deadlines: ",
          // Nobody has anything to do for a second.
          "apus> top", heading, "    0  idle               idle  idle  ready ", "%",
          "    1  monitor              16    16  running ", "%", " of 16", "apus> exit"))
    }

    @Test(arguments: architectures)
    func thePanicCommandGivesAReport(arch: Architecture) async throws {
      try await bootImage(
        arch, path: .kernel, input: "panic\r", expecting: .panics("panic: asked for at the console"))
    }

    @Test(
      arguments: architectures,
      [
        (
          "log=loud", "a value that the option does not allow: `loud`",
          "log= takes error, warning, info or debug"
        ),
        ("lgo=debug", "unknown option: `lgo`", ""), ("log", "an option without a value: `log`", ""),
      ])
    func aMalformedOptionIsExplained(arch: Architecture, option: (String, String, String)) async throws {
      try await bootImage(
        arch, path: .kernel, append: option.0,
        expecting: .fails("error start: command line: ", option.1, option.2))
    }

    @Test(arguments: architectures)
    func loaderInformationThatCannotBeTrueIsExplained(arch: Architecture) async throws {
      // The loader passes it on whole; the kernel keeps 2,048 bytes.
      let tooLong = "log=debug " + String(repeating: " ", count: 3_000)
      try await bootImage(
        arch, path: .kernel, append: tooLong,
        expecting: .fails("error start: the command line is longer than 2048 bytes, at address 0x"))
    }

    @Test(arguments: architectures, [8, 1024])
    func theKernelRunsWithLittleAndMuchMemory(arch: Architecture, megabytes: Int) async throws {
      try await bootImage(arch, path: .kernel, memory: megabytes, expecting: .passes("start: started"))
    }
  }
}
