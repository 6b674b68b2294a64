import CSeccomp
import SpeedupModel
import Testing

@testable import DelayTracer

/// The filter run by a tiny interpreter of the four instructions it uses.
struct FilterProgramTests {
  private static let native: UInt32 = 0xc000_003e
  private static let compatible: UInt32 = 0x4000_0003

  private func verdict(_ program: FilterProgram, number: UInt32, architecture: UInt32) -> UInt32? {
    var accumulator: UInt32 = 0
    var counter = 0
    while counter < program.instructions.count {
      let instruction = program.instructions[counter]
      counter += 1
      switch instruction.code {
      case FilterProgram.loadWord:
        accumulator = instruction.operand == FilterProgram.numberOffset ? number : architecture
      case FilterProgram.jump: counter += Int(instruction.operand)
      case FilterProgram.jumpIfEqual:
        counter += Int(accumulator == instruction.operand ? instruction.jumpTrue : instruction.jumpFalse)
      case FilterProgram.finish: return instruction.operand
      default: return nil
      }
    }
    return nil
  }

  @Test(arguments: [[], [0], [1, 39, 231], Array(0..<450)] as [[Int32]])
  func exactlyTheChosenCallsNotify(numbers: [Int32]) {
    let program = FilterProgram(notifying: [.init(architecture: Self.native, numbers: numbers)])
    for number in 0..<600 as Range<Int32> {
      let expected = numbers.contains(number) ? FilterProgram.notify : FilterProgram.allow
      #expect(verdict(program, number: UInt32(number), architecture: Self.native) == expected)
    }
    // The same number of another architecture is another call, and x32 marks its numbers.
    #expect(verdict(program, number: 0, architecture: Self.compatible) == FilterProgram.allow)
    #expect(verdict(program, number: 0x4000_0001, architecture: Self.native) == FilterProgram.allow)
    #expect(program.instructions.count < 4096, "the kernel takes no longer program")
  }

  @Test(arguments: [[], [3], Array(0..<450)] as [[Int32]], [[], [4], Array(0..<450)] as [[Int32]])
  func eachArchitectureHasItsOwnCalls(first: [Int32], second: [Int32]) {
    let program = FilterProgram(notifying: [
      .init(architecture: Self.native, numbers: first), .init(architecture: Self.compatible, numbers: second),
    ])
    for (architecture, numbers) in [(Self.native, first), (Self.compatible, second), (0x1234, [])] {
      for number in 0..<500 as Range<Int32> {
        let expected = numbers.contains(number) ? FilterProgram.notify : FilterProgram.allow
        #expect(verdict(program, number: UInt32(number), architecture: architecture) == expected)
      }
    }
    #expect(program.instructions.count < 4096)
  }

  @Test func namesAreThoseOfTheKernel() {
    let names = SystemCallNames.current
    #if os(Linux) && arch(x86_64)
      #expect(names.numbers["read"] == 0 && names.numbers["write"] == 1 && names.numbers["getppid"] == 110)
      #expect(seccomp_architecture() == Self.native)
      // asm/unistd_32.h; waitpid exists there alone.
      if names.hasCompatible {
        #expect(seccomp_compatible_architecture() == Self.compatible)
        #expect(names.compatible.numbers["getppid"] == 64 && names.compatible.numbers["write"] == 4)
        #expect(names.numbers["waitpid"] == nil && names.knows("waitpid"))
        #expect(names.name(64, architecture: Self.compatible) == "getppid" && names.name(64) == "semget")
      }
    #endif
    #expect(names.numbers.count > 250)
    #expect(names.name(100_000) == "call_100000")
  }

  @Test func policyFilesHoldOneNameALine() throws {
    let names = SystemCallNames.current
    #expect(try names.readPolicy("# a\nread\n\n write # b\r\nread\n", place: "p") == ["read", "write"])
    #expect(try names.readPolicy("read\r\nwrite\r\nread\r\n", place: "p") == ["read", "write"])
    #expect(try names.readPolicy("read", place: "p") == ["read"])
  }

  @Test(arguments: [
    ("read\nreed\n", 2), ("read\r\n\r\nreed\r\n", 3), ("READ\n", 1), ("read write\n", 1), ("\0\n", 1),
  ])
  func unknownNamesAreRefusedWithTheirLine(text: String, line: Int) {
    let error = #expect(throws: InputError.self) {
      try SystemCallNames.current.readPolicy(text, place: "p")
    }
    #expect(error?.line == line && error?.place == "p")
  }

  @Test(arguments: ["", "\n", "# nothing\n", "\r\n\r\n", " \t\n"])
  func emptyPoliciesAreRefused(text: String) {
    let error = #expect(throws: InputError.self) {
      try SystemCallNames.current.readPolicy(text, place: "p")
    }
    #expect(error?.found == "no calls")
  }

  @Test func calibrationLeavesTheRestToSpinning() {
    let calibration = DelayCalibration(mechanismSeconds: 6e-6)
    #expect((calibration.spinSeconds(for: 10e-6) - 14e-6).magnitude < 1e-12)
    #expect(calibration.spinSeconds(for: 1e-6) == 0)
    #expect(calibration.effectiveCost(1e-6) == 3e-6 && calibration.effectiveCost(10e-6) == 10e-6)
  }
}
