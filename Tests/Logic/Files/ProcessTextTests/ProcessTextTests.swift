import FileSystem
import FileSystemFormat
import LinuxABI
import OpenFiles
import ProcessText
import Testing
import VirtualFileSystem

/// A kernel that knows one process, number 7.
private struct Kernel: ProcessInformation {
  var trace = [UInt8]()

  func nodeFacts() -> NodeFacts {
    var facts = NodeFacts()
    facts.memoryBytes = 128 << 20
    facts.freeBytes = 100 << 20
    facts.uptime = 12_345
    facts.idleTime = 5
    facts.userTime = 11
    facts.systemTime = 22
    facts.bootTime = 1_700_000_000
    facts.switches = 99
    facts.processesMade = 8
    facts.runnable = 1
    facts.threads = 4
    facts.lastProcess = 7
    facts.megahertz = 2_300
    facts.load[0] = 150
    return facts
  }

  func processFacts(_ number: UInt32) -> ProcessFacts? {
    guard number == 7 else { return nil }
    var facts = ProcessFacts(number: 7)
    facts.parent = 1
    facts.group = 6
    facts.session = 5
    facts.foreground = 6
    facts.state = .sleeping
    facts.setName(Array("sh (x)".utf8).span)
    facts.userTime = 3
    facts.systemTime = 4
    facts.startTime = 77
    facts.virtualBytes = 1 << 20
    facts.residentPages = 30
    facts.ignoredSignals = 0x1000
    return facts
  }

  func region(_ index: Int, ofProcess number: UInt32) -> RegionFacts? {
    switch index {
    case 0: return RegionFacts(start: 0x0804_8000, end: 0x0805_0000, access: 5)
    case 1:
      var region = RegionFacts(start: 0x0900_0000, end: 0x0901_0000, access: 6)
      region.label = "[heap]"
      return region
    default: return nil
    }
  }

  private func copy(_ bytes: [UInt8], _ offset: Int, _ buffer: inout MutableSpan<UInt8>) -> Int {
    guard offset < bytes.count else { return 0 }
    let count = min(bytes.count - offset, buffer.count)
    for index in 0..<count { buffer[index] = bytes[offset + index] }
    return count
  }

  func copyArguments(ofProcess number: UInt32, from offset: Int, into buffer: inout MutableSpan<UInt8>) -> Int
  {
    copy(Array("sh\0-c\0ls\0".utf8), offset, &buffer)
  }

  func copy(_ text: KernelText, from offset: Int, into buffer: inout MutableSpan<UInt8>) -> Int {
    switch text {
    case .version: copy(Array("Apus 1".utf8), offset, &buffer)
    case .trace: copy(trace, offset, &buffer)
    default: copy(Array("a processor".utf8), offset, &buffer)
    }
  }
}

/// A tree with `/proc` alone.
private final class Station {
  var files: VirtualFileSystem
  var kernel = Kernel()

  init() throws {
    let count = VirtualFileSystem.byteCount(for: FileLimits())
    let memory = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 4096)
    files = VirtualFileSystem(at: memory)
    let disk = UnsafeMutableRawPointer.allocate(byteCount: 32 * 4096, alignment: 4096)
    disk.initializeMemory(as: UInt8.self, repeating: 0, count: 32 * 4096)
    let store = BlockStore(base: disk, count: 32 * 4096)
    files.mountRoot(try FileSystem(formatting: store, inodeCount: 16, at: Timestamp(seconds: 1)))
    try files.mountProcesses(onDirectory: "proc")
  }

  func text(_ entry: ProcessEntry, process: UInt32 = 7, step: Int = 10_000) throws(ErrorNumber) -> String {
    var all: [UInt8] = []
    while true {
      var buffer = [UInt8](repeating: 0, count: step)
      var span = buffer.mutableSpan
      let source = TextSource(entry: entry, process: process)
      let count = try files.write(source, from: UInt64(all.count), into: &span, kernel)
      guard count > 0 else { return String(decoding: all, as: UTF8.self) }
      all += buffer[..<count]
    }
  }
}

@Test func everyTextIsTheSameHoweverItIsRead() throws {
  let station = try Station()
  station.kernel.trace = (0..<3_000).map { UInt8(0x20 + $0 % 90) }
  let texts = ProcessEntry.allCases.filter { (try? station.text($0)) != nil }
  #expect(texts.count == 21)
  for entry in texts {
    let whole = try station.text(entry)
    #expect(!whole.isEmpty, "\(entry)")
    for step in [1, 7, 63] { #expect(try station.text(entry, step: step) == whole, "\(entry)") }
  }
}

/// What busybox's `free` and `top` look for.
@Test func memoryHasItsLines() throws {
  let lines = try Station().text(.memory).split(separator: "\n")
  #expect(lines.first == "MemTotal:         131072 kB")
  for name in [
    "MemFree", "MemAvailable", "Buffers", "Cached", "SwapTotal", "SwapFree", "Shmem", "SReclaimable",
  ] {
    #expect(lines.contains { $0.hasPrefix("\(name):") && $0.hasSuffix(" kB") }, "\(name)")
  }
}

/// The name is found between the first and the last parenthesis, the rest by counting words.
@Test func statisticsOfAProcessHave52Fields() throws {
  let line = try Station().text(.processStatistics)
  #expect(line.hasPrefix("7 (sh (x)) S 1 6 5 1281 6 ") && line.hasSuffix("\n"))
  let rest = line.drop { $0 != ")" }.dropFirst(2).dropLast().split(separator: " ")
  let fields = [0, 0, 0] + rest.map { Int($0) ?? -1 }
  #expect(fields.count == 53)
  #expect(fields[14] == 3 && fields[15] == 4 && fields[18] == 20 && fields[20] == 1 && fields[22] == 77)
  #expect(fields[23] == 1 << 20 && fields[24] == 30 && fields[33] == 0x1000 && fields[38] == 17)
}

@Test func otherTextsAreWhatProgramsParse() throws {
  let station = try Station()
  #expect(try station.text(.uptime) == "123.45 0.05\n")
  #expect(try station.text(.load) == "1.50 0.00 0.00 1/4 7\n")
  #expect(try station.text(.version) == "Apus 1\n")
  #expect(try station.text(.mounts) == "ramdisk / apusfs rw 0 0\nproc /proc proc rw 0 0\n")
  #expect(try station.text(.statistics).hasPrefix("cpu  11 0 22 5 0 0 0 0 0 0\ncpu0 11 0 22 5 0"))
  #expect(try station.text(.processArguments) == "sh\0-c\0ls\0")
  #expect(try station.text(.processName) == "sh (x)\n")
  #expect(try station.text(.processMemory) == "256 30 0 0 0 256 0\n")
  #expect(
    try station.text(.processMaps)
      == "08048000-08050000 r-xp 00000000 00:00 0\n"
      + "09000000-09010000 rw-p 00000000 00:00 0                          [heap]\n")
  let status = try station.text(.processStatus)
  #expect(status.hasPrefix("Name:\tsh (x)\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t7\n"))
  #expect(status.contains("\nVmRSS:\t     120 kB\n") && status.contains("\nSigIgn:\t0000000000001000\n"))
  #expect(throws: ErrorNumber.noSuchProcess) { try station.text(.processStatus, process: 8) }
  #expect(throws: ErrorNumber.invalidArgument) { try station.text(.descriptors) }
}
