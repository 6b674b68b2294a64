import CSeccomp
import SpeedupModel
import Testing

@testable import DelayTracer

/// The filter run by a tiny interpreter of the three instructions it uses.
struct FilterProgramTests {
  private func verdict(_ program: FilterProgram, number: UInt32, architecture: UInt32) -> UInt32? {
    var accumulator: UInt32 = 0
    var counter = 0
    while counter < program.instructions.count {
      let instruction = program.instructions[counter]
      counter += 1
      switch instruction.code {
      case FilterProgram.loadWord:
        accumulator = instruction.operand == FilterProgram.numberOffset ? number : architecture
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
    let program = FilterProgram(notifying: numbers, architecture: 0xc000_003e)
    for number in 0..<600 as Range<Int32> {
      let expected = numbers.contains(number) ? FilterProgram.notify : FilterProgram.allow
      #expect(verdict(program, number: UInt32(number), architecture: 0xc000_003e) == expected)
    }
    // The same number of another architecture is another call.
    #expect(verdict(program, number: 0, architecture: 0x4000_0003) == FilterProgram.allow)
    #expect(program.instructions.count < 4096, "the kernel takes no longer program")
  }

  @Test func namesAreThoseOfTheKernel() {
    let names = SystemCallNames.current
    #if os(Linux) && arch(x86_64)
      #expect(names.numbers["read"] == 0 && names.numbers["write"] == 1 && names.numbers["getppid"] == 110)
      #expect(seccomp_architecture() == 0xc000_003e)
    #endif
    #expect(names.numbers.count > 250)
    #expect(names.name(100_000) == "call_100000")
  }

  @Test func policyFilesHoldOneNameALine() throws {
    let names = SystemCallNames.current
    #expect(try names.readPolicy("# a\nread\n\n write # b\r\nread\n", place: "p") == ["read", "write"])
    let error = #expect(throws: InputError.self) { try names.readPolicy("read\nreed\n", place: "p") }
    #expect(error?.line == 2)
    #expect(throws: InputError.self) { try names.readPolicy("# nothing\n", place: "p") }
  }

  @Test func calibrationLeavesTheRestToSpinning() {
    let calibration = DelayCalibration(mechanismSeconds: 6e-6)
    #expect((calibration.spinSeconds(for: 10e-6) - 14e-6).magnitude < 1e-12)
    #expect(calibration.spinSeconds(for: 1e-6) == 0)
    #expect(calibration.effectiveCost(1e-6) == 3e-6 && calibration.effectiveCost(10e-6) == 10e-6)
  }
}
