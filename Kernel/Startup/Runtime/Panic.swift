/// The end of a kernel that has found one of its invariants broken.

import ABI
import Arch
import Base
import CMachine
import Core
import Log
import Partition

/// Reports a broken invariant and ends the run.
///
/// - Parameters:
///   - reason: what was broken, one sentence without a full stop.
///   - frame: the interrupted registers, or `nil` to report the caller.
@export(interface)
public func panic(_ reason: Text, frame: TrapFrame? = nil) -> Never {
  cpu_cli()
  let reference = NodeReference()
  // A further node has no console; its last words go where they disturb least.
  if !reference.node.identity.ownsDevices {
    reference.node.log.output.use(serial: false, screen: false, debug: true)
  }
  guard !reference.node.isPanicking else {
    reference.node.log.show("panic: \(reason), while another panic was being reported")
    endRun(.panic, status: 2)
  }
  reference.node.isPanicking = true
  PanicReport.show(
    reason: reason, registers: frame, framePointer: frame?.framePointer ?? cpu_frame_pointer(),
    memory: MappedMemory(), on: &reference.node.log)
  endRun(.panic, status: 1)
}

/// The kernel's memory as a report may read it: only what the page tables in use map.
struct MappedMemory: KernelMemoryReader {
  private func isMapped(_ address: VirtualAddress) -> Bool {
    PageTableView.isMapped(address) { NodeReference().node.partition.coreAddress($0) }
  }

  func word(at address: VirtualAddress) -> UInt? {
    let size = UInt(MemoryLayout<UInt>.size)
    guard address.rawValue % size == 0, isMapped(address) else { return nil }
    #if arch(i386)
      return UInt(cpu_load32(address.rawValue))
    #else
      return UInt(cpu_load32(address.rawValue)) | UInt(cpu_load32(address.rawValue + 4)) << 32
    #endif
  }
}
