import Foundation
import HostSupport
import Launch
import Testing

@Suite struct GuestPlanTests {
  /// A file that looks like a vmlinux as far as the check goes.
  private static let kernel: [UInt8] =
    [0x7F, 0x45, 0x4C, 0x46, 1, 1, 1] + [UInt8](repeating: 0, count: 9) + [2, 0, 3, 0]
    + [UInt8](repeating: 0, count: 100)

  /// Checks one guest of files in a folder of its own.
  private func check(
    _ bytes: [UInt8] = Self.kernel, besidePrograms: Bool = false,
    _ change: (inout GuestPlan, String) throws -> Void = { _, _ in }
  ) throws -> Int {
    let folder = try Files.makeTemporaryFolder()
    defer { try? Files.remove(folder) }
    try Files.write(bytes, to: folder + "/kernel")
    var plan = GuestPlan(kernel: folder + "/kernel", megabytes: 32, commandLine: "console=hvc0 a=b//c")
    try change(&plan, folder)
    return try GuestPlan.check([plan], besidePrograms: besidePrograms)
  }

  private func refusal(
    _ bytes: [UInt8] = Self.kernel, _ change: (inout GuestPlan, String) throws -> Void = { _, _ in }
  ) -> String {
    do {
      _ = try check(bytes, change)
      return "accepted"
    } catch { return "\(error)" }
  }

  @Test func modulesSayWhatTheKernelReads() {
    var plan = GuestPlan(kernel: "/k", initrd: "/i", disks: ["/d"], megabytes: 16)
    #expect(plan.modules == ["/k guest memory=16", "/i guest-ramdisk", "/d guest-disk"])
    plan.words = "level=3"
    plan.commandLine = "root=/dev/vda"
    #expect(plan.modules[0] == "/k guest memory=16 level=3 -- root=/dev/vda")
  }

  @Test func theMachineIsLargeEnough() throws {
    #expect(try check() == 128)
    #expect(try check { plan, _ in plan.megabytes = 33 } == 160)
    #expect(try check(besidePrograms: true) == 192)
  }

  @Test func whatTheKernelWouldRefuseIsNamed() throws {
    #expect(refusal(Array("#!/bin/sh\n".utf8) + Self.kernel).contains("ELF file or a bzImage"))
    #expect(refusal([1, 2, 3]).contains("ends too early"))
    #expect(refusal { plan, _ in plan.words = "level=16" }.contains("level is 1 to 15"))
    #expect(refusal { plan, _ in plan.words = "speed=9" }.contains("described by memory="))
    #expect(refusal { plan, _ in plan.initrd = "/nowhere" }.contains("/nowhere"))
    #expect(
      refusal { plan, _ in plan.commandLine = String(repeating: "x", count: 512) }.contains("at most 511"))
    #expect(
      refusal { plan, folder in
        try Files.write([1], to: folder + "/disk")
        plan.disks = [folder + "/disk"]
      }.contains("512 bytes"))
  }

  @Test func tooManyGuestsAndTooMuchMemoryAreNamed() {
    let plan = GuestPlan(kernel: "/k")
    #expect {
      _ = try GuestPlan.check(Array(repeating: plan, count: 9))
    } throws: {
      "\($0)".contains("8 guests at most")
    }
    #expect(refusal { plan, _ in plan.megabytes = 512 } == "accepted")
  }

  @Test func commandLinesReachTheKernelUnchanged() {
    let machine = GuestMachine(
      architecture: .i686,
      medium: .kernel(
        path: "/a/b/kernel", modules: ["/a/c/vmlinux guest memory=4 -- root=/dev/vda x=//y,z/"],
        commandLine: ""))
    let arguments = QEMU.arguments(for: machine)
    #expect(arguments.contains("../c/vmlinux guest memory=4 -- root=/dev/vda x=//y,,z/"))
  }
}
