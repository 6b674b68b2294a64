/// Calls about the machine and the process's name.

import Arch
import Base
import CMachine
import CallContext
import FrameAllocator
import LinuxABI
import OpenFiles
import Processes
import ProgramFiles
import ProgramRecords
import Runtime
import VirtualFileSystem

extension Call {
  @inline(never)
  func control() throws(ErrorNumber) -> Int {
    switch Self.int(a) {
    case 1:  // PR_SET_PDEATHSIG
      guard b <= 64 else { throw .invalidArgument }
      process.fields.deathSignal = Int32(b)
      programs.system.hasDeathSignals = true
      return 0
    case 2:
      try store(UInt64(process.fields.deathSignal), 4, at: b)
      return 0
    case 3: return 1  // PR_GET_DUMPABLE
    case 4: return 0
    case 15:  // PR_SET_NAME
      for index in 0..<15 {
        let byte = UInt8(truncatingIfNeeded: try load(b &+ UInt(index), 1))
        process.fields.name[index] = byte
        if byte == 0 { break }
      }
      process.fields.name[15] = 0
      return 0
    case 16:
      let name = process.fields.name
      try store(name.span, at: b)
      return 0
    case 38: return 0  // PR_SET_NO_NEW_PRIVS
    case 39: return 1
    default: throw .invalidArgument
    }
  }

  /// `uname`, whose fields have 65 bytes.
  @inline(never)
  func systemName() throws(ErrorNumber) -> Int {
    guard var bytes = HeapBytes(390) else { throw .outOfMemory }
    var span = bytes.mutableBytes
    for index in 0..<390 { span[index] = 0 }
    put("Linux", 0, &span)
    for index in 0..<64 { span[65 + index] = programs.system.hostName[index] }
    put("6.1.0-apus", 2, &span)
    put("#1 Apus", 3, &span)
    put(abi == .i386 ? "i686" : "x86_64", 4, &span)
    put("(none)", 5, &span)
    guard ProgramMemory.write(bytes.bytes, to: a) else { throw .badAddress }
    return 0
  }

  @inline(never)
  private func put(_ text: StaticString, _ field: Int, _ span: inout MutableSpan<UInt8>) {
    // SAFETY: the index is below the literal's own count.
    for index in 0..<text.utf8CodeUnitCount { span[field * 65 + index] = unsafe text.utf8Start[index] }
  }

  @inline(never)
  func setHostName() throws(ErrorNumber) -> Int {
    guard b <= 64 else { throw .invalidArgument }
    var name: InlineArray<65, UInt8> = .init(repeating: 0)
    for index in 0..<b { name[Int(index)] = UInt8(truncatingIfNeeded: try load(a &+ index, 1)) }
    programs.system.hostName = name
    return 0
  }

  @inline(never)
  func systemInformation() throws(ErrorNumber) -> Int {
    var bytes: InlineArray<112, UInt8> = .init(repeating: 0)
    var span = bytes.mutableSpan
    let reference = NodeReference()
    let word = abi.wordSize
    span.put(programs.uptime / 1_000_000_000, count: word, at: 0)
    // Three loads, then memory: total, free, shared, buffers, swap, free swap.
    span.put(UInt64(reference.node.frames.totalCount) * 4096, count: word, at: 4 * word)
    span.put(UInt64(reference.node.frames.freeCount) * 4096, count: word, at: 5 * word)
    span.put(UInt64(programs.system.processes.count), count: 2, at: 10 * word)
    let high = abi == .i386 ? 44 : 88
    span.put(1, count: 4, at: high + 2 * word)
    try store(bytes.span.extracting(0..<(abi == .i386 ? 64 : 112)), at: a)
    return 0
  }
}
