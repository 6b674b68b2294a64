import Foundation
import HostSupport
import ImageBuilder

/// A static program with musl as its C library, which measures threads of POSIX; see `Pthread/Pthread.c`.
struct PthreadProgram {
  let project: Project
  let toolchain: Toolchain
  let architecture: Architecture

  private var folder: String { project.path(".build-peer/\(architecture.rawValue)/pthread") }
  private var target: String { architecture == .i686 ? "i386-linux-musl" : "x86_64-linux-musl" }

  /// Brings it up to date; returns its path.
  ///
  /// The library is that of Debian's musl-dev, which is fetched and unpacked but not installed.
  ///
  /// - Throws: `ToolError` if the package can't be had or the program does not compile.
  func path() async throws -> String {
    let package = try await DebianPackage("musl-dev", architecture: architecture == .i686 ? "i386" : "amd64")
      .unpacked(in: ShellRamdisk.packages(project))
    let headers = try await Command(toolchain.path(of: "clang"), ["-print-resource-dir"]).output()
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let source = project.path("Tools/Bench/Pthread/Pthread.c")
    let library = "\(package)/usr/lib/\(target)"
    // No vector registers, as in the peer's program.
    let compilation = Command(
      toolchain.path(of: "clang"),
      ["--target=\(target)", "-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", "-fno-stack-protector"]
        + (architecture == .i686 ? ["-march=i686"] : []) + [
          "-fno-pic", "-nostdinc", "-isystem", "\(package)/usr/include/\(target)", "-isystem",
          "\(headers)/include", "-c", source, "-o", "\(folder)/pthread.o",
        ])
    let linking = Command(
      toolchain.path(of: "ld.lld"),
      [
        "-m", architecture == .i686 ? "elf_i386" : "elf_x86_64", "-static", "--build-id=none", "-z",
        "noexecstack", "-o", "\(folder)/pthread", "\(library)/crt1.o", "\(library)/crti.o",
        "\(folder)/pthread.o", "\(library)/libc.a", "\(library)/crtn.o",
      ])
    return try await FolderLock.hold("\(folder)/lock") {
      var inputs = Fingerprint()
      inputs.add(word: compilation.shellLine)
      inputs.add(word: linking.shellLine)
      inputs.add(folder: project.path("Tools/Bench/Pthread"), extensions: ["c"])
      let path = "\(folder)/pthread"
      if inputs.matches(stamp: path + ".stamp"), FileManager.default.fileExists(atPath: path) { return path }
      Terminal.shared.step("compiling the program for threads of POSIX")
      try await compilation.output()
      try await linking.output()
      try inputs.write(stamp: path + ".stamp")
      return path
    }
  }
}
