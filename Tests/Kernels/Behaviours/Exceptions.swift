/// One behaviour for each of the 32 vectors that belong to the processor: `test=exception-N`.

import Arch
import Base
import CMachine
import Log
import Provocations
import Runtime
import X86

/// Raises the exception that is asked for.
///
/// Returns whether one was.
func runExceptions() -> Bool {
  for vector in UInt8(0)..<32 where isAskedFor("exception-", vector) {
    log(.info, "test", "raising vector \(vector)")
    raise(vector)
    return true
  }
  return false
}

private func raise(_ vector: UInt8) {
  switch vector {
  case 0: provoke_divide_error()
  case 1: provoke_single_step()
  case 3: provoke_breakpoint()
  case 6: provoke_undefined_instruction()
  case 7: provoke_device_not_available()
  case 8: provoke_double_fault()
  case 11: provoke_load_data_segment(absentSegment())
  case 12: provoke_load_stack_segment(absentSegment())
  case 13: provoke_load_data_segment(0xFFF8)
  case 14: cpu_store32(0x1000, 0)
  case 16: provoke_x87_error()
  case 10, 17, 21, 29, 30: provoke_by_frame(stub(of: vector), 0x18)
  default: provoke_software_interrupt(vector)
  }
}

/// Makes a data segment that is not present and returns its selector.
private func absentSegment() -> UInt16 {
  let present = SegmentDescriptor.flatData(ring: 0)
  return Processor.block.setSpareSegment(SegmentDescriptor(rawValue: present.rawValue & ~(1 << 47)))
}

private func stub(of vector: UInt8) -> UInt {
  let size = UInt(MemoryLayout<UInt>.size)
  let entry = symbol_interrupt_stub_table() + UInt(vector) * size
  #if arch(i386)
    return UInt(cpu_load32(entry))
  #else
    return UInt(cpu_load32(entry)) | UInt(cpu_load32(entry + 4)) << 32
  #endif
}
