/// Calls about where a thread keeps its own variables and its mutexes.

import Arch
import CMachine
import CallContext
import LinuxABI
import Processes
import ProgramRecords

extension Call {
  /// `get_robust_list`.
  @inline(never)
  func robustList() throws(ErrorNumber) -> Int {
    guard let target = a == 0 ? thread : programs.thread(Self.int(a)) else { throw .noSuchProcess }
    guard target.fields.process == process || process.fields.credentials.isSuperuser else {
      throw .notPermitted
    }
    try storeWord(3 * UInt(abi.wordSize), at: c)
    try storeWord(target.fields.robustList, at: b)
    return 0
  }

  @inline(never)
  func setThreadArea() throws(ErrorNumber) -> Int {
    try programs.setArea(a, of: thread, from: thread)
    #if arch(i386)
      thread.checkSelectors()
      Processor.reloadProgram()
    #else
      thread.checkSelectors()
    #endif
    thread.fields.isChanged = true
    return 0
  }

  #if !arch(i386)
    func architectureControl() throws(ErrorNumber) -> Int {
      switch a {
      case 0x1001, 0x1002:
        guard b < 0x7FFF_FFFF_F000 else { throw .notPermitted }
        if a == 0x1002 { thread.fields.context.fsBase = b } else { thread.fields.context.gsBase = b }
        Processor.setProgramBase(b, isFS: a == 0x1002)
      case 0x1003: try store(UInt64(thread.fields.context.fsBase), 8, at: b)
      case 0x1004: try store(UInt64(thread.fields.context.gsBase), 8, at: b)
      default: throw .invalidArgument
      }
      return 0
    }
  #endif
}
