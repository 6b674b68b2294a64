/// Floating-point registers in the frames of handlers: not saved there yet.
///
/// A handler runs with the registers as they were, and what it leaves in them the program finds: programs that compute
/// with floating point in a handler must not do so.

import Signals

enum FloatingPointStates {
  static func frameSize(_ kind: SignalFrame.Kind) -> Int { 0 }
  static func write(to address: UInt64, _ kind: SignalFrame.Kind) -> Bool { true }
  static func read(from address: UInt64, _ kind: SignalFrame.Kind) -> Bool { true }
}
