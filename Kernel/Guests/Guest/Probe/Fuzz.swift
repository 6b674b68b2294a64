/// A guest that does at random what guests may do, and what they may not.

import CGuest
import CMachine
import GuestInterface
import GuestSupport
import Log

/// Random numbers that a seed repeats: xorshift (Marsaglia).
private struct Random {
  private var state: UInt32

  init(seed: UInt32) { state = seed == 0 ? 1 : seed }

  mutating func next() -> UInt32 {
    state ^= state << 13
    state ^= state >> 17
    state ^= state << 5
    return state
  }

  mutating func next(below limit: UInt32) -> UInt32 { next() % limit }
}

/// One life: `calls=` calls by the numbers of `seed=` and `case=`, and then a wild end.
///
/// Most calls are such that the guest goes on, or a life would be a few calls long; one of some thousands is anything.
func runFuzz() -> Never {
  let seed = Options.number("seed") ?? 1
  var fuzz = Fuzzer(seed: seed &* 0x9E37_79B9 &+ (Options.number("case") ?? 0) &* 0x85EB_CA6B &+ 1)
  fuzz.live(calls: Options.number("calls") ?? 10_000)
  fuzz.endWildly()
}

private struct Fuzzer {
  private var random: Random
  private var roots: InlineArray<12, UInt32> = .init(repeating: 0)
  private var tables: InlineArray<4, UInt32> = .init(repeating: 0)
  private var pages: InlineArray<8, UInt32> = .init(repeating: 0)

  init(seed: UInt32) {
    random = Random(seed: seed)
    for index in tables.indices { tables[index] = Pages.take() }
    for index in pages.indices { pages[index] = Pages.take() }
    for index in roots.indices {
      roots[index] = Tables.make().root
      // Programs' addresses lead to a few tables that all roots share: they change under all of them.
      for slot in 2..<UInt32(64) { Pages.write(roots[index] + slot * 4, tables[Int(slot & 3)] | 7) }
    }
    Host.call(.newPageTable, roots[0])
  }

  mutating func live(calls: UInt32) {
    var made: UInt32 = 0
    while made < calls {
      switch random.next(below: 64) {
      case 0...1: changeTable()
      case 2: _ = Attempt.read(programAddress())
      case 3: _ = Attempt.write(programAddress(), random.next())
      case 4: tryInstruction()
      case 5:
        Host.call(.flushAsynchronous)
        made += 1
      default:
        Host.post(random.next(below: 30_000) == 0 ? anyCall() : likelyCall())
        made += 1
      }
    }
    Host.call(.flushAsynchronous)
  }

  /// Writes anywhere in the guest's memory, and goes anywhere.
  ///
  /// What is not in use is filled first: zeros are instructions that all change memory, and an emulator that goes through
  /// a megabyte of them where they change other instructions takes minutes for what a processor does in a moment.
  mutating func endWildly() -> Never {
    for place in stride(from: Pages.take(), to: Pages.ram, by: 4) { Pages.write(place, random.next()) }
    while true {
      for _ in 0..<random.next(below: 256) {
        Pages.write(random.next(below: Pages.ram / 4) * 4, random.next())
      }
      if random.next(below: 2) == 0 { Host.call(anyCall()) }
      Attempt.jump(random.next(below: 2) == 0 ? random.next() : Pages.offset + random.next(below: Pages.ram))
    }
  }

  private mutating func programAddress() -> UInt32 { 0x80_0000 + random.next(below: 0xF80_0000) }

  private mutating func changeTable() {
    let entry = tables[Int(random.next(below: 4))] + random.next(below: 1_024) * 4
    // Flags at random, but no large page: that would be the end.
    let flags = random.next() & 0xF7F
    let page =
      random.next(below: 16) == 0
      ? random.next(below: Pages.ram >> 12) << 12 : pages[Int(random.next(below: 8))]
    Pages.write(entry, page | flags)
  }

  private mutating func tryInstruction() {
    let index = random.next(below: 80)
    var place = symbol_probe_instructions()
    for _ in 0..<index where cpu_load32(place) != 0 { place += 20 }
    if cpu_load32(place) != 0 { _ = Traps.attempt(UInt(cpu_load32(place + 4))) }
  }

