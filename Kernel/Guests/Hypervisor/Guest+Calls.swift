/// Hypercalls.

import Base
import GuestInterface
import Paging
import ShadowPaging
import X86

extension Guest {
  /// Carries out what waits in the ring, then a call.
  mutating func handleCall<Memory: ShadowMemory & ~Copyable>(
    _ call: Hypercall, in memory: inout Memory
  ) -> GuestStep where Memory.Entry == Format.Entry {
    guard data != nil else {
      guard call.number == HypercallNumber.initialise.rawValue else {
        return Self.killed(.callBeforeInitialisation, call.number, call: call.number)
      }
      return initialise(at: call.first, in: &memory)
    }
    let step = drainRing(in: &memory)
    switch step {
    case .enter: break
    case .notify:
      // The device is to be served before anything that the guest asked for later.
      waitingCall = call
      return step
    default: return step
    }
    return perform(call, in: &memory)
  }

  /// Carries out the posted entries of the ring, at most as many as it has.
  private mutating func drainRing<Memory: ShadowMemory & ~Copyable>(
    in memory: inout Memory
  ) -> GuestStep where Memory.Entry == Format.Entry {
    guard let data else { return .enter }
    for _ in 0..<GuestData.ringCount {
      let status = data + GuestData.ringStatus + ringCursor
      guard memory.load8(status) == 0 else { return .enter }
      let entry = data + GuestData.ring + ringCursor * GuestData.ringEntrySize
      let call = Hypercall(
        memory.load32(entry), memory.load32(entry + 4), memory.load32(entry + 8), memory.load32(entry + 12),
        memory.load32(entry + 16))
      ringCursor = ringCursor + 1 == GuestData.ringCount ? 0 : ringCursor + 1
      memory.store8(GuestData.ringFree, status)
      storage.statistics.ringCalls += 1
      let step = perform(call, in: &memory)
      guard case .enter = step else { return step }
    }
    return .enter
  }

  private mutating func perform<Memory: ShadowMemory & ~Copyable>(
    _ call: Hypercall, in memory: inout Memory
  ) -> GuestStep where Memory.Entry == Format.Entry {
    guard let number = HypercallNumber(rawValue: call.number) else {
      return Self.killed(.unknownCall, call.number, call: call.number)
    }
    storage.statistics.calls[Int(call.number & 31)] += 1
    switch number {
    case .flushAsynchronous, .sendInterrupts: return .enter
    case .initialise: return Self.killed(.initialisedTwice, call.first, call: call.number)
    case .shutdown: return shutDown(call, in: memory)
    case .newPageTable:
      return Self.ending(shadow.use(guestRoot: call.first, in: &memory), call)
    case .flushTranslations:
      if call.first != 0 { return Self.ending(shadow.flushAllAndPin(in: &memory), call) }
      shadow.flushUser(in: &memory)
      return .enter
    case .loadInterruptGate: return loadGate(call)
    case .setStack: return setStack(call, in: &memory)
    case .setTaskSwitched:
      isTaskSwitched = call.first != 0
      return .enter
    case .setClockEvent:
      clockDeadline = call.first == 0 ? .max : memory.now() &+ clock.ticks(nanoseconds: call.first)
      return .enter
    case .halt:
      isHalted = true
      return .enter
    case .setPageEntry:
      return Self.ending(
        shadow.setPageEntry(guestRoot: call.first, address: call.second, entry: call.third, in: &memory), call
      )
    case .setRootEntry:
      return Self.ending(shadow.setRootEntry(guestRoot: call.first, index: call.second, in: &memory), call)
    case .loadThreadSegments: return loadThreadSegments(call, in: memory)
    case .notify:
      guard memory.contains(call.first, byteCount: 1) else {
        return Self.killed(.badAddress, call.first, call: call.number)
      }
      return .notify(call.first)
    case .loadSegment: return loadSegment(call)
    }
  }

  private static func ending(_ mistake: GuestMistake?, _ call: Hypercall) -> GuestStep {
    guard let mistake else { return .enter }
    return Self.killed(mistake.kind, mistake.value, call: call.number)
  }

  // MARK: - The calls one by one

