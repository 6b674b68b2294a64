/// Ways for a guest to end itself, each by its number: what it does, and what the host must say of it.

import CGuest
import CMachine
import GuestInterface
import GuestSupport
import Log

/// Does what has a number; powers off if there is nothing of that number.
///
/// Before, it says `# case N expects: REASON VALUE`; the host's own line must hold that.
func runEnd(_ number: UInt32) -> Never {
  var left = number
  endByCall(&left)
  endByGate(&left)
  endByTables(&left)
  endByTrap(&left)
  endByStack(&left)
  endBySegment(&left)
  endByJump(&left)
  Console.line("# cases \(number)")
  Host.end("no more cases")
}

/// Counts down to the case that is wanted; says what must come of it.
private func isNext(_ left: inout UInt32, _ kind: GuestMistake.Kind, _ value: UInt32) -> Bool {
  guard left == 0 else {
    left -= 1
    return false
  }
  Console.line("# expects: \(kind.sentence) \(hexadecimal: value)")
  return true
}

/// The same for a value that only the host knows.
private func isNext(_ left: inout UInt32, _ kind: GuestMistake.Kind) -> Bool {
  guard left == 0 else {
    left -= 1
    return false
  }
  Console.line("# expects: \(kind.sentence)")
  return true
}

/// Says that the guest is still there, where it should not be.
private func survived() -> Never {
  Console.line("# survived")
  Host.end("survived", reason: 2)
}

// MARK: - Calls, made directly and through the ring

private func endByCall(_ left: inout UInt32) {
  for isPosted in 0..<2 {
    for index in 0..<callCount {
      let (call, kind, value) = badCall(index)
      guard isNext(&left, kind, value) else { continue }
      if isPosted == 1 {
        Host.post(call)
        Host.call(.flushAsynchronous)
      } else {
        Host.call(call)
      }
      survived()
    }
  }
}

private var callCount: Int { 62 }

