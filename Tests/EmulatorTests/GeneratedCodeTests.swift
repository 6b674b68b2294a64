import Foundation
import HostSupport
import ImageBuilder
import Launch
import Testing

/// What the compiler made of the paths where it matters.
extension EmulatorTests {
  @Suite struct GeneratedCode {
    /// An instruction: where it stands, what it does, and with what.
    struct Instruction {
      var address: UInt64
      var mnemonic: String
      var operands: String

      /// Where a jump or a call goes, if it says so.
      var target: UInt64? {
        operands.split(separator: " ").first.flatMap {
          UInt64($0.drop { $0 == "*" }.trimmingPrefix("0x"), radix: 16)
        }
      }
    }

    /// The instructions of a function of a linked kernel.
    static func instructions(of function: String, in kernel: String) async throws -> [Instruction] {
      let text = try await Command(
        Host.toolchain().path(of: "llvm-objdump"),
        ["--disassemble-symbols=\(function)", "--no-show-raw-insn", kernel]
      ).output()
      return text.split(separator: "\n").compactMap { line in
        guard let colon = line.firstIndex(of: ":"),
          let address = UInt64(line[..<colon].drop { $0 == " " }, radix: 16)
        else { return nil }
        let words = line[line.index(after: colon)...].split(
          maxSplits: 1, omittingEmptySubsequences: true, whereSeparator: { $0 == "\t" || $0 == " " })
        guard let mnemonic = words.first else { return nil }
        let operands = words.count > 1 ? words[1].trimmingCharacters(in: .whitespaces) : ""
        return Instruction(address: address, mnemonic: String(mnemonic), operands: operands)
      }
    }

    /// One bit-scan instruction finds the highest level that has a ready thread: no loop, no call, no second scan.
    @Test(arguments: [Architecture.i686, .x86_64])
    func theHighestLevelIsFoundByOneBitScan(arch: Architecture) async throws {
      try await boot(arch: arch, test: "highest-ready", expecting: .passes("the pick is right"))
      let description = try ImageDescription(
        text: "architecture = \"\(arch.rawValue)\"\nkernel = \"TestKernel\"\n", file: "test.toml")
      let plan = BootPlan(
        image: ImageBuild(description, project: try Host.project(), toolchain: try await Host.toolchain()),
        path: .kernel)
      let kernel = try await plan.prepare().1
      let code = try await Self.instructions(of: "highest_ready", in: kernel)
      // Behind the end are the traps that fill up to the next function.
      let body = code.prefix { !$0.mnemonic.hasPrefix("ret") }
      #expect(body.count >= 5 && body.count < 30 && body.count < code.count)
      let scans = body.filter { $0.mnemonic.hasPrefix("bsr") || $0.mnemonic.hasPrefix("lzcnt") }
      #expect(scans.count == 1)
      for (index, instruction) in body.enumerated() {
        let isCall = instruction.mnemonic.hasPrefix("call")
        guard isCall || instruction.mnemonic.hasPrefix("j"), let target = instruction.target else {
          #expect(!isCall, "a call through a register")
          continue
        }
        // i686 finds its data by a call of the instruction that follows.
        let next = index + 1 < code.count ? code[index + 1].address : 0
        #expect(isCall ? target == next : target > instruction.address, "\(instruction)")
      }
    }
  }
}
