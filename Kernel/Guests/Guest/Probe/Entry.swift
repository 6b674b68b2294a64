/// A guest kernel that tries its host.
///
/// The word `run=` of its command line says what it does: `tests` (one line each, as TAP), `ends` (one way to end a
/// guest, by `case=`), `bench`, `fuzz` and `canary`. Docs/writing-a-guest.md goes through it.

import CGuest
import CMachine
import GuestInterface
import GuestSupport
import Log

/// Called by Entry.asm once the guest uses its own tables.
@c(guest_main)
func guestMain() {
  Traps.loadAll()
  Segments.load(14, Segments.userCode)
  Segments.load(15, Segments.userData)
  Host.call(.setStack, UInt32(GuestSegments.kernelData), UInt32(symbol_guest_trap_stack_top()), 2)
  if Options.has("run", "tests") { runTests() }
  if Options.has("run", "ends") { runEnd(Options.number("case") ?? 0) }
  if Options.has("run", "bench") { runBenchmarks() }
  if Options.has("run", "jacobi") { runJacobi() }
  if Options.has("run", "fuzz") { runFuzz() }
  if Options.has("run", "canary") { runCanary() }
  if Options.has("run", "restart") { Host.end("again", reason: 2) }
  if Options.has("run", "nothing") { Host.end("nothing to do") }
  Console.line("a guest of Apus: run=tests, ends, bench, jacobi, fuzz, canary or nothing")
  Host.end("done")
}

/// Descriptors for the guest's table.
enum Segments {
  /// Flat code of ring 3.
  static var userCode: UInt64 { 0x00CF_FA00_0000_FFFF }
  /// Flat data of ring 3.
  static var userData: UInt64 { 0x00CF_F200_0000_FFFF }
  /// Flat code and data of ring 1.
  static var kernelCode: UInt64 { 0x00CF_BA00_0000_FFFF }
  static var kernelData: UInt64 { 0x00CF_B200_0000_FFFF }

  /// A data segment of ring 1 with a base and a limit in bytes.
  static func data(base: UInt32, limit: UInt32, isDown: Bool = false) -> UInt64 {
    let low = UInt64(limit & 0xFFFF) | UInt64(base & 0xFF_FFFF) << 16
    let type: UInt64 = isDown ? 0xB6 : 0xB2
    return low | type << 40 | UInt64(limit >> 16 & 0xF) << 48 | 0x4 << 52 | UInt64(base >> 24) << 56
  }

  /// Loads an entry.
  static func load(_ index: UInt32, _ descriptor: UInt64) {
    Host.call(
      .loadSegment, index, UInt32(truncatingIfNeeded: descriptor),
      UInt32(truncatingIfNeeded: descriptor >> 32))
  }
}
