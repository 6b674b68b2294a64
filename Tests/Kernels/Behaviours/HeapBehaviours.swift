/// Behaviours of the kernel's heap.

import ABI
import Arch
import Base
import CMachine
import Heap
import Log
import Runtime

/// Does what is asked for with the heap.
///
/// Returns whether it was asked for.
func runHeap() -> Bool {
  if isAskedFor("heap") {
    writePieces()
  } else if isAskedFor("heap-exhausted") {
    while true { _ = KernelHeap.allocate(1 << 20) }
  } else if isAskedFor("heap-double-free") {
    let address = KernelHeap.allocate(100)
    KernelHeap.free(address)
    KernelHeap.free(address)
  } else if isAskedFor("heap-overrun") {
    let address = KernelHeap.allocate(64)
    for offset in stride(from: 0 as UInt, to: 128, by: 4) {
      cpu_store32(address.rawValue + offset, 0xDEAD_BEEF)
    }
    KernelHeap.free(address)
  } else if isAskedFor("heap-foreign-free") {
    KernelHeap.free(KernelHeap.allocate(64) + 16)
  } else {
    return false
  }
  return true
}

/// Takes pieces of many sizes, linked by their first word and marked in their last, and finds every mark again.
private func writePieces() {
  let count: UInt32 = 512
  var newest: UInt = 0
  for index in 0..<count {
    let size = UInt(16 + index * 7 % 3_000) & ~7
    let address = KernelHeap.allocate(Int(size)).rawValue
    cpu_store32(address, UInt32(truncatingIfNeeded: newest))
    #if arch(x86_64)
      cpu_store32(address + 4, UInt32(truncatingIfNeeded: newest >> 32))
    #endif
    cpu_store32(address + size - 4, index)
    newest = address
  }
  var index = count
  while newest != 0 {
    index -= 1
    let size = UInt(16 + index * 7 % 3_000) & ~7
    guard cpu_load32(newest + size - 4) == index else { return }
    var older = UInt(cpu_load32(newest))
    #if arch(x86_64)
      older |= UInt(cpu_load32(newest + 4)) << 32
    #endif
    KernelHeap.free(VirtualAddress(newest))
    newest = older
  }
  guard index == 0, NodeReference().node.heap.statistics.bytesInUse == 0 else { return }
  log(.info, "test", "\(count) pieces found as they were written")
  endRun(.passed, status: 0)
}