/// A call that no guest may make, and what is wrong with it.
private func badCall(_ index: Int) -> (Hypercall, GuestMistake.Kind, UInt32) {
  let size = Pages.ram + 64 * Pages.size
  let shared = Pages.physical(UInt32(Shared.address))
  func made(
    _ kind: GuestMistake.Kind, _ value: UInt32, _ number: HypercallNumber, _ first: UInt32,
    _ second: UInt32 = 0, _ third: UInt32 = 0
  ) -> (Hypercall, GuestMistake.Kind, UInt32) {
    (Hypercall(number.rawValue, first, second, third), kind, value)
  }
  let numbers: InlineArray<14, UInt32> = [
    3, 11, 12, 13, 20, 21, 31, 32, 33, 64, 255, 0x1_0000, 0x8000_0000, 0xFFFF_FFFF,
  ]
  if index < 14 { return (Hypercall(numbers[index]), .unknownCall, numbers[index]) }
  let stack = UInt32(symbol_guest_trap_stack_top())
  switch index - 14 {
  case 0: return made(.initialisedTwice, shared, .initialise, shared)
  case 1: return made(.initialisedTwice, 0xFFFF_FFFF, .initialise, 0xFFFF_FFFF)
  case 2: return made(.badAddress, size, .shutdown, size, 1)
  case 3: return made(.badAddress, 0x7FFF_FFFF, .shutdown, 0x7FFF_FFFF, 1)
  case 4: return made(.badAddress, 0xFFFF_FFFF, .shutdown, 0xFFFF_FFFF, 1)
  case 5: return made(.badShutdownReason, 0, .shutdown, 0, 0)
  case 6: return made(.badShutdownReason, 3, .shutdown, 0, 3)
  case 7: return made(.badShutdownReason, 0x8000_0001, .shutdown, 0, 0x8000_0001)
  case 8: return made(.badRoot, size, .newPageTable, size)
  case 9: return made(.badRoot, 0xFFFF_F000, .newPageTable, 0xFFFF_F000)
  case 10: return made(.badRoot, 0xFFFF_FFFF, .newPageTable, 0xFFFF_FFFF)
  case 11: return made(.badRoot, 0x8000_0000, .newPageTable, 0x8000_0000)
  case 12: return made(.badVector, 256, .loadInterruptGate, 256)
  case 13: return made(.badVector, 257, .loadInterruptGate, 257, 0, 0x8E00)
  case 14: return made(.badVector, 0x8000_0000, .loadInterruptGate, 0x8000_0000)
  case 15: return made(.badVector, 0xFFFF_FFFF, .loadInterruptGate, 0xFFFF_FFFF)
  case 16: return made(.badStackSegment, 0x68, .setStack, 0x68, stack, 1)
  case 17: return made(.badStackSegment, 0x6A, .setStack, 0x6A, stack, 1)
  case 18: return made(.badStackSegment, 0x6B, .setStack, 0x6B, stack, 1)
  case 19: return made(.badStackSegment, 0, .setStack, 0, stack, 1)
  case 20: return made(.badStackSegment, 0x101, .setStack, 0x101, stack, 1)
  case 21: return made(.badStackSegment, 0xFFFF_FFFD, .setStack, 0xFFFF_FFFD, stack, 1)
  case 22: return made(.badStackPageCount, 0, .setStack, 0x69, stack, 0)
  case 23: return made(.badStackPageCount, 3, .setStack, 0x69, stack, 3)
  case 24: return made(.badStackPageCount, 0xFFFF_FFFF, .setStack, 0x69, stack, 0xFFFF_FFFF)
  case 25: return made(.stackNotMapped, 0x6FFF_FFFF, .setStack, 0x69, 0x7000_0000, 1)
  case 26: return made(.stackNotMapped, 0xDFFF_FFFF, .setStack, 0x69, 0xE000_0000, 1)
  case 27: return made(.stackNotMapped, 0xBFFF_F7FF, .setStack, 0x69, 0xC000_0800, 2)
  case 28: return made(.switcherTouched, 0xFFFF_FFFF, .setStack, 0x69, 0, 1)
  case 29: return made(.switcherTouched, 0xFFC0_0FFF, .setStack, 0x69, 0xFFC0_1000, 1)
  case 30: return made(.switcherTouched, 0xFFC0_0000, .setPageEntry, Tables.first.root, 0xFFC0_0000)
  case 31: return made(.switcherTouched, 0xFFFF_F000, .setPageEntry, Tables.first.root, 0xFFFF_F000)
  case 32: return made(.switcherTouched, 0xFFFF_FFFF, .setPageEntry, 0, 0xFFFF_FFFF, 0x23)
  case 33: return made(.badRootEntryIndex, 1_024, .setRootEntry, Tables.first.root, 1_024)
  case 34: return made(.badRootEntryIndex, 0x8000_0000, .setRootEntry, Tables.first.root, 0x8000_0000)
  case 35: return made(.badRootEntryIndex, 0xFFFF_FFFF, .setRootEntry, 0, 0xFFFF_FFFF)
  case 36: return made(.badAddress, size, .loadThreadSegments, size)
  case 37: return made(.badAddress, size - 23, .loadThreadSegments, size - 23)
  case 38: return made(.badAddress, 0xFFFF_FFF0, .loadThreadSegments, 0xFFFF_FFF0)
  case 39: return made(.badAddress, 0x8000_0000, .loadThreadSegments, 0x8000_0000)
  case 40: return made(.badAddress, size, .notify, size)
  case 41: return made(.badAddress, 0x8000_0000, .notify, 0x8000_0000)
  case 42: return made(.badAddress, 0xFFFF_FFFF, .notify, 0xFFFF_FFFF)
  case 43: return made(.badSegmentIndex, 32, .loadSegment, 32)
  case 44: return made(.badSegmentIndex, 33, .loadSegment, 33)
  case 45: return made(.badSegmentIndex, 0x8000_0000, .loadSegment, 0x8000_0000)
  case 46: return made(.badSegmentIndex, 0xFFFF_FFFF, .loadSegment, 0xFFFF_FFFF)
  default: return made(.badShutdownReason, 0xFFFF_FFFF, .shutdown, 0, 0xFFFF_FFFF)
  }
}

// MARK: - Gates of a wrong kind

private func endByGate(_ left: inout UInt32) {
  for kind in 0..<UInt32(32) where kind != 14 && kind != 15 {
    guard isNext(&left, .badGate, 0x8000 | kind << 8) else { continue }
    Host.call(.loadInterruptGate, 3, 0, 0x8000 | kind << 8)
    survived()
  }
}

// MARK: - Page tables

private func endByTables(_ left: inout UInt32) {
  let place: UInt32 = 0x5000_0000
  let size = Pages.ram + 64 * Pages.size
  let top = Tables.first.root + (place >> 22) * 4
  // Flags that an entry of a root must not have: through, uncached, large, global and the three for a kernel's own use.
  for bit in 3..<UInt32(12) where bit != 5 && bit != 6 {
    let entry = Pages.ram - Pages.size | 7 | 1 << bit
    guard isNext(&left, bit == 7 ? .largePage : .badRootEntryFlags, entry) else { continue }
    Pages.write(top, entry)
    touch(place)
  }
  // A table that lies outside the guest's memory.
  let outside: InlineArray<3, UInt32> = [size, 0x8000_0000, 0xFFFF_F000]
  for index in outside.indices {
    guard isNext(&left, .frameOutOfRange, outside[index] | 7) else { continue }
    Pages.write(top, outside[index] | 7)
    touch(place)
  }
  // A page that does.
  for index in outside.indices {
    guard isNext(&left, .frameOutOfRange, outside[index] | 3) else { continue }
    Tables.first.setSilently(place, outside[index] | 3)
    touch(place)
  }
  if isNext(&left, .largePage, 0x83) {
    Tables.first.setSilently(place, 0x83)
    touch(place)
  }
  // The same tables, found by the host when it looks after the stack.
  if isNext(&left, .frameOutOfRange, size | 3) {
    Tables.first.setSilently(place, size | 3)
    Host.call(.setStack, 0x69, place + Pages.size, 1)
    survived()
  }
  if isNext(&left, .largePage, 0x87) {
    Pages.write(top, 0x87)
    Host.call(.setStack, 0x69, place + Pages.size, 1)
    survived()
  }
  // The host's part.
  for index in 0..<UInt32(4) {
    let address = 0xFFE0_0000 + index << 16
    guard isNext(&left, .switcherTouched, address) else { continue }
    touch(address)
  }
  for index in 0..<UInt32(3) {
    let address = 0xFFC0_0000 + index * 16
    guard isNext(&left, .switcherTouched, address) else { continue }
    cpu_store32(UInt(address), 0)
    survived()
  }
  // The registers' page is the guest's to read and not, by its own tables, to have: what it writes there is its own.
  for index in 0..<UInt32(3) {
    let address = 0xFFF0_0000 + index << 12
    guard isNext(&left, .switcherTouched, address) else { continue }
    probe_set(0, address, 0)
    _ = Traps.attempt(symbol_probe_jump())
    survived()
  }
}

