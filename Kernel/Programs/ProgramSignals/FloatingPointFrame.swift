/// Floating-point registers in the frames of handlers.
///
/// A handler finds the state that it interrupted above its frame, may change it, and computes with the registers as it
/// likes: its return brings back what is in the frame. For i386 the old form of x87 lies in front (`LegacyState`), and it
/// is from there that the x87 registers come back, as on Linux.

import CMachine
import FloatingPoint
import LinuxABI
import ProgramRecords
import Runtime
import Signals

/// The state of the running thread, to and from its program's memory.
package enum FloatingPointFrame {
  private static func headerSize(_ kind: SignalFrame.Kind) -> Int { kind == .x86_64 ? 0 : LegacyState.size }

  /// Bytes of a state in a frame.
  static func size(_ kind: SignalFrame.Kind) -> Int {
    let layout = Threads.floatingPointLayout
    return layout.format == .none ? 0 : headerSize(kind) + layout.frameSize
  }

  /// Writes the running thread's state to its program; `false` if it has no such memory.
  @inline(never)
  static func write(to address: UInt64, _ kind: SignalFrame.Kind) -> Bool {
    guard address != 0, let state = Threads.savedFloatingPoint() else { return true }
    let layout = Threads.floatingPointLayout
    let start = UInt(truncatingIfNeeded: address)
    let place = start + UInt(headerSize(kind))
    guard ProgramMemory.write(state.span(), to: place) else { return false }
    for offset in stride(from: StateLayout.markOffset, to: StateLayout.markOffset + 20, by: 4) {
      guard let mark = layout.mark(at: offset) else { continue }
      guard ProgramMemory.write(mark, to: place + UInt(offset)) else { return false }
    }
    if layout.format == .xsave {
      guard ProgramMemory.write(StateLayout.secondMark, to: place + UInt(layout.size)) else { return false }
    }
    guard kind != .x86_64 else { return true }
    var header: InlineArray<112, UInt8> = .init(repeating: 0)
    var span = header.mutableSpan
    LegacyState.write(state.span(), to: &span)
    return ProgramMemory.write(header.span, to: start)
  }

  /// Reads the running thread's state from its program; `false` if it is no state.
  @inline(never)
  static func read(from address: UInt64, _ kind: SignalFrame.Kind) -> Bool {
    guard Threads.floatingPointLayout.format != .none else { return true }
    guard address != 0 else {
      try? Threads.resetFloatingPoint(of: Threads.current)
      return true
    }
    let start = UInt(truncatingIfNeeded: kind == .x86_64 ? address : address & 0xFFFF_FFFF)
    return Threads.replaceFloatingPoint { state in
      let layout = Threads.floatingPointLayout
      let place = start &+ UInt(headerSize(kind))
      let isWhole =
        layout.format == .xsave
        && ProgramMemory.readWord32(place &+ UInt(StateLayout.markOffset)) == StateLayout.firstMark
        && ProgramMemory.readWord32(place &+ UInt(layout.size)) == StateLayout.secondMark
      // What the processor said of its own bits, which only it writes.
      var allowed: UInt32 = 0
      for index in 0..<4 { allowed |= UInt32(state[28 + index]) << UInt32(8 * index) }
      guard ProgramMemory.read(place, count: isWhole ? layout.size : 512, into: &state) else { return false }
      for index in 0..<4 { state[28 + index] = UInt8(truncatingIfNeeded: allowed >> UInt32(8 * index)) }
      if kind != .x86_64 {
        var header: InlineArray<112, UInt8> = .init(repeating: 0)
        var span = header.mutableSpan
        guard ProgramMemory.read(start, count: 112, into: &span) else { return false }
        LegacyState.read(header.span, into: &state)
      }
      return layout.admit(&state, isWhole: isWhole, allowedMXCSR: allowed == 0 ? 0xFFBF : allowed)
    }
  }

  /// The code of the signal for an exception of the running thread's floating point.
  package static func exceptionCode(isVector: Bool) -> Int32 {
    guard let state = Threads.savedFloatingPoint() else { return 0 }
    let bytes = state.span()
    if isVector {
      let word = UInt32(bytes[24]) | UInt32(bytes[25]) << 8
      return FloatingPointFault.code(raised: word, masked: word >> 7)
    }
    return FloatingPointFault.code(raised: UInt32(bytes[2]), masked: UInt32(bytes[0]))
  }
}
