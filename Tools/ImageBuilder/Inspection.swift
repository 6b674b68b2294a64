import Foundation
import HostSupport

/// What a file is and contains, in words, and what is wrong with it.
public struct Inspection: Sendable {
  /// The description.
  public private(set) var text = ""
  /// The checks that failed, a sentence each.
  public private(set) var problems: [String] = []

  /// Looks at a file: ELF, ISO 9660 or cpio.
  ///
  /// - Throws: `ToolError` if the file cannot be read, or is of another kind.
  public init(file: String, toolchain: Toolchain) async throws {
    let bytes = try Files.read(file)
    text = "\(file): \(bytes.count) bytes, "
    if bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) {
      try await inspectELF(ELFFile(bytes, name: file), file: file, toolchain: toolchain)
    } else if bytes.starts(with: CpioArchive.magic) {
      try inspectArchive(CpioArchive(bytes, name: file))
    } else if bytes.count > 0x8006, bytes[0x8001..<0x8006].elementsEqual("CD001".utf8) {
      try await inspectDisc(file)
    } else {
      throw ToolError("\(file) is of a kind that this command does not know; it knows ELF, cpio and ISO 9660")
    }
  }

  private mutating func inspectELF(_ elf: ELFFile, file: String, toolchain: Toolchain) async throws {
    text += "ELF of \(elf.is64Bit ? 64 : 32) bits, entry 0x\(hexadecimal(elf.entry))\n"
    let digits = elf.is64Bit ? 16 : 8
    text += "\nsegments\n"
    text +=
      Table(
        ["kind", "rights", "address", "loaded at", "file bytes", "memory bytes"],
        elf.segments.map { segment in
          [
            segment.isLoaded ? "load" : "0x" + hexadecimal(UInt64(segment.type)), segment.permissions,
            "0x" + hexadecimal(segment.virtualAddress, digits: digits),
            "0x" + hexadecimal(segment.physicalAddress, digits: digits), "\(segment.fileSize)",
            "\(segment.memorySize)",
          ]
        }, rightAligned: [4, 5]
      ).text
    text += "\nloaded sections\n"
    text +=
      Table(
        ["section", "address", "bytes"],
        elf.sections.filter { $0.isLoaded && $0.size > 0 }.map {
          [$0.name, "0x" + hexadecimal($0.address, digits: digits), "\($0.size)"]
        }, rightAligned: [2]
      ).text
    text += "\nbiggest symbols\n"
    let biggest = elf.symbols.filter { $0.section != nil && $0.size > 0 }
      .sorted { ($1.size, $0.name) < ($0.size, $1.name) }.prefix(20)
    let plain = await Self.demangled(biggest.map(\.name), toolchain: toolchain)
    text +=
      Table(
        ["bytes", "symbol"], zip(biggest, plain).map { ["\($0.size)", $1] }, rightAligned: [0]
      ).text

    let headers = MultibootHeader(elf.bytes)
    text += "\nMultiboot 1 header: \(headers.multiboot1.map { "at byte \($0)" } ?? "none")"
    text += ", Multiboot 2 header: \(headers.multiboot2.map { "at byte \($0)" } ?? "none")\n"
    let code = try await CodeInspection.inspect(kernel: file, toolchain: toolchain)
    text += "\(code.count) instructions\n"

    problems += headers.problems(is64Bit: elf.is64Bit)
    problems += Self.layoutProblems(elf)
    problems += code.findings.prefix(20).map {
      "0x\(hexadecimal($0.address)) in \($0.function): `\($0.instruction)` \($0.reason)"
    }
    if code.findings.count > 20 {
      problems.append("and \(code.findings.count - 20) more forbidden instructions")
    }
  }

  /// What is wrong with how a kernel is laid out.
  static func layoutProblems(_ elf: ELFFile) -> [String] {
    var problems: [String] = []
    for segment in elf.segments where segment.isLoaded && segment.isWritable && segment.isExecutable {
      problems.append(
        "the segment at 0x\(hexadecimal(segment.virtualAddress)) is both writable and executable")
    }
    for segment in elf.segments where segment.type == 0x6474_E551 && segment.isExecutable {
      problems.append("the stack is asked to be executable")
    }
    for segment in elf.segments where [2, 3, 7].contains(segment.type) {
      let kinds: [UInt32: String] = [2: "dynamic linking", 3: "an interpreter", 7: "thread-local data"]
      problems.append("the file asks for \(kinds[segment.type] ?? "?"), which a kernel does not get")
    }
    // Relocations left in a linked file would have to be applied by somebody: nobody does.
    for section in elf.sections where (section.type == 4 || section.type == 9) && section.size > 0 {
      problems.append("relocations are left in the section \(section.name)")
    }
    for symbol in elf.symbols.filter({ $0.isUndefined && !$0.name.isEmpty }).prefix(5) {
      problems.append("the symbol \(symbol.name) is undefined")
    }
    return problems
  }

  private mutating func inspectArchive(_ archive: CpioArchive) throws {
    text += "cpio archive of \(archive.entries.count) entries\n"
    text +=
      Table(
        ["mode", "bytes", "name"],
        archive.entries.map { entry in
          let mode = String(entry.permissions, radix: 8)
          switch entry.kind {
          case .file(let content): return ["file \(mode)", "\(content.count)", entry.path]
          case .folder: return ["folder \(mode)", "", entry.path + "/"]
          case .link(let target): return ["link", "", "\(entry.path) -> \(target)"]
          case .other(let mode): return ["other \(String(mode, radix: 8))", "", entry.path]
          }
        }, rightAligned: [1]
      ).text
    var seen: Set<String> = []
    for entry in archive.entries {
      if !seen.insert(entry.path).inserted { problems.append("two entries are called \(entry.path)") }
      let parts = entry.path.split(separator: "/", omittingEmptySubsequences: false)
      if entry.path.hasPrefix("/") || parts.contains("..") || parts.contains("") {
        problems.append("the path `\(entry.path)` leads out of the archive")
      }
    }
  }

  private mutating func inspectDisc(_ file: String) async throws {
    text += "ISO 9660 disc\n"
    let listing = try await Command(
      "xorriso", ["-indev", file, "-report_el_torito", "plain", "-find", "/", "-exec", "lsdl", "--"]
    ).output()
    text += listing.hasSuffix("\n") ? listing : listing + "\n"
    if !listing.contains("El Torito boot img") { problems.append("the disc has no boot image (El Torito)") }
    let files = listing.split(separator: "\n").map(String.init)
    for name in ["/boot/kernel", "/boot/grub/grub.cfg"]
    where !files.contains(where: { $0.contains("'\(name)'") }) {
      problems.append("the disc has no \(name)")
    }
  }

  private static func demangled(_ names: [String], toolchain: Toolchain) async -> [String] {
    guard !names.isEmpty,
      let text = try? await Command(
        toolchain.path(of: "swift-demangle"), ["--compact", "--simplified"] + names
      ).output()
    else { return names }
    let lines = text.split(separator: "\n").map(String.init)
    return lines.count == names.count ? lines : names
  }
}
