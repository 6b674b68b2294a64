import Foundation
import SystemCalls
import Testing

/// The tables agree with each other and with the host's headers.
@Suite struct NumberTests {
  /// The list's name of a number.
  static func name(_ number: Int, isI386: Bool) -> String {
    var bytes: [UInt8] = []
    SystemCallNames.forEachByte(number: number, isI386: isI386) { bytes.append($0) }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test(arguments: [false, true])
  func everyNumberLeadsToTheCallOfItsName(isI386: Bool) {
    var found = 0
    for number in 0..<512 {
      let call = isI386 ? SystemCall(i386: UInt(number)) : SystemCall(x86_64: UInt(number))
      guard call != .unknown else { continue }
      found += 1
      let name = Self.name(number, isI386: isI386)
      #expect("\(call)" == (name.hasPrefix("_") ? String(name.dropFirst()) : name), "number \(number)")
    }
    #expect(found > 190)
  }

  @Test func everyCallHasANumber() {
    for call in SystemCall.allCases where call != .unknown {
      let isThere = (0..<512).contains { SystemCall(i386: $0) == call || SystemCall(x86_64: $0) == call }
      #expect(isThere, "\(call)")
    }
  }

  @Test(arguments: [
    (0, "read"), (1, "write"), (59, "execve"), (231, "exit_group"), (334, "rseq"), (424, "pidfd_send_signal"),
    (350, ""), (10_000, ""),
  ])
  func namesOfX86_64(number: Int, name: String) { #expect(Self.name(number, isI386: false) == name) }

  @Test(arguments: [
    (0, "restart_syscall"), (4, "write"), (11, "execve"), (222, ""), (252, "exit_group"),
    (403, "clock_gettime64"),
  ])
  func namesOfI386(number: Int, name: String) { #expect(Self.name(number, isI386: true) == name) }

  @Test(arguments: [(false, "64"), (true, "32")])
  func theHostsHeaderAgrees(isI386: Bool, suffix: String) throws {
    let path = "/usr/include/x86_64-linux-gnu/asm/unistd_\(suffix).h"
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return }
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 3, words[1].hasPrefix("__NR_"), let number = Int(words[2]) else { continue }
      let name = Self.name(number, isI386: isI386)
      // The header may be newer than the list.
      if !name.isEmpty { #expect(name == words[1].dropFirst(5)) }
    }
  }
}