private func touch(_ address: UInt32) -> Never {
  probe_set(0, address, 0)
  _ = Traps.attempt(symbol_probe_read())
  survived()
}

// MARK: - Traps without a gate

private func endByTrap(_ left: inout UInt32) {
  // By instructions of Instructions.asm: the first record of each vector.
  for vector in 0..<UInt32(20) {
    // Without a gate these are protection faults, as every `int` by a gate that is not there.
    if vector == 3 || vector == 4 { continue }
    guard let code = probeCode(for: vector) else { continue }
    guard isNext(&left, .noGateForTrap, vector) else { continue }
    Traps.unload(vector)
    _ = Traps.attempt(UInt(code))
    survived()
  }
  if isNext(&left, .noGateForTrap, 7) {
    Traps.unload(7)
    Host.call(.setTaskSwitched, 1)
    _ = Traps.attempt(symbol_probe_use_fpu())
    survived()
  }
  if isNext(&left, .noGateForTrap, 13) {
    Traps.load(0x80, kind: 15, ring: 0)
    Traps.unload(13)
    guest_interrupt_80()
    survived()
  }
}

/// The code of the first record of Instructions.asm that must end by a vector.
private func probeCode(for vector: UInt32) -> UInt32? {
  var place = symbol_probe_instructions()
  while cpu_load32(place) != 0 {
    if cpu_load32(place + 12) == vector { return cpu_load32(place + 4) }
    place += 20
  }
  return nil
}

// MARK: - A stack on which no frame can be built

private func endByStack(_ left: inout UInt32) {
  let stacks: InlineArray<6, UInt32> = [
    0x6000_0000, 0x7000_0000, 0xE000_0000, 0xFFC0_0000, 0xFFFF_FFF0, 0x8000_0002,
  ]
  for index in stacks.indices {
    guard isNext(&left, .frameNotWritable) else { continue }
    probe_set(0, stacks[index], 0)
    guest_lose_stack()
    survived()
  }
}

// MARK: - Descriptors that the way back needs

private func endBySegment(_ left: inout UInt32) {
  let code: InlineArray<6, UInt64> = [
    0, Segments.kernelData, Segments.userCode, Segments.kernelCode & ~(1 << 47),
    Segments.kernelCode & ~(1 << 44),
    Segments.kernelCode | 1 << 42,
  ]
  for index in code.indices {
    guard isNext(&left, .segmentLoad) else { continue }
    Segments.load(12, code[index])
    survived()
  }
  let data: InlineArray<6, UInt64> = [
    0, Segments.kernelCode, Segments.kernelData & ~(1 << 41), Segments.userData,
    Segments.kernelData & ~(1 << 47),
    Segments.kernelData & ~(1 << 44),
  ]
  for index in data.indices {
    guard isNext(&left, .segmentLoad) else { continue }
    Segments.load(13, data[index])
    survived()
  }
  // A register of the guest's own that the way back cannot load any more.
  for index in 20..<UInt32(24) {
    guard isNext(&left, .segmentLoad) else { continue }
    Segments.load(index, Segments.data(base: 0, limit: 0xFFF))
    guest_load_segment(index - 20, index << 3 | 1)
    Segments.load(index, 0)
    survived()
  }
}

// MARK: - Going where nothing is, with nobody to tell

private func endByJump(_ left: inout UInt32) {
  let places: InlineArray<8, UInt32> = [
    0, 0x1000_0000, 0x4000_0000, 0x7FFF_FFFF, 0xBFFF_F000, 0xE000_0000, 0xF000_0000, 0xFFBF_FFFC,
  ]
  for index in places.indices {
    guard isNext(&left, .noGateForTrap, 14) else { continue }
    // Physical 0 is shown until the guest forgets its first view.
    Pages.write(Tables.first.root, 0)
    Host.call(.flushTranslations, 1)
    Traps.unload(14)
    probe_set(0, places[index], 0)
    _ = Traps.attempt(symbol_probe_jump())
    survived()
  }
}
