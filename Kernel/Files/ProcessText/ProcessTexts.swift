/// The texts of `/proc` that are about one process.

import VirtualFileSystem

/// Writes texts of a process.
enum ProcessTexts {
  static func name(_ facts: ProcessFacts, _ window: inout TextWindow) {
    for index in 0..<facts.nameLength { window.append(facts.name[index]) }
  }

  /// `/proc/PID/stat`, fields 1 to 52 of proc_pid_stat(5).
  static func statistics(_ facts: ProcessFacts, _ window: inout TextWindow) {
    window.append(facts.number)
    window.append(" (")
    name(facts, &window)
    window.append(") ")
    window.append(facts.state.rawValue)
    field(UInt64(facts.parent), &window)
    field(UInt64(facts.group), &window)
    field(UInt64(facts.session), &window)
    field(facts.foreground == nil ? 0 : 0x501, &window)  // the console, major 5 and minor 1
    window.append(UInt8(ascii: " "))
    window.append(signed: facts.foreground.map { Int64($0) } ?? -1)
    field(0x40_0000, &window)  // flags: a program, not the kernel's own
    field(facts.pageFaults, &window)
    field(0, &window)
    field(0, &window)
    field(0, &window)
    field(facts.userTime, &window)
    field(facts.systemTime, &window)
    field(facts.childUserTime, &window)
    field(facts.childSystemTime, &window)
    window.append(UInt8(ascii: " "))
    window.append(signed: 20 + Int64(facts.nice))
    window.append(UInt8(ascii: " "))
    window.append(signed: Int64(facts.nice))
    field(UInt64(facts.threads), &window)
    field(0, &window)
    field(facts.startTime, &window)
    field(facts.virtualBytes, &window)
    field(facts.residentPages, &window)
    field(UInt64.max, &window)
    field(facts.codeStart, &window)
    field(facts.codeEnd, &window)
    field(facts.stackStart, &window)
    field(0, &window)  // where it stands is not told
    field(0, &window)
    field(facts.pendingSignals & 0x7FFF_FFFF, &window)
    field(facts.blockedSignals & 0x7FFF_FFFF, &window)
    field(facts.ignoredSignals & 0x7FFF_FFFF, &window)
    field(facts.caughtSignals & 0x7FFF_FFFF, &window)
    field(0, &window)
    field(0, &window)
    field(0, &window)
    field(17, &window)  // SIGCHLD at the end
    for _ in 39...52 { field(0, &window) }
    window.append(UInt8(ascii: "\n"))
  }

  private static func field(_ value: UInt64, _ window: inout TextWindow) {
    window.append(UInt8(ascii: " "))
    window.append(value)
  }

  /// `/proc/PID/status`.
  static func status(_ facts: ProcessFacts, _ window: inout TextWindow) {
    window.append("Name:\t")
    name(facts, &window)
    window.append("\nUmask:\t")
    window.append(octal: facts.mask, width: 4)
    window.append("\nState:\t")
    window.append(facts.state.rawValue)
    window.append(" (")
    window.append(facts.state.word)
    window.append(")\nTgid:\t")
    window.append(facts.number)
    window.append("\nNgid:\t0\nPid:\t")
    window.append(facts.number)
    window.append("\nPPid:\t")
    window.append(facts.parent)
    window.append("\nTracerPid:\t0\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nFDSize:\t1024\nGroups:\t0 \n")
    kilobytes("VmPeak", facts.virtualBytes, &window)
    kilobytes("VmSize", facts.virtualBytes, &window)
    kilobytes("VmHWM", facts.residentPages * 4096, &window)
    kilobytes("VmRSS", facts.residentPages * 4096, &window)
    window.append("Threads:\t")
    window.append(facts.threads)
    window.append("\n")
    mask("SigPnd", 0, &window)
    mask("ShdPnd", facts.pendingSignals, &window)
    mask("SigBlk", facts.blockedSignals, &window)
    mask("SigIgn", facts.ignoredSignals, &window)
    mask("SigCgt", facts.caughtSignals, &window)
  }

  private static func kilobytes(_ name: StaticString, _ bytes: UInt64, _ window: inout TextWindow) {
    window.append(name)
    window.append(":\t")
    window.append(bytes / 1024, width: 8)
    window.append(" kB\n")
  }

  private static func mask(_ name: StaticString, _ signals: UInt64, _ window: inout TextWindow) {
    window.append(name)
    window.append(":\t")
    window.append(hexadecimal: signals, width: 16)
    window.append("\n")
  }

  /// `/proc/PID/statm`, in pages.
  static func memory(_ facts: ProcessFacts, _ window: inout TextWindow) {
    window.append(facts.virtualBytes / 4096)
    window.append(UInt8(ascii: " "))
    window.append(facts.residentPages)
    window.append(" 0 ")
    window.append((facts.codeEnd - min(facts.codeStart, facts.codeEnd)) / 4096)
    window.append(" 0 ")
    window.append(facts.virtualBytes / 4096)
    window.append(" 0\n")
  }

  /// A line of `/proc/PID/maps`.
  static func region(_ region: RegionFacts, _ path: Span<UInt8>?, _ window: inout TextWindow) {
    window.append(hexadecimal: region.start, width: 8)
    window.append(UInt8(ascii: "-"))
    window.append(hexadecimal: region.end, width: 8)
    window.append(UInt8(ascii: " "))
    window.append(region.access & 4 != 0 ? UInt8(ascii: "r") : UInt8(ascii: "-"))
    window.append(region.access & 2 != 0 ? UInt8(ascii: "w") : UInt8(ascii: "-"))
    window.append(region.access & 1 != 0 ? UInt8(ascii: "x") : UInt8(ascii: "-"))
    window.append(region.isShared ? UInt8(ascii: "s") : UInt8(ascii: "p"))
    window.append(UInt8(ascii: " "))
    window.append(hexadecimal: region.offset, width: 8)
    window.append(" 00:")
    window.append(hexadecimal: region.file == 0 ? 0 : 16 + region.file >> 56, width: 2)
    window.append(UInt8(ascii: " "))
    window.append(region.file & (1 << 56 - 1))
    if region.label.utf8CodeUnitCount > 0 {
      window.append("                          ")
      window.append(region.label)
    } else if let path {
      window.append("                          ")
      for index in path.indices { window.append(path[index]) }
    }
    window.append(UInt8(ascii: "\n"))
  }
}
