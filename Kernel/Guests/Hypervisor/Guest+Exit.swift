/// What the host does when a guest has been left.

import Base
import GuestInterface
import Paging
import ShadowPaging

extension Guest {
  /// Deals with whatever made the processor leave the guest; the registers hold what it was.
  ///
  /// - Parameters:
  ///   - faultAddress: `cr2`, if it was a page fault.
  ///   - memory: the guest's memory.
  public mutating func handleExit<Memory: ShadowMemory & ~Copyable>(
    faultAddress: UInt32, in memory: inout Memory
  ) -> GuestStep where Memory.Entry == Format.Entry {
    switch registers.vector {
    case UInt32(Hypercall.vector): return handleCall(registers.hypercall, in: &memory)
    case 14: return handlePageFault(at: faultAddress, in: &memory)
    case 13: return handleProtectionFault(in: &memory)
    case 7: return isTaskSwitched ? reflect(7, in: &memory) : .restoreFPU
    case 2: return .enter
    case 0..<32: return reflect(UInt8(truncatingIfNeeded: registers.vector), in: &memory)
    // By an interrupt gate, which the processor may not use itself.
    case GuestData.linuxSystemCallVector: return reflect(UInt8(GuestData.linuxSystemCallVector), in: &memory)
    case 32..<256: return .enter  // the host's own interrupt, which has been handled
    case 256: return Self.killed(.segmentLoad, registers.errorCode)
    default: return Self.killed(.unexpectedVector, registers.vector)
    }
  }

  /// Deals with the calls that need nothing but a note and with ports, if that is what the exit was: the shortest way.
  ///
  /// Returns whether it was, and the guest is to be entered again.
  @inline(__always)
  public mutating func handleShortExit<Memory: ShadowMemory & ~Copyable>(in memory: inout Memory) -> Bool
  where Memory.Entry == Format.Entry {
    guard registers.vector == UInt32(Hypercall.vector) else { return handlePort(in: &memory) }
    guard let data else { return false }
    if memory.load8(data &+ GuestData.ringStatus &+ ringCursor) == 0 {
      guard drainShortCalls(data, in: &memory) else { return false }
    }
    switch registers.eax {
    case HypercallNumber.flushAsynchronous.rawValue, HypercallNumber.sendInterrupts.rawValue: break
    case HypercallNumber.setTaskSwitched.rawValue: isTaskSwitched = registers.ebx != 0
    default: return false
    }
    storage.statistics.calls[Int(truncatingIfNeeded: registers.eax & 31)] &+= 1
    return true
  }

  /// Carries out an instruction that lies in the page of the last one: probing for devices comes in loops.
  @inline(__always)
  private mutating func handlePort<Memory: ShadowMemory & ~Copyable>(in memory: inout Memory) -> Bool
  where Memory.Entry == Format.Entry {
    let place = registers.eip
    guard registers.vector == 13, place & ~0xFFF == fetched.page, fetched.generation == shadow.generation,
      place & 0xFFF <= 0xFFC, registers.errorCode == 0, registers.isInKernel,
      let instruction = EmulatedInstruction(bytes: memory.load32(fetched.physical | place & 0xFFF))
    else { return false }
    instruction.perform(on: &registers)
    storage.statistics.emulatedInstructions &+= 1
    return true
  }

  /// Whether the guest may be entered as it is: nothing waits for it, and it does not wait.
  @inline(__always)
  public var isReady: Bool { !isHalted && pendingInterrupts == 0 }

  /// Whether an interrupt waits that the guest may come to take without telling: it must be left now and then.
  public var hasWaitingInterrupt: Bool { pendingInterrupts != 0 }

  /// Goes on after a device was served: with the rest of the ring, and the call that waited.
  public mutating func continueCalls<Memory: ShadowMemory & ~Copyable>(
    in memory: inout Memory
  ) -> GuestStep where Memory.Entry == Format.Entry {
    guard let call = waitingCall else { return .enter }
    waitingCall = nil
    return handleCall(call, in: &memory)
  }

  static func killed(_ kind: GuestMistake.Kind, _ value: UInt32, call: UInt32? = nil) -> GuestStep {
    .end(.killed(GuestMistake(kind, value, call: call)))
  }

  private mutating func handlePageFault<Memory: ShadowMemory & ~Copyable>(
    at address: UInt32, in memory: inout Memory
  ) -> GuestStep where Memory.Entry == Format.Entry {
    switch shadow.fault(at: address, GuestAccess(errorCode: registers.errorCode), in: &memory) {
    case .filled: return .enter
    case .killed(let mistake): return .end(.killed(mistake))
    case .reflected(let isPresent):
      // As the guest's own tables would have it: theirs know no execute right, and show what the shadow does not yet.
      registers.errorCode = registers.errorCode & 6 | (isPresent ? 1 : 0)
      if let data { memory.store32(address, data + GuestData.faultAddress) }
      return reflect(14, in: &memory)
    }
  }

  private mutating func handleProtectionFault<Memory: ShadowMemory & ~Copyable>(
    in memory: inout Memory
  ) -> GuestStep where Memory.Entry == Format.Entry {
    if registers.errorCode == 0, registers.isInKernel,
      let instruction = EmulatedInstruction(bytes: fetch(in: &memory))
    {
      instruction.perform(on: &registers)
      storage.statistics.emulatedInstructions += 1
      return .enter
    }
    return reflect(13, in: &memory)
  }

  /// The bytes at the guest's instruction pointer, as far as they can be read.
  private mutating func fetch<Memory: ShadowMemory & ~Copyable>(in memory: inout Memory) -> UInt32
  where Memory.Entry == Format.Entry {
    let access = GuestAccess(isWrite: false, isUser: false)
    var bytes: UInt32 = 0
    for index in 0..<EmulatedInstruction.longest {
      guard let place = shadow.guestPhysical(registers.eip &+ index, access, in: &memory) else { break }
      if index == 0 {
        fetched = (registers.eip & ~0xFFF, place & ~0xFFF, shadow.generation)
        if place & 0xFFF <= 0xFFC { return memory.load32(place) }
      }
      bytes |= UInt32(memory.load8(place)) << (index * 8)
    }
    return bytes
  }
}
