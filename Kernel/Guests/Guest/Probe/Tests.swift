/// Tests that the guest survives, each one behaviour and one line.

import CGuest
import CMachine
import GuestInterface
import GuestSupport
import Log

/// The lines of the Test Anything Protocol.
struct TestLines {
  private var number: UInt64 = 0
  private var failures: UInt64 = 0

  /// Says whether a behaviour is as it should be.
  mutating func check(_ isRight: Bool, _ name: StaticString) {
    number += 1
    if !isRight { failures += 1 }
    Console.line(isRight ? "ok \(number) - \(name)" : "not ok \(number) - \(name)")
  }

  /// The same for a behaviour whose name lies in memory, and ends with a 0.
  mutating func check(_ isRight: Bool, at name: UInt32) {
    number += 1
    if !isRight { failures += 1 }
    var text: Text = isRight ? "ok \(number) - " : "not ok \(number) - "
    var place = UInt(name)
    while case let byte = cpu_load8(place), byte != 0 {
      text.append(byte: byte)
      place += 1
    }
    if !isRight {
      let state = State()
      text.append(" (")
      text.append(decimal: UInt64(state.fields.vector))
      text.append(", ")
      text.append(hexadecimal: UInt64(state.fields.error))
      text.append(" at ")
      text.append(hexadecimal: UInt64(state.fields.address))
      text.append(")")
    }
    Console.line(text)
  }

  /// Says that a behaviour could not be looked at, and why.
  mutating func skip(_ name: StaticString, _ reason: StaticString) {
    number += 1
    Console.line("ok \(number) - \(name) # SKIP \(reason)")
  }

  /// The plan, at the end.
  func finish() -> Never {
    Console.line("1..\(number)")
    Host.end(failures == 0 ? "tests passed" : "tests failed")
  }
}

/// Runs them all.
func runTests() -> Never {
  var tests = TestLines()
  testDevices(&tests)
  testSharedPage(&tests)
  testCalls(&tests)
  testRing(&tests)
  testInstructions(&tests)
  testSegments(&tests)
  testPageTables(&tests)
  testInterrupts(&tests)
  testPrograms(&tests)
  tests.finish()
}

private func testSharedPage(_ tests: inout TestLines) {
  tests.check(Shared.word(GuestData.reservedMemory) == 0x40_0000, "the top 4 MiB are said to be the host's")
  tests.check(Shared.word(GuestData.timeStampRate) == 0, "the counter's rate is not given")
  tests.check(Pages.read(0x23C) == 1, "the boot parameters name the subarchitecture")
  tests.check(Pages.read(0x2E0) & 0xFFFF_FFFF == 1, "the memory map has one entry of RAM")
  tests.check(Pages.ram % Pages.size == 0 && Pages.ram >= 4 << 20, "its size is in whole pages")
}

// MARK: - Calls

