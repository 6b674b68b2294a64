/// Traps and interrupts as the guest's kernel gets them.

import Base
import GuestInterface
import Paging
import ShadowPaging

extension Guest {
  // MARK: - Traps

  /// Makes a trap arrive at the guest's own gate.
  mutating func reflect<Memory: ShadowMemory & ~Copyable>(
    _ vector: UInt8, in memory: inout Memory
  ) -> GuestStep where Memory.Entry == Format.Entry {
    let gate = storage.gates[Int(vector)]
    guard gate.kind != .absent else { return Self.killed(.noGateForTrap, UInt32(vector)) }
    let errorCode: UInt32? = GuestGate.hasErrorCode(vector) ? registers.errorCode : nil
    storage.statistics.reflectedTraps += 1
    return enter(gate, errorCode: errorCode, in: &memory)
  }

  /// Builds the frame that the processor would build, and goes on at the gate.
  private mutating func enter<Memory: ShadowMemory & ~Copyable>(
    _ gate: GuestGate, errorCode: UInt32?, in memory: inout Memory
  ) -> GuestStep where Memory.Entry == Format.Entry {
    let enabled = data.map { memory.load32($0 + GuestData.interruptsEnabled) } ?? 0
    let flags = registers.eflags & ~GuestData.interruptFlag | enabled & GuestData.interruptFlag
    var stack = registers.esp
    var segment = registers.ss
    var frame = TrapWords()
    if let errorCode { frame.append(errorCode) }
    frame.append(registers.eip)
    frame.append(registers.cs)
    frame.append(flags)
    if !registers.isInKernel {
      (stack, segment) = (stackTop, stackSegment)
      frame.append(registers.esp)
      frame.append(registers.ss)
    }
    guard push(frame, on: &stack, in: &memory) else { return Self.killed(.frameNotWritable, stack) }
    registers.esp = stack
    registers.ss = segment
    registers.cs = UInt32(GuestSegments.kernelCode)
    registers.eip = gate.offset
    // The processor clears TF, VM, RF and NT on entry by any gate.
    registers.eflags &= ~0x3_4100
    if gate.kind == .interrupt, let data { memory.store32(0, data + GuestData.interruptsEnabled) }
    return .enter
  }

  /// Writes a frame below the stack's top; where it lies in one page, that is looked up once.
  private mutating func push<Memory: ShadowMemory & ~Copyable>(
    _ frame: TrapWords, on stack: inout UInt32, in memory: inout Memory
  ) -> Bool where Memory.Entry == Format.Entry {
    let bottom = stack &- UInt32(frame.count) * 4
    let access = GuestAccess(isWrite: true, isUser: false)
    if bottom & 3 == 0, bottom >> 12 == (stack &- 1) >> 12 {
      guard var place = shadow.guestPhysical(bottom, access, in: &memory) else {
        stack = bottom
        return false
      }
      for index in 0..<frame.count {
        memory.store32(frame.words[index], place)
        place += 4
      }
      stack = bottom
      return true
    }
    for index in (0..<frame.count).reversed() {
      guard push(frame.words[index], on: &stack, in: &memory) else { return false }
    }
    return true
  }

  private mutating func push<Memory: ShadowMemory & ~Copyable>(
    _ value: UInt32, on stack: inout UInt32, in memory: inout Memory
  ) -> Bool where Memory.Entry == Format.Entry {
    stack = stack &- 4
    let access = GuestAccess(isWrite: true, isUser: false)
    if stack & 3 == 0 {
      guard let place = shadow.guestPhysical(stack, access, in: &memory) else { return false }
      memory.store32(value, place)
      return true
    }
    // A word may lie in two pages.
    for index: UInt32 in 0..<4 {
      guard let place = shadow.guestPhysical(stack &+ index, access, in: &memory) else { return false }
      memory.store8(UInt8(truncatingIfNeeded: value >> (index * 8)), place)
    }
    return true
  }

  // MARK: - Interrupts

  /// Makes an interrupt wait for the guest.
  ///
  /// - Parameter line: 0 for the clock, 1 to 31 for devices.
  public mutating func raise(interrupt line: UInt32) { pendingInterrupts |= 1 << (line & 31) }

  /// Delivers the most urgent interrupt that the guest takes now; called before every entry and before waiting.
  public mutating func prepareEntry<Memory: ShadowMemory & ~Copyable>(
    in memory: inout Memory
  ) -> GuestStep where Memory.Entry == Format.Entry {
    if memory.now() >= clockDeadline {
      clockDeadline = .max
      raise(interrupt: 0)
    }
    let step = deliverInterrupt(in: &memory)
    return step == .enter && isHalted ? .wait : step
  }

  private mutating func deliverInterrupt<Memory: ShadowMemory & ~Copyable>(
    in memory: inout Memory
  ) -> GuestStep where Memory.Entry == Format.Entry {
    guard let data else { return .enter }
    let deliverable = pendingInterrupts & ~memory.load32(data + GuestData.blockedInterrupts)
    guard deliverable != 0 else { return .enter }
    // In its last instructions before a return the guest has enabled interrupts and still uses the frame.
    if registers.eip >= noInterruptStart, registers.eip < noInterruptEnd { return .enter }
    if isHalted {
      memory.store32(GuestData.interruptFlag, data + GuestData.interruptsEnabled)
      isHalted = false
    } else if memory.load32(data + GuestData.interruptsEnabled) & GuestData.interruptFlag == 0 {
      memory.store32(GuestData.interruptFlag, data + GuestData.interruptPending)
      return .enter
    }
    let line = deliverable.trailingZeroBitCount
    let gate = storage.gates[32 + line]
    // Without a gate the guest is not ready for it yet.
    guard gate.kind != .absent else { return .enter }
    pendingInterrupts &= ~(1 << UInt32(line))
    storage.statistics.interrupts += 1
    let step = enter(gate, errorCode: nil, in: &memory)
    writeTime(in: &memory)
    // The reference host never takes this back, and its guests call for nothing ever after.
    if deliverable & ~(1 << UInt32(line)) == 0 { memory.store32(0, data + GuestData.interruptPending) }
    return step
  }

  mutating func writeTime<Memory: ShadowMemory & ~Copyable>(in memory: inout Memory)
  where Memory.Entry == Format.Entry {
    guard let data else { return }
    let time = clock.time(at: memory.now())
    memory.store32(time.seconds, data + GuestData.time)
    memory.store32(time.nanoseconds, data + GuestData.time + 4)
  }
}

/// The words that a trap leaves on the stack, the lowest first.
private struct TrapWords: BitwiseCopyable {
  var words: [6 of UInt32] = .init(repeating: 0)
  var count = 0

  mutating func append(_ word: UInt32) {
    words[count] = word
    count += 1
  }
}
