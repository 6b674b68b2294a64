/// Where measurements go, and how they leave the machine.

import Base
import CMachine
import FrameAllocator
import Log
import Runtime

/// Frames of samples that threads of a benchmark share, by their address.
///
///     0      4      8        12       16
///     ┌──────┬──────┬────────┬────────┬──────────
///     │count │ last │ wanted │ writer │ samples, four bytes each
///     └──────┴──────┴────────┴────────┴──────────
struct Samples: BitwiseCopyable {
  let address: UInt

  /// The most samples there may be: as many as fit into three frames, with four words left.
  static let maximum = (3 * UInt32(pageSize) - 32) / 4

  /// Takes frames for `wanted` samples.
  init(wanted: UInt32) {
    guard let frames = try? NodeReference().node.frames.allocateRun(3) else {
      preconditionFailure("no frames for samples")
    }
    for index in 0..<frames.count { Frames.clear(FrameNumber(frames.start.rawValue + index)) }
    address = Frames.address(of: frames.start).rawValue
    cpu_store32(address + 8, min(wanted, Self.maximum))
  }

  @inline(__always)
  init(address: UInt) { self.address = address }

  var count: UInt32 { cpu_load32(address) }
  @inline(__always)
  var isComplete: Bool { cpu_load32(address) >= cpu_load32(address + 8) }

  /// Notes that something begins now.
  @inline(__always)
  func begin() { cpu_store32(address + 4, cpu_rdtsc_low()) }

  /// Notes that it has ended now; past the last sample, nothing.
  @inline(__always)
  func end() {
    let ticks = cpu_rdtsc_low() &- cpu_load32(address + 4)
    // The timer may have let another thread begin between the two readings: that is no sample.
    if ticks < 1 << 31 { add(ticks) }
  }

  func add(_ ticks: UInt32) {
    let index = count
    guard !isComplete else { return }
    cpu_store32(address + 16 + UInt(index) * 4, ticks)
    cpu_store32(address, index + 1)
  }

  /// Writes all samples to the console, and gives the frames back.
  ///
  /// Version 1 of the form:
  ///
  ///     bench 1 NAME: 33 33 34 ...
  ///     bench 1 NAME end 1000
  func report(_ name: Text) {
    let reference = NodeReference()
    var line = Text()
    for index in 0..<count {
      if line.count == 0 { line = "bench 1 \(name):" }
      line.append(" ")
      line.append(decimal: UInt64(cpu_load32(address + 16 + UInt(index) * 4)))
      if line.count > 200 {
        reference.node.log.show(line)
        line = Text()
      }
    }
    if line.count > 0 { reference.node.log.show(line) }
    reference.node.log.show("bench 1 \(name) end \(count)")
  }
}
