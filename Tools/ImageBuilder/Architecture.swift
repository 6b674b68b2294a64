/// A processor architecture that the kernel is built for, and what each tool calls it.
public enum Architecture: String, CaseIterable, Hashable, Sendable {
  /// 32-bit protected mode.
  case i686
  /// 64-bit long mode.
  case x86_64

  /// The target triple of the compiler.
  public var triple: String { "\(rawValue)-unknown-none-elf" }

  /// The linker's name for the format of its output.
  var linkerEmulation: String {
    switch self {
    case .i686: "elf_i386"
    case .x86_64: "elf_x86_64"
    }
  }

  /// The assembler's name for the object format.
  var objectFormat: String {
    switch self {
    case .i686: "elf32"
    case .x86_64: "elf64"
    }
  }

  /// The folder below `Kernel/Machine/Arch` with what only this architecture has.
  var kernelFolder: String {
    switch self {
    case .i686: "I686"
    case .x86_64: "X86_64"
    }
  }

  /// The symbol that tells the shared assembler sources which architecture they are assembled for.
  var assemblerDefinition: String { "ARCH_\(kernelFolder)" }

  /// The QEMU program for a machine of this architecture.
  public var emulatorProgram: String {
    switch self {
    case .i686: "qemu-system-i386"
    case .x86_64: "qemu-system-x86_64"
    }
  }

  /// All names, for a message about a wrong one.
  public static var allowedNames: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
