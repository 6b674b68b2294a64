/// What the host's services cost, in ticks of the counter that the guest reads itself.
///
/// Under `-icount shift=0` a tick is an instruction. The lines are those of Tools/Bench/SampleReader.swift.

import CGuest
import CMachine
import GuestInterface
import GuestSupport
import Log

private let sampleCount = 200

func runBenchmarks() -> Never {
  Interrupts.turnOff()
  Interrupts.block(0)
  measure("guest/null-hypercall") { probe_measure_call(HypercallNumber.flushAsynchronous.rawValue, 0) }
  measure("guest/inb") { probe_measure_port() }
  measure("guest/interrupt") { measureInterrupt() }
  measurePages()
  measureRoots()
  measure("guest/reflected-trap") {
    let start = cpu_rdtsc_low()
    _ = Traps.attempt(symbol_probe_undefined())
    return cpu_rdtsc_low() &- start
  }
  measure("guest/64-ring-calls") {
    for _ in 0..<64 { Host.post(Hypercall(HypercallNumber.sendInterrupts.rawValue)) }
    return probe_measure_call(HypercallNumber.flushAsynchronous.rawValue, 0)
  }
  measureFlush()
  measureNotify()
  Host.end("measured")
}

/// Takes samples and shows them.
func measure(_ name: StaticString, count: Int = sampleCount, _ sample: () -> UInt32) {
  // The first ones fill caches and shadows.
  for _ in 0..<4 { _ = sample() }
  var left = count
  while left > 0 {
    var line: Text = "bench 1 \(name):"
    for _ in 0..<min(left, 12) {
      line.append(" ")
      line.append(decimal: UInt64(sample()))
    }
    left -= min(left, 12)
    Console.line(line)
  }
  Console.line("bench 1 \(name) end \(UInt64(count))")
}

/// From the call that lets a waiting interrupt come to its handler's first lines.
private func measureInterrupt() -> UInt32 {
  Clock.set(nanoseconds: 2_000)
  while Shared.word(GuestData.interruptPending) == 0 {}
  Shared.set(GuestData.interruptsEnabled, GuestData.interruptFlag)
  let start = cpu_rdtsc_low()
  Host.call(.sendInterrupts)
  Interrupts.turnOff()
  return State().fields.interrupt_tick &- start
}

private func measurePages() {
  let place: UInt32 = 0x4800_0000
  let page = Pages.take()
  // A page that the guest's tables show and the shadow does not: the fault is the host's alone.
  measure("guest/page-fill") {
    Tables.first.map(place, to: page)
    return probe_measure_store(place)
  }
  measure("guest/page-first-write") {
    Tables.first.map(place, to: page)
    _ = cpu_load32(UInt(place))
    return probe_measure_store(place)
  }
  measure("guest/set-pte") {
    let start = cpu_rdtsc_low()
    Tables.first.map(place, to: page)
    return cpu_rdtsc_low() &- start
  }
}

private func measureRoots() {
  let other = Tables.make()
  var isOther = false
  measure("guest/switch-root") {
    isOther = !isOther
    return probe_measure_call(HypercallNumber.newPageTable.rawValue, isOther ? other.root : Tables.first.root)
  }
  Tables.first.use()
}

/// The dearest call there is: everything is forgotten when the shadows are as large as they may be.
private func measureFlush() {
  let table = Pages.take()
  let page = Pages.take()
  for index in 0..<UInt32(1_024) {
    Pages.write(table + index * 4, page | Entry.kernel | Entry.accessed | Entry.dirty)
  }
  var roots: InlineArray<8, UInt32> = .init(repeating: 0)
  for index in roots.indices {
    let tables = Tables.make()
    roots[index] = tables.root
    for slot in 8..<UInt32(760) { Pages.write(tables.root + slot * 4, table | 7) }
  }
  measure("guest/flush-everything", count: 8) {
    // Nearly as many tables as a guest may have, 1,000 with the upper ones, and as far apart as they can be.
    var left: UInt32 = 945
    for offset in 8..<UInt32(24) {
      for index in roots.indices where left > 0 {
        Host.call(.newPageTable, roots[index])
        for slot in stride(from: offset, to: 760, by: 16) where left > 0 {
          _ = cpu_load32(UInt(slot << 22))
          left -= 1
        }
      }
    }
    return probe_measure_call(HypercallNumber.flushTranslations.rawValue, 1)
  }
  Tables.first.use()
}

// MARK: - Jacobi

/// Solves for `steps=` steps from the tick `at=` millions on, and tells how long it took.
func runJacobi() -> Never {
  Interrupts.turnOff()
  let grid = Pages.take()
  for _ in 0..<63 { _ = Pages.take() }  // 64 pages one after the other: two grids
  let (from, to) = (UInt(grid + Pages.offset), UInt(grid + Pages.offset) + 0x2_0000)
  for column in 0..<UInt(128) {
    cpu_store32(from + column * 8 + 4, 0x3FF0_0000)  // 1.0
    cpu_store32(to + column * 8 + 4, 0x3FF0_0000)
  }
  let begin = UInt64(Options.number("at") ?? 0) * 1_000_000
  while cpu_rdtsc() < begin {}
  // Of two that were to begin at once, the one that had to wait has lost time already.
  let start = begin == 0 ? cpu_rdtsc() : begin
  jacobi_steps(from, to, Options.number("steps") ?? 100)
  let ticks = cpu_rdtsc() - start
  var sum: UInt32 = 0
  for offset in stride(from: UInt(0), to: 0x2_0000, by: 4) {
    sum = (sum << 1 | sum >> 31) ^ cpu_load32(from + offset)
  }
  let instance = UInt64(Options.number("instance") ?? 1)
  Console.line("jacobi \(instance): sum \(hexadecimal: sum)")
  // Both in one piece: another guest may speak in between.
  var text: Text = "bench 1 guest/jacobi-\(instance): \(ticks)"
  text.append(byte: 0x0A)
  text.append("bench 1 guest/jacobi-")
  text.append(decimal: instance)
  text.append(" end 1")
  Console.line(text)
  Host.end("solved")
}
