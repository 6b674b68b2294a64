/// Accesses that the page tables must refuse.

import Arch
import Base
import CMachine
import Log
import Provocations
import Runtime

/// Makes the forbidden access that is asked for.
///
/// Returns whether one was.
func runFaults() -> Bool {
  if isAskedFor("read-null") {
    log(.info, "test", "read \(cpu_load32(0))")
  } else if isAskedFor("write-null") {
    cpu_store32(0, 1)
  } else if isAskedFor("write-text") {
    cpu_store32(symbol_text_start(), 0)
  } else if isAskedFor("write-constants") {
    cpu_store32(symbol_rodata_start(), 0)
  } else if isAskedFor("write-text-through-direct-map") {
    let physical = symbol_text_start() - AddressMap.imageOffset
    cpu_store32(AddressMap.directMap.rawValue + physical, 0)
  } else if isAskedFor("execute-data") {
    provoke_call(symbol_node_storage_end() - 16)
  } else if isAskedFor("read-identity") {
    // The image's physical address, where start-up ran.
    log(.info, "test", "read \(cpu_load32(0x10_0000))")
  } else if isAskedFor("stack-overflow") {
    log(.info, "test", "depth \(recurse(1))")
  } else {
    return false
  }
  return true
}

@inline(never)
private func recurse(_ depth: UInt32) -> UInt32 {
  // An end that is never reached, so that the compiler does not warn.
  guard depth < .max else { return 0 }
  var text: Text = "deeper"
  text.append(decimal: UInt64(depth))
  return recurse(depth + 1) + UInt32(text.count)
}
