/// Calls that wait for several files: `poll`, `select` and their like.

import Arch
import Base
import CMachine
import CallContext
import LinuxABI
import OpenFiles
import ProgramFiles
import ProgramRecords
import ProgramSignals
import Runtime
import VirtualFileSystem

extension Call {
  /// `poll` and `ppoll`.
  @inline(never)
  func poll(until end: UInt64) throws(ErrorNumber) -> Int {
    guard b <= 1024 else { throw .invalidArgument }
    programs.noteInput()
    let tick = programs.tick(atUptime: end)
    while true {
      var ready = 0
      for index in 0..<b {
        let entry = a &+ index * 8
        let number = Int32(truncatingIfNeeded: try load(entry, 4))
        let events = PollEvents(rawValue: UInt16(truncatingIfNeeded: try load(entry &+ 4, 2)))
        let found: PollEvents = number < 0 ? [] : files.tree.readiness(number, events, for: caller)
        try store(UInt64(found.rawValue), 2, at: entry &+ 6)
        if !found.isEmpty { ready += 1 }
      }
      if ready > 0 || programs.uptime >= end { return ready }
      if programs.wait(in: programs.anyFile, until: tick) == .interrupted {
        throw ErrorNumber(rawValue: Int32(-Programs.restartWithoutHandler))
      }
    }
  }

  /// `select` and its like: three sets of `count` bits.
  @inline(never)
  func select(
    _ count: Int32, _ inputs: UInt, _ outputs: UInt, _ others: UInt, until end: UInt64
  ) throws(ErrorNumber) -> Int {
    guard count >= 0 else { throw .invalidArgument }
    let count = Int(min(count, 1024))
    let bytes = (count + 31) / 32 * 4
    guard var sets = HeapBytes(6 * 128) else { throw .outOfMemory }
    let addresses: InlineArray<3, UInt> = [inputs, outputs, others]
    for kind in 0..<3 where addresses[kind] != 0 {
      var span = sets.mutableBytes
      var part = span._mutatingExtracting((kind * 128)..<(kind * 128 + bytes))
      guard ProgramMemory.read(addresses[kind], count: bytes, into: &part) else { throw .badAddress }
    }
    let tick = programs.tick(atUptime: end)
    while true {
      let ready = try look(at: &sets, count, addresses)
      if ready > 0 || programs.uptime >= end {
        for kind in 0..<3 where addresses[kind] != 0 {
          try store(
            sets.bytes.extracting((384 + kind * 128)..<(384 + kind * 128 + bytes)), at: addresses[kind])
        }
        return ready
      }
      if programs.wait(in: programs.anyFile, until: tick) == .interrupted {
        throw ErrorNumber(rawValue: Int32(-Programs.restartWithoutHandler))
      }
    }
  }

  @inline(never)
  private func look(
    at sets: inout HeapBytes, _ count: Int, _ addresses: InlineArray<3, UInt>
  ) throws(ErrorNumber) -> Int {
    var ready = 0
    var span = sets.mutableBytes
    for index in 384..<768 { span[index] = 0 }
    for number in 0..<count {
      let (byte, bit) = (number / 8, UInt8(1) << UInt8(number % 8))
      for kind in 0..<3 where addresses[kind] != 0 && span[kind * 128 + byte] & bit != 0 {
        let wanted: PollEvents = kind == 0 ? .input : kind == 1 ? .output : .priority
        let found = files.tree.readiness(Int32(number), wanted, for: caller)
        guard !found.contains(.invalid) else { throw .badDescriptor }
        // An end or an error can be read, or written, without waiting.
        let counts: PollEvents =
          kind == 0 ? [.input, .hangUp, .error] : kind == 1 ? [.output, .error] : .priority
        if !found.isDisjoint(with: counts) {
          span[384 + kind * 128 + byte] |= bit
          ready += 1
        }
      }
    }
    return ready
  }
}
