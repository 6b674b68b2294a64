import ArgumentParser
import Foundation
import HostSupport
import ImageBuilder
import Launch

/// Guests to host: what each is made of.
///
/// The n-th of an option belongs to the n-th guest; where an option is given less often than `--guest`, the last one
/// holds for the rest.
struct GuestOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Host a guest (i686): a vmlinux or bzImage with lguest; may be repeated, for several.",
      valueName: "kernel"
    ))
  var guest: [String] = []

  @Option(
    help: ArgumentHelp(
      "The guest's initial ramdisk; `shell` is one with Debian's busybox.", valueName: "file"))
  var initrd: [String] = []

  @Option(
    help: ArgumentHelp(
      "A disk of the first guest, or with N: before the name of the N-th; up to four each.", valueName: "file"
    ))
  var disk: [String] = []

  @Option(help: ArgumentHelp("The guest's memory in MiB, 4 to 512. (default: 64)", valueName: "MiB"))
  var guestMemory: [Int] = []

  @Option(
    help: ArgumentHelp(
      "More about the guest: level=1..15, share=1..100 (percent), balloon=MIB, disk=FILE of --ramdisk, life=MS.",
      valueName: "words"))
  var guestOptions: [String] = []

  @Flag(
    help: "A shell at the terminal beside the guests; /proc/guests lists them and obeys commands.")
  var shell = false

  mutating func validate() throws {
    guard guest.isEmpty else {
      for megabytes in guestMemory where !(4...512).contains(megabytes) {
        throw ValidationError("--guest-memory \(megabytes): allowed are 4 to 512 (MiB)")
      }
      for (name, count) in [
        ("--initrd", initrd.count), ("--guest-memory", guestMemory.count),
        ("--guest-options", guestOptions.count),
      ] where count > guest.count {
        throw ValidationError("\(name) is given \(count) times, --guest only \(guest.count) times")
      }
      return
    }
    for (name, isGiven) in [
      ("--initrd", !initrd.isEmpty), ("--disk", !disk.isEmpty), ("--guest-memory", !guestMemory.isEmpty),
      ("--guest-options", !guestOptions.isEmpty), ("--shell", shell),
    ] where isGiven {
      throw ValidationError("\(name) is about a guest; allowed with it: --guest")
    }
  }

  /// The guests.
  ///
  /// - Parameters:
  ///   - commandLines: what was given with `--append`.
  ///   - project: where the ramdisk with a shell is put.
  func plans(commandLines: [String], project: Project) async throws -> [GuestPlan] {
    guard commandLines.count <= guest.count else {
      throw ToolError(
        "--append is given \(commandLines.count) times, --guest only \(guest.count) times; with --guest each is a "
          + "guest's command line, and the kernel's own options go with --kernel-append")
    }
    let shell = project.builtFolder + "/guest-shell.cpio"
    if initrd.contains("shell") { try await GuestRamdisk().write(to: shell, project: project) }
    let initrd = initrd.map { $0 == "shell" ? shell : $0 }
    var plans: [GuestPlan] = []
    for (index, kernel) in guest.enumerated() {
      plans.append(
        GuestPlan(
          kernel: Self.absolute(kernel), initrd: Self.choice(initrd, index).map(Self.absolute),
          megabytes: Self.choice(guestMemory, index) ?? 64, words: Self.choice(guestOptions, index) ?? "",
          commandLine: Self.choice(commandLines, index) ?? ""))
    }
    for disk in disk {
      var number = 1
      var path = disk
      if let colon = disk.firstIndex(of: ":"), let named = Int(disk[..<colon]) {
        (number, path) = (named, String(disk[disk.index(after: colon)...]))
      }
      guard plans.indices.contains(number - 1) else {
        throw ToolError("--disk \(disk): there is no guest \(number); the guests are 1 to \(plans.count)")
      }
      plans[number - 1].disks.append(Self.absolute(path))
    }
    return plans
  }

  private static func choice<Value>(_ values: [Value], _ index: Int) -> Value? {
    index < values.count ? values[index] : values.last
  }

  private static func absolute(_ path: String) -> String { URL(filePath: path).standardizedFileURL.path }
}
