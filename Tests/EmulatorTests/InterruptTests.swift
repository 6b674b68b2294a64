import Foundation
import HostSupport
import ImageBuilder
import Testing

/// Controllers of interrupts and timers, with and without the firmware's tables and the newer devices.
extension EmulatorTests {
  @Suite struct Interrupts {
    static let architectures: [Architecture] = [.i686, .x86_64]

    /// A machine in the emulator's words, and what the kernel must find in it.
    struct Machine: Sendable, CustomStringConvertible {
      var processor = "max"
      var arguments: [String] = []
      var found: String
      var description: String { "\(processor) \(arguments.joined(separator: " "))" }

      static let whole = Machine(found: "I/O APIC, 24 inputs")
      static let withoutTables = Machine(
        arguments: ["-machine", "acpi=off"],
        found: "8259, because of the firmware: there is no ACPI root pointer")
      static let withoutControllers = Machine(
        processor: "max,-apic", found: "8259, because there is no local APIC")
    }

    static let machines: [Machine] = [.whole, .withoutTables, .withoutControllers]

    @Test(arguments: architectures, machines)
    func inputArrivesByWhateverControllerThereIs(arch: Architecture, machine: Machine) async throws {
      try await bootImage(
        arch, path: .kernel, input: "irqs\nexit\n", processor: machine.processor,
        emulatorArguments: machine.arguments, expecting: .passes(machine.found, "apus> ", "controller: "))
    }

    /// A stranger's table beside the firmware's own: neither is believed.
    @Test(arguments: architectures)
    func contradictoryTablesAreRefused(arch: Architecture) async throws {
      let folder = try Files.makeTemporaryFolder()
      defer { try? Files.remove(folder) }
      let table = folder + "/table"
      try Files.write([UInt8](repeating: 0, count: 64), to: table)
      try await boot(
        arch: arch, test: "spurious",
        emulatorArguments: ["-acpitable", "sig=APIC,rev=1,data=\(table)"],
        expecting: .passes("8259, because of the firmware: there are two tables where one is allowed"))
    }

    @Test(arguments: architectures, machines)
    func spuriousInterruptsAreCounted(arch: Architecture, machine: Machine) async throws {
      try await boot(
        arch: arch, test: "spurious", processor: machine.processor, countsInstructions: true,
        emulatorArguments: machine.arguments,
        expecting: .passes(machine.found, "300 spurious interrupts counted"))
    }

    @Test(arguments: architectures, machines)
    func aStormingLineIsMaskedAndStaysSo(arch: Architecture, machine: Machine) async throws {
      try await boot(
        arch: arch, test: "storm", processor: machine.processor, countsInstructions: true,
        emulatorArguments: machine.arguments,
        expecting: .passes(machine.found, "2001 interrupts, then silence"))
    }

    @Test(arguments: architectures)
    func timeGoesOnAfterAStormOfTheTimer(arch: Architecture) async throws {
      for machine in Self.machines {
        try await boot(
          arch: arch, test: "timer-storm", options: "timer=interval", processor: machine.processor,
          countsInstructions: true, emulatorArguments: machine.arguments,
          expecting: .passes("line 0 is masked: more than 2000 in 10 ms", "time goes on after"))
      }
    }

    @Test(arguments: architectures, ["one-shot", "periodic", "interval"])
    func sleepsAreExactWithEveryTimer(arch: Architecture, timer: String) async throws {
      try await boot(
        arch: arch, test: "timer-accuracy", options: "timer=\(timer)", countsInstructions: true,
        expecting: .passes("timer: ", "100 sleeps"))
    }

    @Test(arguments: architectures)
    func sleepsAreExactWithoutALocalController(arch: Architecture) async throws {
      try await boot(
        arch: arch, test: "timer-accuracy", processor: "max,-apic", countsInstructions: true,
        expecting: .passes("timer: interval timer", "100 sleeps"))
    }

    @Test func aTimerThatIsNotThereIsRefused() async throws {
      try await boot(
        arch: .x86_64, test: "sleep", options: "timer=periodic", processor: "max,-apic",
        expecting: .fails("timer=: there is no local APIC"))
    }

    /// An hour of guest time takes less than a minute when time is counted in instructions.
    @Test(arguments: ThreadBehaviours.ways)
    func anHourLeavesTheMemoryAsItWas(way: (Architecture, String)) async throws {
      try await boot(
        arch: way.0, test: "soak", options: "switch=\(way.1)", countsInstructions: true,
        expecting: .passes("an hour: ", "frames free as before"))
    }
  }
}
