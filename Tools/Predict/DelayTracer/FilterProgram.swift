import CSeccomp

/// One instruction of a filter, as seccomp(2) and classic BPF define it.
struct FilterInstruction: Equatable {
  var code: UInt16
  var jumpTrue: UInt8 = 0
  var jumpFalse: UInt8 = 0
  var operand: UInt32
}

/// The filter that sends chosen calls to the listener and lets all others pass at full speed.
///
///     load the architecture; not ours -> allow
///     load the number
///     equal to a chosen one -> notify      (one test for each)
///     allow
///     notify
///
/// The x32 calls of x86-64 have numbers with bit 30 set, so they equal none and pass.
struct FilterProgram {
  var instructions: [FilterInstruction]

  // linux/bpf_common.h and linux/seccomp.h.
  static let loadWord: UInt16 = 0x20
  static let jumpIfEqual: UInt16 = 0x15
  static let finish: UInt16 = 0x06
  static let numberOffset: UInt32 = 0
  static let architectureOffset: UInt32 = 4
  static let allow: UInt32 = 0x7fff_0000
  static let notify: UInt32 = 0x7fc0_0000

  /// The filter for `numbers` on `architecture`.
  ///
  /// Each test is followed by its own return: a jump reaches 255 instructions at most, and kernels have more calls.
  init(notifying numbers: [Int32], architecture: UInt32) {
    instructions = [
      FilterInstruction(code: Self.loadWord, operand: Self.architectureOffset),
      FilterInstruction(code: Self.jumpIfEqual, jumpTrue: 1, operand: architecture),
      FilterInstruction(code: Self.finish, operand: Self.allow),
      FilterInstruction(code: Self.loadWord, operand: Self.numberOffset),
    ]
    for number in numbers.sorted() {
      instructions.append(
        FilterInstruction(code: Self.jumpIfEqual, jumpFalse: 1, operand: UInt32(bitPattern: number)))
      instructions.append(FilterInstruction(code: Self.finish, operand: Self.notify))
    }
    instructions.append(FilterInstruction(code: Self.finish, operand: Self.allow))
  }

  /// The instructions as the kernel reads them.
  var kernelForm: [seccomp_instruction] {
    instructions.map {
      seccomp_instruction(
        code: $0.code, jump_true: $0.jumpTrue, jump_false: $0.jumpFalse, operand: $0.operand)
    }
  }
}
