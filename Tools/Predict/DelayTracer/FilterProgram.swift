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
///     load the architecture
///     for each architecture that has chosen calls:
///       not this one -> past its part
///       load the number
///       equal to a chosen one -> notify      (one test for each)
///       allow
///     allow
///
/// The x32 calls of x86-64 have its architecture but numbers with bit 30 set, so they equal none and pass.
struct FilterProgram {
  var instructions: [FilterInstruction]

  /// Calls of one architecture, as filters know them.
  struct Part: Equatable {
    /// AUDIT_ARCH_...
    var architecture: UInt32
    var numbers: [Int32]
  }

  // linux/bpf_common.h and linux/seccomp.h.
  static let loadWord: UInt16 = 0x20
  static let jump: UInt16 = 0x05
  static let jumpIfEqual: UInt16 = 0x15
  static let finish: UInt16 = 0x06
  static let numberOffset: UInt32 = 0
  static let architectureOffset: UInt32 = 4
  static let allow: UInt32 = 0x7fff_0000
  static let notify: UInt32 = 0x7fc0_0000

  /// The filter for the calls of `parts`.
  ///
  /// Each test is followed by its own return, and the way past a part is an unconditional jump: a conditional one
  /// reaches 255 instructions at most, and kernels have more calls.
  init(notifying parts: [Part]) {
    instructions = [FilterInstruction(code: Self.loadWord, operand: Self.architectureOffset)]
    for part in parts where !part.numbers.isEmpty {
      var tests = [FilterInstruction(code: Self.loadWord, operand: Self.numberOffset)]
      for number in part.numbers.sorted() {
        tests.append(
          FilterInstruction(code: Self.jumpIfEqual, jumpFalse: 1, operand: UInt32(bitPattern: number)))
        tests.append(FilterInstruction(code: Self.finish, operand: Self.notify))
      }
      tests.append(FilterInstruction(code: Self.finish, operand: Self.allow))
      instructions += [
        FilterInstruction(code: Self.jumpIfEqual, jumpTrue: 1, operand: part.architecture),
        FilterInstruction(code: Self.jump, operand: UInt32(tests.count)),
      ]
      instructions += tests
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