  private mutating func initialise<Memory: ShadowMemory & ~Copyable>(
    at address: UInt32, in memory: inout Memory
  ) -> GuestStep where Memory.Entry == Format.Entry {
    let call = HypercallNumber.initialise.rawValue
    guard memory.contains(address, byteCount: GuestData.byteCount) else {
      return Self.killed(.badAddress, address, call: call)
    }
    let vector = memory.load32(address + GuestData.systemCallVector)
    guard vector == GuestData.linuxSystemCallVector else {
      return Self.killed(.badSystemCallVector, vector, call: call)
    }
    let kernelAddress = memory.load32(address + GuestData.kernelAddress)
    if let mistake = shadow.setKernelAddress(kernelAddress, in: &memory) {
      return Self.killed(mistake.kind, mistake.value, call: call)
    }
    noInterruptStart = memory.load32(address + GuestData.noInterruptStart)
    noInterruptEnd = memory.load32(address + GuestData.noInterruptEnd)
    data = address
    // 0: the guest must not count on the time stamp counter.
    memory.store32(0, address + GuestData.timeStampRate)
    memory.store32(GuestData.switcherSize, address + GuestData.reservedMemory)
    writeTime(in: &memory)
    storage.statistics.calls[Int(call)] += 1
    return .enter
  }

  private mutating func shutDown<Memory: ShadowMemory & ~Copyable>(
    _ call: Hypercall, in memory: borrowing Memory
  ) -> GuestStep {
    // Linux restarts without a message: its address is where no memory is.
    guard call.second == 2 || memory.contains(call.first, byteCount: 1) else {
      return Self.killed(.badAddress, call.first, call: call.number)
    }
    switch call.second {
    case 1: return .end(.powerOff(message: call.first))
    case 2: return .end(.restart(message: call.first))
    default: return Self.killed(.badShutdownReason, call.second, call: call.number)
    }
  }

  private mutating func loadGate(_ call: Hypercall) -> GuestStep {
    guard call.first < 256 else { return Self.killed(.badVector, call.first, call: call.number) }
    if GuestGate.isIgnored(call.first) { return .enter }
    guard let gate = GuestGate(low: call.second, high: call.third) else {
      return Self.killed(.badGate, call.third, call: call.number)
    }
    storage.gates[Int(call.first)] = gate
    changedGates = Self.joined(changedGates, Int(call.first))
    return .enter
  }

  private mutating func setStack<Memory: ShadowMemory & ~Copyable>(
    _ call: Hypercall, in memory: inout Memory
  ) -> GuestStep where Memory.Entry == Format.Entry {
    guard call.first & 3 == 1, call.first < GuestSegments.count * 8 else {
      return Self.killed(.badStackSegment, call.first, call: call.number)
    }
    guard (1...2).contains(call.third) else {
      return Self.killed(.badStackPageCount, call.third, call: call.number)
    }
    stackSegment = call.first
    stackTop = call.second
    return Self.ending(shadow.setStack(top: call.second, pageCount: call.third, in: &memory), call)
  }

  private mutating func loadSegment(_ call: Hypercall) -> GuestStep {
    guard call.first < GuestSegments.count else {
      return Self.killed(.badSegmentIndex, call.first, call: call.number)
    }
    setSegment(call.first, UInt64(call.third) << 32 | UInt64(call.second))
    return .enter
  }

  private mutating func loadThreadSegments<Memory: ShadowMemory & ~Copyable>(
    _ call: Hypercall, in memory: borrowing Memory
  ) -> GuestStep {
    guard memory.contains(call.first, byteCount: GuestSegments.threadEntryCount * 8) else {
      return Self.killed(.badAddress, call.first, call: call.number)
    }
    for index in 0..<GuestSegments.threadEntryCount {
      let place = call.first + index * 8
      let (low, high) = (memory.load32(place), memory.load32(place + 4))
      setSegment(GuestSegments.firstThreadEntry + index, UInt64(high) << 32 | UInt64(low))
    }
    return .enter
  }

  private mutating func setSegment(_ index: UInt32, _ descriptor: UInt64) {
    guard !GuestSegments.isReserved(index) else { return }
    let thread = index &- GuestSegments.firstThreadEntry
    if thread < GuestSegments.threadEntryCount {
      storage.threadWords[Int(thread) * 2] = UInt32(truncatingIfNeeded: descriptor)
      storage.threadWords[Int(thread) * 2 + 1] = UInt32(truncatingIfNeeded: descriptor >> 32)
    }
    let segment = GuestSegments.sanitised(descriptor)
    guard segment != storage.segments[Int(index)] else { return }
    storage.segments[Int(index)] = segment
    changedSegments = Self.joined(changedSegments, Int(index))
  }

  private static func joined(_ range: Range<Int>, _ index: Int) -> Range<Int> {
    range.isEmpty ? index..<index + 1 : min(range.lowerBound, index)..<max(range.upperBound, index + 1)
  }
}