private func testCalls(_ tests: inout TestLines) {
  Host.call(.flushAsynchronous)
  tests.check(true, "FLUSH_ASYNC comes back")
  Host.call(.sendInterrupts)
  tests.check(true, "SEND_INTERRUPTS comes back with nothing waiting")
  Host.call(.setTaskSwitched, 1)
  tests.check(Traps.attempt(Code.useFPU) && State().fields.vector == 7, "TS 1: the next use of the FPU traps")
  Host.call(.setTaskSwitched, 0)
  tests.check(!Traps.attempt(Code.useFPU), "TS 0: the FPU may be used")
  Host.call(.setTaskSwitched, 0x8000_0000)
  tests.check(Traps.attempt(Code.useFPU), "TS with any value but 0 sets it")
  Host.call(.setTaskSwitched, 0)
  let hostVectors: InlineArray<4, UInt32> = [2, 8, 15, 31]
  for index in hostVectors.indices { Traps.load(hostVectors[index], kind: 5) }
  tests.check(true, "LOAD_IDT_ENTRY of vectors that are the host's is ignored, whatever it loads")
  Traps.unload(200)
  tests.check(true, "LOAD_IDT_ENTRY may take a gate away that was not there")
  Traps.load(255, kind: 15, ring: 3)
  tests.check(true, "LOAD_IDT_ENTRY takes the last vector")
  let hostEntries: InlineArray<4, UInt32> = [10, 11, 16, 31]
  for index in hostEntries.indices { Segments.load(hostEntries[index], 0x00CF_9A00_0000_FFFF) }
  tests.check(Traps.attempt(Code.loadHostSegment), "LOAD_GDT_ENTRY of the host's entries is ignored")
  Host.call(.setStack, UInt32(GuestSegments.kernelData), UInt32(symbol_guest_trap_stack_top()), 1)
  Host.call(.setStack, UInt32(GuestSegments.kernelData), UInt32(symbol_guest_trap_stack_top()), 2)
  tests.check(true, "SET_STACK takes one page and two")
  Host.call(.newPageTable, Tables.first.root)
  tests.check(true, "NEW_PGTABLE takes the root that is in use")
  Host.call(.newPageTable, Tables.first.root | 0xFFF)
  tests.check(true, "NEW_PGTABLE ignores the bits below a page")
  Host.call(.flushTranslations, 0)
  tests.check(true, "FLUSH_TLB 0 comes back")
  Host.call(.flushTranslations, 0xFFFF_FFFF)
  tests.check(true, "FLUSH_TLB with any other value comes back")
  Host.call(.setRootEntry, Tables.first.root, 1_023)
  tests.check(true, "SET_PGD of the host's entry is ignored")
  Host.call(.setRootEntry, 0xFFFF_F000, 5)
  tests.check(true, "SET_PGD of a root that nobody uses is ignored")
  Host.call(.setPageEntry, 0xFFFF_F000, 0x4000_0000, 0xFFFF_FFFF)
  tests.check(true, "SET_PTE of a root that nobody uses is ignored")
  Host.call(.setClockEvent, 0)
  tests.check(true, "SET_CLOCKEVENT 0 comes back with no clock set")
  Host.call(.notify, 0)
  tests.check(true, "NOTIFY of an empty text shows nothing")
}

/// Code for attempts that have no record of their own.
enum Code {
  static var useFPU: UInt { symbol_probe_use_fpu() }
  static var loadHostSegment: UInt { symbol_probe_host_segment() }
}

/// Reads and writes that may trap.
enum Attempt {
  /// What lies at an address, or `nil` if a trap came.
  static func read(_ address: UInt32) -> UInt32? {
    probe_set(0, address, 0)
    return Traps.attempt(symbol_probe_read()) ? nil : probe_result()
  }

  /// Writes to an address; returns whether no trap came.
  static func write(_ address: UInt32, _ value: UInt32) -> Bool {
    probe_set(0, address, value)
    return !Traps.attempt(symbol_probe_write())
  }

  /// Goes to an address.
  static func jump(_ address: UInt32) {
    probe_set(0, address, 0)
    _ = Traps.attempt(symbol_probe_jump())
  }

  /// What lies at an offset in a segment, or `nil` if a trap came.
  static func read(segment index: UInt32, _ offset: UInt32) -> UInt32? {
    probe_set(index << 3 | 1, offset, 0)
    return Traps.attempt(symbol_probe_segment()) ? nil : probe_result()
  }

  /// Whether the last trap was of this kind.
  static func was(_ vector: UInt32, error: UInt32) -> Bool {
    State().fields.vector == vector && State().fields.error == error
  }
}

// MARK: - Ring

