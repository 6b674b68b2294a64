import Foundation
import GuestImage
import HostSupport
import ImageBuilder

/// A guest that the kernel is to host: its kernel, and what belongs to it.
public struct GuestPlan: Hashable, Sendable {
  /// The guest's kernel: an ELF file or a bzImage for i386.
  public var kernel: String
  /// Its initial ramdisk.
  public var initrd: String?
  /// Files that are its disks; what the guest writes is lost when the machine ends.
  public var disks: [String]
  /// MiB of its memory.
  public var megabytes: Int
  /// Further words of its description: `level=`, `share=`, `balloon=`, `disk=`.
  public var words: String
  /// Its command line.
  public var commandLine: String

  /// A guest of its parts.
  public init(
    kernel: String, initrd: String? = nil, disks: [String] = [], megabytes: Int = 64, words: String = "",
    commandLine: String = ""
  ) {
    self.kernel = kernel
    self.initrd = initrd
    self.disks = disks
    self.megabytes = megabytes
    self.words = words
    self.commandLine = commandLine
  }

  /// The boot modules for it: each a file's path and the words behind it.
  public var modules: [String] {
    var description = "\(kernel) guest memory=\(megabytes)"
    if !words.isEmpty { description += " " + words }
    if !commandLine.isEmpty { description += " -- " + commandLine }
    return [description] + (initrd.map { ["\($0) guest-ramdisk"] } ?? []) + disks.map { "\($0) guest-disk" }
  }

  /// The most guests of a kernel.
  public static let mostGuests = 8
  /// The most boot modules that the kernel keeps.
  private static let mostModules = 16
  /// The most bytes of a module's text.
  private static let mostText = 512
  /// What the kernel of i686 uses of a machine's memory, in MiB.
  private static let mostMemory = 768

  /// Checks guests as the kernel will, and says how much memory their machine needs, in MiB.
  ///
  /// - Parameter besidePrograms: whether programs run beside them, which need memory too.
  /// - Throws: `ToolError` naming the file or the word and what would be right.
  public static func check(_ guests: [GuestPlan], besidePrograms: Bool = false) throws -> Int {
    guard guests.count <= mostGuests else {
      throw ToolError("--guest is given \(guests.count) times; the kernel hosts \(mostGuests) guests at most")
    }
    let modules = guests.flatMap(\.modules)
    guard modules.count <= mostModules else {
      throw ToolError(
        "\(modules.count) kernels, ramdisks and disks; a boot loader brings \(mostModules) at most")
    }
    var needed = besidePrograms ? 128 : 64
    for guest in guests { needed += try guest.neededMemory() }
    guard needed <= mostMemory else {
      throw ToolError(
        "the guests need a machine of \(needed) MiB, and the kernel of i686 uses \(mostMemory) MiB at most; "
          + "try a smaller --guest-memory")
    }
    return (needed + 31) & ~31
  }

  /// MiB of the machine that the guest and its files take.
  private func neededMemory() throws -> Int {
    let files = [kernel] + (initrd.map { [$0] } ?? []) + disks
    var bytes = 0
    for file in files {
      guard !file.contains(" ") else {
        throw ToolError("\(file): a space ends a file's name in a boot loader's list; try a copy without")
      }
      bytes += try Files.read(file).count
    }
    try checkKernel()
    for disk in disks where try Files.read(disk).count < 512 {
      throw ToolError("\(disk): a disk has at least one sector of 512 bytes")
    }
    try checkDescription()
    // A run of frames is found in blocks of powers of two.
    var block = 4
    while block < megabytes { block *= 2 }
    return block + (bytes >> 20) + files.count
  }

  private func checkKernel() throws {
    let bytes = try Files.read(kernel)
    do throws(GuestImageError) { try GuestImage(bytes.span).check() } catch {
      throw ToolError(
        "\(kernel): \(error.reason.sentence) 0x\(String(error.value, radix: 16)); "
          + "a guest's kernel is a vmlinux or bzImage of Linux for i386 with CONFIG_LGUEST_GUEST")
    }
  }

  private func checkDescription() throws {
    let text = modules[0]
    guard text.utf8.count < Self.mostText else {
      throw ToolError(
        "a guest's kernel, its options and its command line have \(text.utf8.count) bytes; "
          + "at most \(Self.mostText - 1) fit into a boot loader's list")
    }
    let bytes = Array(text.utf8)
    do throws(GuestImageError) { _ = try GuestDescription(bytes.span) } catch {
      throw ToolError("`\(text)`: \(error.reason.sentence) \(error.value)")
    }
  }
}
