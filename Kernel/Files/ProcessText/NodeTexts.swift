/// The texts of `/proc` that are about the node.

import VirtualFileSystem

/// Writes texts of the node.
enum NodeText {
  static func memory(_ facts: NodeFacts, _ window: inout TextWindow) {
    line("MemTotal", facts.memoryBytes, &window)
    line("MemFree", facts.freeBytes, &window)
    line("MemAvailable", facts.freeBytes, &window)
    line("Buffers", 0, &window)
    line("Cached", facts.fileBytes, &window)
    line("SwapCached", 0, &window)
    line("SwapTotal", 0, &window)
    line("SwapFree", 0, &window)
    line("Shmem", facts.fileBytes, &window)
    line("Slab", facts.heapBytes, &window)
    line("SReclaimable", 0, &window)
  }

  /// `/dev/memstat`: bytes, for people and scripts.
  static func memoryStatistics(_ facts: NodeFacts, _ window: inout TextWindow) {
    bytes("total", facts.memoryBytes, &window)
    bytes("free", facts.freeBytes, &window)
    bytes("used", facts.memoryBytes - min(facts.freeBytes, facts.memoryBytes), &window)
    bytes("peak", facts.peakBytes, &window)
    bytes("heap", facts.heapBytes, &window)
    bytes("files", facts.fileBytes, &window)
  }

  private static func bytes(_ name: StaticString, _ value: UInt64, _ window: inout TextWindow) {
    window.append(name)
    window.append(UInt8(ascii: " "))
    window.append(value)
    window.append(UInt8(ascii: "\n"))
  }

  private static func line(_ name: StaticString, _ bytes: UInt64, _ window: inout TextWindow) {
    window.append(name)
    window.append(UInt8(ascii: ":"))
    window.append(bytes / 1024, width: 23 - name.utf8CodeUnitCount)
    window.append(" kB\n")
  }

  static func uptime(_ facts: NodeFacts, _ window: inout TextWindow) {
    window.append(hundredths: facts.uptime)
    window.append(UInt8(ascii: " "))
    window.append(hundredths: facts.idleTime)
    window.append(UInt8(ascii: "\n"))
  }

  static func load(_ facts: NodeFacts, _ window: inout TextWindow) {
    for index in 0..<3 {
      window.append(hundredths: UInt64(facts.load[index]))
      window.append(UInt8(ascii: " "))
    }
    window.append(facts.runnable)
    window.append(UInt8(ascii: "/"))
    window.append(facts.threads)
    window.append(UInt8(ascii: " "))
    window.append(facts.lastProcess)
    window.append(UInt8(ascii: "\n"))
  }

  static func statistics(_ facts: NodeFacts, _ window: inout TextWindow) {
    processorLine("cpu ", facts, &window)
    processorLine("cpu0", facts, &window)
    window.append("intr ")
    window.append(facts.interrupts)
    window.append("\nctxt ")
    window.append(facts.switches)
    window.append("\nbtime ")
    window.append(facts.bootTime)
    window.append("\nprocesses ")
    window.append(facts.processesMade)
    window.append("\nprocs_running ")
    window.append(facts.runnable)
    window.append("\nprocs_blocked 0\n")
  }

  private static func processorLine(_ name: StaticString, _ facts: NodeFacts, _ window: inout TextWindow) {
    window.append(name)
    window.append(UInt8(ascii: " "))
    window.append(facts.userTime)
    window.append(" 0 ")
    window.append(facts.systemTime)
    window.append(UInt8(ascii: " "))
    window.append(facts.idleTime)
    window.append(" 0 0 0 0 0 0\n")
  }

  static func processor<Information: ProcessInformation & ~Copyable>(
    _ information: borrowing Information, _ window: inout TextWindow
  ) {
    window.append("processor\t: 0\nvendor_id\t: ")
    short(.processorVendor, information, &window)
    window.append("\nmodel name\t: ")
    short(.processorName, information, &window)
    window.append("\ncpu MHz\t\t: ")
    window.append(information.nodeFacts().megahertz)
    window.append(".000\n\n")
  }

  /// A text of at most 64 bytes in the middle of another.
  static func short<Information: ProcessInformation & ~Copyable>(
    _ text: KernelText, _ information: borrowing Information, _ window: inout TextWindow
  ) {
    var bytes: InlineArray<64, UInt8> = .init(repeating: 0)
    var span = bytes.mutableSpan
    let count = information.copy(text, from: 0, into: &span)
    for index in 0..<count { window.append(bytes[index]) }
  }

  static func fileSystems(_ window: inout TextWindow) {
    window.append("\tapusfs\nnodev\tdevtmpfs\nnodev\ttmpfs\nnodev\tproc\n")
  }

  /// `/proc/mounts`: what, where, kind, flags and two zeros.
  static func mounts(_ files: inout VirtualFileSystem, _ window: inout TextWindow) {
    for index in 0..<VirtualFileSystem.mountCapacity {
      guard let mount = files.mount(index) else { continue }
      var path: InlineArray<48, UInt8> = .init(repeating: 0)
      var span = path.mutableSpan
      let length = files.mountPath(index, into: &span)
      window.append(mount.kind == .ramdisk ? "ramdisk" : mount.kind.name)
      window.append(UInt8(ascii: " "))
      for index in 0..<length { window.append(path[index]) }
      window.append(UInt8(ascii: " "))
      window.append(mount.kind.name)
      window.append(mount.isReadOnly ? " ro 0 0\n" : " rw 0 0\n")
    }
  }
}