private func testRing(_ tests: inout TestLines) {
  let slot = State().fields.ring_cursor
  Host.post(Hypercall(HypercallNumber.setTaskSwitched.rawValue, 1))
  let waits = Shared.byte(GuestData.ringStatus + slot) == 0
  _ = Traps.attempt(Code.loadHostSegment)
  let waitsStill = Shared.byte(GuestData.ringStatus + slot) == 0
  Host.call(.flushAsynchronous)
  // Each line is a call too, so what must be seen before one was.
  tests.check(waits, "a posted call waits")
  tests.check(waitsStill, "a trap is no reason to look at the ring")
  tests.check(Shared.byte(GuestData.ringStatus + slot) == GuestData.ringFree, "the next call marks it done")
  tests.check(Traps.attempt(Code.useFPU), "and it was carried out")
  Host.post(Hypercall(HypercallNumber.setTaskSwitched.rawValue, 1))
  Host.call(.setTaskSwitched, 0)
  tests.check(!Traps.attempt(Code.useFPU), "what waits comes before the call")
  for _ in 0..<130 { Host.post(Hypercall(HypercallNumber.sendInterrupts.rawValue)) }
  Host.call(.flushAsynchronous)
  var isFree = true
  for slot in 0..<GuestData.ringCount where Shared.byte(GuestData.ringStatus + slot) != 0xFF {
    isFree = false
  }
  tests.check(isFree, "130 posted calls go round a ring of 64, and all are done")
  let next = State().fields.ring_cursor
  let second = (next + 1) % GuestData.ringCount
  write(Hypercall(HypercallNumber.setTaskSwitched.rawValue, 1), in: second, status: 0)
  Host.call(.flushAsynchronous)
  tests.check(Shared.byte(GuestData.ringStatus + second) == 0, "a call behind a gap waits")
  Host.post(Hypercall(HypercallNumber.setTaskSwitched.rawValue, 0))
  Host.call(.flushAsynchronous)
  tests.check(Traps.attempt(Code.useFPU), "and is carried out once the gap is filled, in order")
  State().fields.ring_cursor = (second + 1) % GuestData.ringCount
  Host.call(.setTaskSwitched, 0)
  let odd = State().fields.ring_cursor
  write(Hypercall(99), in: odd, status: 7)
  Host.call(.flushAsynchronous)
  tests.check(
    Shared.byte(GuestData.ringStatus + odd) == 7, "a status that is neither free nor posted stops the host")
  Shared.setByte(GuestData.ringStatus + odd, GuestData.ringFree)
  Host.post(Hypercall(HypercallNumber.notify.rawValue, 0))
  Host.post(Hypercall(HypercallNumber.setTaskSwitched.rawValue, 1))
  Host.call(.flushAsynchronous)
  tests.check(Traps.attempt(Code.useFPU), "NOTIFY in the ring is served, and the rest goes on")
  Host.call(.setTaskSwitched, 0)
}

private func write(_ call: Hypercall, in slot: UInt32, status: UInt8) {
  let entry = GuestData.ring + slot * GuestData.ringEntrySize
  Shared.set(entry, call.number)
  Shared.set(entry + 4, call.first)
  Shared.set(entry + 8, call.second)
  Shared.set(entry + 12, call.third)
  Shared.set(entry + 16, call.fourth)
  Shared.setByte(GuestData.ringStatus + slot, status)
}

// MARK: - Instructions

/// A record of Instructions.asm.
private struct Record {
  let name: UInt32
  let code: UInt32
  let byteCount: UInt32
  let vector: UInt32
  let error: UInt32

  static var byteCount: UInt { 20 }
  static var nothing: UInt32 { 0xFFFF_FFFF }

  /// The record at an address, or `nil` behind the last.
  init?(at address: UInt) {
    name = cpu_load32(address)
    guard name != 0 else { return nil }
    code = cpu_load32(address + 4)
    byteCount = cpu_load32(address + 8)
    vector = cpu_load32(address + 12)
    error = cpu_load32(address + 16)
  }

  /// Whether what happened is what should.
  func isRight(trapped: Bool) -> Bool {
    guard vector != Self.nothing else { return !trapped }
    let state = State()
    return trapped && state.fields.vector == vector && state.fields.error == error
  }
}

private func testInstructions(_ tests: inout TestLines) {
  var place = symbol_probe_instructions()
  while let record = Record(at: place) {
    tests.check(record.isRight(trapped: Traps.attempt(UInt(record.code))), at: record.name)
    place += Record.byteCount
  }
}

