/// The kernel that measures: all benchmarks, or the one that `test=` names, as raw samples on the console.

import ABI
import Arch
import BootInformation
import CMachine
import CommandLine
import Log
import Runtime
import Scheduling
import Start

/// Called by `Boot/Entry/*/Entry.asm` with what the boot loader left in eax and ebx.
@c(kernel_entry)
func kernelEntry(_ magic: UInt32, _ information: UInt32) {
  startNode(magic: magic, information: information)
  // Found out here: the command line lies in a large structure, which the compiler copies to the stack.
  var wanted: UInt = 0
  if isWanted("yield") { wanted |= 1 }
  if isWanted("preempt") { wanted |= 2 }
  if isWanted("wake") { wanted |= 4 }
  if isWanted("semaphore") { wanted |= 8 }
  if isWanted("queue") { wanted |= 16 }
  if isWanted("thread") { wanted |= 32 }
  if isWanted("pick") { wanted |= 64 }
  if isWanted("mutex") { wanted |= 128 }
  if isWanted("sleep") { wanted |= 256 }
  if isWanted("page") { wanted |= 512 }
  if isWanted("jacobi") { wanted |= 2048 }
  if isWanted("hourglass") { wanted |= 1 << 24 } else if isWanted("hourglass-wall") { wanted |= 1 << 25 }
  if isWanted("message") { wanted |= 1024 }
  if isWanted("trace") { wanted |= 1 << 16 }
  _ = make(ThreadName("bench"), level: 20, argument: wanted) { wanted in
    runBenchmarks(wanted)
    endRun(.passed, status: 0)
  }
  Threads.idle()
}

private func runBenchmarks(_ wanted: UInt) {
  let method: Text = NodeReference().node.options.switchMethod == .hardware ? "hardware" : "software"
  if wanted & 1 != 0 {
    benchmarkYield("yield/\(method)/same-space", otherSpace: false)
    benchmarkYield("yield/\(method)/other-space", otherSpace: true)
  }
  if wanted & 2 != 0 { benchmarkPreemption("preempt/timer") }
  if wanted & 4 != 0 { benchmarkWake("wake/interrupt-to-thread") }
  if wanted & 8 != 0 { benchmarkSemaphore("semaphore/round-trip") }
  if wanted & 16 != 0 { benchmarkQueue("queue/round-trip-16") }
  if wanted & 32 != 0 { benchmarkLife("thread/create-run-exit-join") }
  if wanted & 128 != 0 {
    benchmarkFreeMutex("mutex/lock-unlock")
    benchmarkWantedMutex("mutex/unlock-to-owner")
  }
  if wanted & 256 != 0 { benchmarkSleep("sleep/lateness") }
  // Late: the threads that it makes stay ready.
  if wanted & 64 != 0 {
    var ready = 0
    benchmarkPick("pick/2-ready", threads: 2, ready: &ready)
    benchmarkPick("pick/10-ready", threads: 10, ready: &ready)
    benchmarkPick("pick/100-ready", threads: 100, ready: &ready)
    benchmarkPick("pick/1000-ready", threads: 1_000, ready: &ready)
  }
  if wanted & 512 != 0 {
    benchmarkPages("page/first-touch", .cleared)
    benchmarkPages("page/first-touch-uncleared", .uncleared)
    benchmarkPages("page/copy-on-write", .common)
    benchmarkFork("page/fork-and-exit-48")
  }
  #if arch(i386)
    if wanted & 2048 != 0 { benchmarkJacobi("jacobi/bare", steps: 400) }
  #endif
  if wanted & 1024 != 0 {
    benchmarkRing()
    benchmarkDoorbell("message/doorbell-to-handler")
    benchmarkCall("message/call-reply-0", bytes: 0)
    benchmarkCall("message/call-reply-64", bytes: 64)
  }
  if wanted & 3 << 24 != 0 {
    benchmarkHourglass("hourglass/\(method)", slice: wanted & 1 << 24 != 0 ? 20_011 : 4_000_000)
  }
  // Last: the trace stays on.
  if wanted & 1 << 16 != 0 { benchmarkTrace() }
}

/// Whether `test=` is absent or names a group, the part of the names before the first `/`.
@inline(never)
private func isWanted(_ group: StaticString) -> Bool {
  let reference = NodeReference()
  guard let test = reference.node.options.test else { return true }
  return reference.node.boot.commandLineEquals(group, in: test)
}

extension BootInformation {
  fileprivate func commandLineEquals(_ text: StaticString, in range: Range<Int>) -> Bool {
    let bytes = commandLine()
    guard range.count == text.utf8CodeUnitCount else { return false }
    for offset in 0..<range.count {
      // SAFETY: the offset is below the literal's own count, as compared above.
      if unsafe bytes[range.lowerBound + offset] != text.utf8Start[offset] { return false }
    }
    return true
  }
}