  /// A call that a guest might make.
  private mutating func likelyCall() -> Hypercall {
    func call(
      _ number: HypercallNumber, _ first: UInt32 = 0, _ second: UInt32 = 0, _ third: UInt32 = 0
    ) -> Hypercall {
      Hypercall(number.rawValue, first, second, third)
    }
    let root = roots[Int(random.next(below: 12))]
    switch random.next(below: 32) {
    case 0...9:
      let address = random.next(below: 4) == 0 ? 0xD000_0000 | random.next() & 0xFF_FFFF : programAddress()
      return call(.setPageEntry, root, address, random.next())
    case 10...12: return call(.setRootEntry, root, random.next(below: 1_024))
    case 13...14: return call(.newPageTable, root)
    case 15: return call(.flushTranslations, random.next(below: 16) == 0 ? 1 : 0)
    case 16...17: return call(.setTaskSwitched, random.next() & 1)
    case 18...19:
      return call(
        .loadInterruptGate, 64 + random.next(below: 64), random.next(), random.next() & 0xFFFF_60FF | 0x8E00)
    case 20...21: return call(.loadSegment, 17 + random.next(below: 14), random.next(), random.next())
    case 22: return call(.loadThreadSegments, random.next(below: Pages.ram - 24))
    case 23: return call(.setClockEvent, random.next(below: 1_000_000))
    case 24: return call(.setStack, 0x69, UInt32(symbol_guest_trap_stack_top()), 1 + random.next() & 1)
    case 25: return call(.notify, Pages.physical(UInt32(symbol_guest_line()) + 0xFFF))
    case 26: return call(.sendInterrupts)
    default: return call(.flushAsynchronous)
    }
  }

  /// A call that is anything at all.
  private mutating func anyCall() -> Hypercall {
    Hypercall(
      random.next(below: 8) == 0 ? random.next() : random.next(below: 20), word(), word(), word(), word())
  }

  private mutating func word() -> UInt32 {
    switch random.next(below: 5) {
    case 0: random.next(below: Pages.ram + 0x1000)
    case 1: random.next(below: 64)
    case 2: Pages.offset + random.next(below: Pages.ram)
    case 3: 0xFFBF_F000 + random.next(below: 0x40_1000)
    default: random.next()
    }
  }
}

// MARK: - The neighbour

/// Keeps a pattern in its memory and wakes at its deadlines, while others do what they do.
///
/// Says at the end whether the pattern was always whole, and by how much the latest wake came late.
func runCanary() -> Never {
  let pageCount: UInt32 = 256
  let first = Pages.take()
  for _ in 1..<pageCount { _ = Pages.take() }
  for offset in stride(from: 0, to: pageCount * Pages.size, by: 4) {
    Pages.write(first + offset, offset &* 0x9E37_79B1)
  }
  let period: UInt32 = 10_000_000
  let deadlines = Options.number("deadlines") ?? 50
  var latest: UInt64 = 0
  var isWhole = true
  Interrupts.block(0)
  var before = now
  for round in 0..<deadlines {
    Interrupts.turnOff()
    Clock.set(nanoseconds: period)
    Clock.halt()
    // Written as the interrupt was delivered, so from here to here is the period and what came on top.
    let (then, start) = (now, before)
    if round > 0, then - start > UInt64(period) { latest = max(latest, then - start - UInt64(period)) }
    let part = round % 16 * (pageCount / 16) * Pages.size
    for offset in stride(from: part, to: part + pageCount / 16 * Pages.size, by: 4)
    where Pages.read(first + offset) != offset &* 0x9E37_79B1 { isWhole = false }
    // Looking through the memory takes time of the guest's own, which is no one's fault.
    Interrupts.turnOff()
    Clock.set(nanoseconds: 1_000)
    Clock.halt()
    before = now
  }
  Console.line(
    isWhole
      ? "canary: whole after \(UInt64(deadlines)) deadlines, the latest by \(latest / 1_000) us"
      : "canary: broken")
  Host.end(isWhole ? "whole" : "broken")
}

/// The host's clock in nanoseconds, as of the last interrupt.
private var now: UInt64 {
  UInt64(Shared.word(GuestData.time)) * 1_000_000_000 + UInt64(Shared.word(GuestData.time + 4))
}
