/// Interrupts in every state.

import CGuest
import CMachine
import GuestInterface
import GuestSupport

private let shortTime: UInt32 = 20_000

/// Lets the counter go on until a condition holds, or for longer than any host would take.
func wait(until condition: () -> Bool) -> Bool {
  let start = cpu_rdtsc()
  while !condition() {
    if cpu_rdtsc() - start > 2_000_000_000 { return false }
  }
  return true
}

func testInterrupts(_ tests: inout TestLines) {
  testClock(&tests)
  testWaiting(&tests)
  testReturns(&tests)
}

private func testClock(_ tests: inout TestLines) {
  Interrupts.turnOff()
  Interrupts.block(0)
  var before = Interrupts.count(of: 0)
  Interrupts.turnOn()
  Clock.set(nanoseconds: shortTime)
  tests.check(wait { Interrupts.count(of: 0) == before + 1 }, "the clock's interrupt comes")
  _ = wait { false }
  tests.check(Interrupts.count(of: 0) == before + 1, "and comes once")
  before = Interrupts.count(of: 0)
  Clock.set(nanoseconds: 50_000_000)
  Clock.set(nanoseconds: 0)
  tests.check(!wait { Interrupts.count(of: 0) != before }, "a clock that was stopped does not")
  let (seconds, nanoseconds) = (Shared.word(GuestData.time), Shared.word(GuestData.time + 4))
  // Long enough that it does not come before the guest waits for it: it would wait for ever.
  Clock.set(nanoseconds: 50_000_000)
  Clock.halt()
  tests.check(Interrupts.count(of: 0) == before + 1, "HALT waits for an interrupt")
  let isLater = (Shared.word(GuestData.time), Shared.word(GuestData.time + 4)) > (seconds, nanoseconds)
  tests.check(isLater, "the time goes on with every interrupt")
  Interrupts.turnOff()
  before = Interrupts.count(of: 0)
  Clock.set(nanoseconds: shortTime)
  Clock.halt()
  tests.check(Interrupts.count(of: 0) == before + 1, "HALT with interrupts off is woken too")
  tests.check(Interrupts.areOn, "and they are on afterwards")
}

private func testWaiting(_ tests: inout TestLines) {
  Interrupts.turnOff()
  var before = Interrupts.count(of: 0)
  Clock.set(nanoseconds: shortTime)
  tests.check(
    wait { Shared.word(GuestData.interruptPending) == 0x200 },
    "with interrupts off the guest is told that one waits")
  tests.check(Interrupts.count(of: 0) == before, "and is not interrupted")
  Interrupts.turnOn()
  tests.check(Interrupts.count(of: 0) == before + 1, "SEND_INTERRUPTS delivers it at once")
  tests.check(Shared.word(GuestData.interruptPending) == 0, "nothing is said to wait any more")
  before = Interrupts.count(of: 0)
  Interrupts.block(1)
  Clock.set(nanoseconds: shortTime)
  let isQuiet = !wait { Interrupts.count(of: 0) != before }
  tests.check(
    isQuiet && Shared.word(GuestData.interruptPending) == 0, "a blocked line neither comes nor is told of")
  Interrupts.block(0)
  Host.call(.sendInterrupts)
  tests.check(Interrupts.count(of: 0) == before + 1, "and comes once it is wanted")
  before = Interrupts.count(of: 0)
  Traps.unload(32)
  Clock.set(nanoseconds: shortTime)
  _ = wait { false }
  Traps.load(32)
  Host.call(.sendInterrupts)
  tests.check(Interrupts.count(of: 0) == before + 1, "without a gate an interrupt waits for one")
  Interrupts.turnOff()
  before = Interrupts.count(of: 0)
  Clock.set(nanoseconds: shortTime)
  _ = wait { Shared.word(GuestData.interruptPending) == 0x200 }
  // Not a call, not a fault: as a return from a trap does it.
  Shared.set(GuestData.interruptsEnabled, GuestData.interruptFlag)
  tests.check(
    wait { Interrupts.count(of: 0) == before + 1 }, "one that waits comes without a call, a little later")
}

private func testReturns(_ tests: inout TestLines) {
  Interrupts.turnOff()
  _ = Traps.attempt(symbol_probe_undefined())
  tests.check(State().fields.eflags & 0x200 == 0, "a frame says that interrupts were off")
  Shared.set(GuestData.interruptsEnabled, GuestData.interruptFlag)
  _ = Traps.attempt(symbol_probe_undefined())
  tests.check(State().fields.eflags & 0x200 != 0, "a frame says that interrupts were on")
  Traps.load(6, kind: 14)
  Shared.set(GuestData.interruptsEnabled, GuestData.interruptFlag)
  _ = Traps.attempt(symbol_probe_undefined())
  tests.check(State().fields.enabled_in_handler == 0, "an interrupt gate turns them off")
  // A trap that the host reflects by a trap gate: the page fault's own gate, which never is direct.
  Traps.load(14, kind: 15)
  Shared.set(GuestData.interruptsEnabled, GuestData.interruptFlag)
  _ = Attempt.read(0x7000_0000)
  tests.check(State().fields.enabled_in_handler == 0x200, "a trap gate leaves them as they are")
  Traps.load(14)
  // Many interrupts, many returns: none may come between the word and the return.
  Interrupts.turnOn()
  let before = Interrupts.count(of: 0)
  State().fields.in_window = 0
  Clock.setRepeating(nanoseconds: 30_000)
  let cameAll = wait {
    _ = Traps.attempt(symbol_probe_undefined())
    Interrupts.turnOn()
    return Interrupts.count(of: 0) >= before + 500
  }
  Clock.setRepeating(nanoseconds: 0)
  Interrupts.turnOff()
  tests.check(cameAll, "500 interrupts come among returns from traps")
  tests.check(State().fields.in_window == 0, "and none in the last instructions of a return")
}
