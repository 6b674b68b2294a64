/// Which signal a program gets for an exception that it has caused.

import LinuxABI

/// Exceptions of x86 as programs of Linux know them.
public enum ProcessorFault {
  /// The signal of an exception, and the code with which it comes (siginfo.h); `nil` for floating point (16 and 19), whose
  /// code is in the state of its registers. Page faults (14) are not decided by their number.
  ///
  /// AMD APM vol. 2, 8.2 names the vectors.
  public static func signal(of vector: UInt8) -> (SignalNumber, code: Int32)? {
    switch vector {
    case 0: (.arithmetic, 1)  // FPE_INTDIV
    case 1: (.trap, 2)  // TRAP_TRACE
    case 3: (.trap, SignalInformation.kernelCode)
    case 6: (.illegalInstruction, 2)  // ILL_ILLOPN
    case 11, 12: (.busError, SignalInformation.kernelCode)
    case 16, 19: nil
    case 17: (.busError, 1)  // BUS_ADRALN
    default: (.segmentation, SignalInformation.kernelCode)
    }
  }
}
