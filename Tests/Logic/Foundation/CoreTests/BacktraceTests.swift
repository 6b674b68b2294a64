import Base
import Core
import Log
import Testing

/// A stack of words that begins at some address.
struct StackOfWords: KernelMemoryReader {
  var base: UInt
  var words: [UInt]

  func word(at address: VirtualAddress) -> UInt? {
    guard address.rawValue >= base, address.rawValue % 8 == 0 else { return nil }
    let index = Int((address.rawValue - base) / 8)
    return index < words.count ? words[index] : nil
  }
}

private func walk(_ framePointer: UInt, _ memory: StackOfWords) -> [UInt] {
  var backtrace = Backtrace(from: framePointer, in: memory)
  var addresses: [UInt] = []
  while let address = backtrace.next() { addresses.append(address.rawValue) }
  return addresses
}

@Test func aBacktraceFollowsTheFramePointers() {
  let memory = StackOfWords(base: 0x1000, words: [0x1010, 0xA, 0x1020, 0xB, 0, 0xC])
  #expect(walk(0x1000, memory) == [0xA, 0xB, 0xC])
}

@Test func aFramePointerThatLeavesTheStackEndsTheBacktrace() {
  let memory = StackOfWords(base: 0x1000, words: [0x9000, 0xA])
  #expect(walk(0x1000, memory) == [0xA])
  #expect(walk(0x500, memory) == [])
  #expect(walk(0x1001, memory) == [])
}

@Test func aFramePointerThatPointsBackEndsTheBacktrace() {
  let memory = StackOfWords(base: 0x1000, words: [0x1010, 0xA, 0x1000, 0xB])
  #expect(walk(0x1000, memory) == [0xA, 0xB])
}

@Test func aBacktraceIsBounded() {
  let count = 100
  var words: [UInt] = []
  for index in 1...count { words += [0x1000 + UInt(index) * 16, UInt(index)] }
  #expect(walk(0x1000, StackOfWords(base: 0x1000, words: words)).count == Backtrace<StackOfWords>.limit)
}

@Test func aFramePointerAtTheTopOfTheAddressSpaceEndsTheBacktrace() {
  #expect(walk(.max - 7, StackOfWords(base: .max - 7, words: [0x10])) == [])
}
