/// Behaviours of physical memory and of the page tables.

import ABI
import Arch
import Base
import CMachine
import FrameAllocator
import Log
import Paging
import Runtime

/// Does what is asked for with memory.
///
/// Returns whether it was asked for.
func runMemory() -> Bool {
  if isAskedFor("every-frame") {
    writeEveryFrame()
  } else if isAskedFor("double-free") {
    freeTwice()
  } else if isAskedFor("audit") {
    auditTables()
  } else {
    return false
  }
  return true
}

/// Takes all frames, writes its number into each, and finds all numbers again: no frame is given twice,
/// none is the kernel's own.
///
/// Then the next request is refused and the kernel goes on.
private func writeEveryFrame() {
  let reference = NodeReference()
  var last: UInt32 = 0
  var count: UInt32 = 0
  do {
    while true {
      let frame = try reference.node.frames.allocate()
      let address = Frames.address(of: frame).rawValue
      cpu_store32(address, frame.rawValue)
      cpu_store32(address + 4, last)
      last = frame.rawValue
      count += 1
    }
  } catch {
    guard error == .outOfFrames else { return }
  }
  log(.info, "test", "\(count) frames written, then: out of frames")
  var found: UInt32 = 0
  while last != 0 {
    let address = Frames.address(of: FrameNumber(last)).rawValue
    guard cpu_load32(address) == last else { return }
    let previous = cpu_load32(address + 4)
    do { try reference.node.frames.free(FrameNumber(last)) } catch { return }
    last = previous
    found += 1
  }
  guard found == count else { return }
  log(.info, "test", "\(found) frames found again")
  endRun(.passed, status: 0)
}

private func freeTwice() {
  let reference = NodeReference()
  do {
    let frame = try reference.node.frames.allocate()
    try reference.node.frames.free(frame)
    try reference.node.frames.free(frame)
  } catch {
    log(.info, "test", "refused: \(error.sentence)")
    endRun(.passed, status: 0)
  }
}

/// Looks at every mapping of the kernel: none is both writable and executable, none is for programs.
private func auditTables() {
  guard let tables = NodeReference().node.tables else { return }
  let memory = NodeTableMemory()
  if let mapping = tables.firstWritableAndExecutable(in: memory) {
    log(.error, "test", "\(mapping.page) is writable and executable")
    endRun(.failed, status: 1)
  }
  if let mapping = tables.firstUserAccessible(in: memory) {
    log(.error, "test", "\(mapping.page) is open to programs")
    endRun(.failed, status: 1)
  }
  log(.info, "test", "no page is writable and executable, none is open to programs")
  endRun(.passed, status: 0)
}