private func testPrograms(_ tests: inout TestLines) {
  let tables = Tables.make()
  tables.use()
  let code = Pages.take()
  tables.map(0x4000_0000, to: code, Entry.user)
  tables.map(0x4000_1000, to: Pages.take(), Entry.user)
  tables.map(0x4000_2000, to: Pages.take(), 0x5)
  var place = symbol_probe_programs()
  while let record = Record(at: place) {
    for index in 0..<record.byteCount {
      cpu_store8(UInt(code + Pages.offset + index), cpu_load8(UInt(record.code + index)))
    }
    let before = State().fields.system_calls
    let trapped = guest_run_program(0x4000_0000, 0x4000_2000) != 0
    // A program that ended in order has made its last call, which is no trap of the host's.
    let isRight =
      record.isRight(trapped: trapped) && (record.vector != 0x80 || State().fields.system_calls > before)
    tests.check(isRight, at: record.name)
    place += Record.byteCount
  }
  // Now by way of the host.
  Traps.load(0x80, kind: 14, ring: 3)
  for index in 0..<UInt32(16) {
    cpu_store8(UInt(code + Pages.offset + index), cpu_load8(symbol_probe_exit() + UInt(index)))
  }
  let trapped = guest_run_program(0x4000_0000, 0x4000_2000) != 0
  tests.check(
    trapped && State().fields.vector == 0x80, "an interrupt gate for system calls works too, by the host")
  Traps.load(0x80, kind: 15, ring: 3)
  Tables.first.use()
}

// MARK: - Segments

private func testSegments(_ tests: inout TestLines) {
  let page = UInt32(symbol_guest_line()) + 0x800
  cpu_store32(UInt(page), 0x1357_9BDF)
  Segments.load(20, Segments.data(base: page, limit: 0xFFF))
  tests.check(Attempt.read(segment: 20, 0) == 0x1357_9BDF, "a segment with a base begins there")
  Segments.load(20, Segments.data(base: page, limit: 0xFF))
  if Attempt.read(segment: 20, 0x100) == nil {
    tests.check(State().fields.vector == 13, "a segment ends at its limit")
  } else {
    tests.skip("a segment ends at its limit", "this processor checks no limits, as QEMU's translator")
  }
  Segments.load(20, Segments.kernelData & ~(3 << 45))
  tests.check(Attempt.read(segment: 20, page) == 0x1357_9BDF, "a segment of ring 0 becomes one of ring 1")
  var isRefused = true
  let types: InlineArray<7, UInt64> = [0x81, 0x82, 0x85, 0x89, 0x8C, 0x8E, 0x8F]
  for index in types.indices {
    Segments.load(20, 0x00CF_0000_0000_FFFF | types[index] << 40)
    isRefused = isRefused && Attempt.read(segment: 20, 0) == nil
  }
  tests.check(isRefused, "a gate or a task among the descriptors is no entry")
  Segments.load(20, 0x00CF_9E00_0000_FFFF)
  tests.check(Attempt.read(segment: 20, 0) == nil, "code that conforms to its caller's ring is no entry")
  Segments.load(20, Segments.kernelData & ~(1 << 47))
  tests.check(Attempt.read(segment: 20, 0) == nil, "a descriptor that is not present cannot be loaded")
  let thread = Pages.take()
  for index in 0..<UInt32(3) {
    let descriptor = Segments.data(base: page, limit: 0xF + index)
    Pages.write(thread + index * 8, UInt32(truncatingIfNeeded: descriptor))
    Pages.write(thread + index * 8 + 4, UInt32(truncatingIfNeeded: descriptor >> 32))
  }
  Host.call(.loadThreadSegments, thread)
  tests.check(Attempt.read(segment: 6, 0) == 0x1357_9BDF, "LOAD_TLS loads the first of three entries")
  tests.check(Attempt.read(segment: 8, 0) == 0x1357_9BDF, "LOAD_TLS loads the last of three entries")
  Host.call(.loadThreadSegments, thread, 77)
  tests.check(true, "LOAD_TLS ignores the number of a processor")
}
