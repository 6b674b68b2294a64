import ImageBuilder

/// The machine that an emulator shall imitate and what it boots, as values that every emulator is rendered from.
public struct GuestMachine: Hashable, Sendable {
  /// How the kernel comes into the machine.
  public enum Medium: Hashable, Sendable {
    /// QEMU itself plays the Multiboot 1 loader.
    case kernel(path: String, modules: [String], commandLine: String)
    /// A boot loader on a CD image does.
    case disc(path: String)
    /// A ROM in the place of the BIOS, and no loader at all: memory was written before.
    case reset(rom: String)
  }

  /// What executes the guest's instructions.
  public enum Acceleration: String, CaseIterable, Hashable, Sendable {
    /// QEMU's translator: the default and the reference.
    case tcg
    /// The host's processor, where /dev/kvm is there.
    case kvm
  }

  /// The processor architecture, which chooses the emulator program.
  public var architecture: Architecture
  /// What is booted.
  public var medium: Medium
  /// How many processors.
  public var cpus: Int
  /// Memory in MiB.
  public var memory: Int
  /// The file that is the machine's memory, if others write or read it too (QEMU only).
  ///
  /// It shows what the guest left, however its run ended.
  public var memoryFile: String?
  /// What executes the guest's instructions.
  public var acceleration: Acceleration
  /// Whether guest time is counted in executed instructions, the same from run to run.
  public var countsInstructions: Bool
  /// The processor model, in the emulator's words.
  public var processor: String
  /// Whether no window is opened for the screen.
  public var headless: Bool
  /// Further arguments for the emulator, as they are.
  public var extraArguments: [String]

  /// A machine with one processor and 128 MiB that opens no window.
  public init(
    architecture: Architecture, medium: Medium, cpus: Int = 1, memory: Int = 128,
    acceleration: Acceleration = .tcg, countsInstructions: Bool = false, processor: String = "max",
    headless: Bool = true, extraArguments: [String] = []
  ) {
    self.architecture = architecture
    self.medium = medium
    self.cpus = cpus
    self.memory = memory
    self.acceleration = acceleration
    self.countsInstructions = countsInstructions
    self.processor = processor
    self.headless = headless
    self.extraArguments = extraArguments
  }

  /// Whether the kernel is given guests to host.
  public var hostsGuests: Bool {
    guard case .kernel(_, let modules, _) = medium else { return false }
    return modules.contains { $0.contains(" guest ") }
  }
}
