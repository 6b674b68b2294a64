import ArchiveLoading
import Testing

@Test(arguments: [0, 1, 1 << 20, 2_000_000, 33 << 20, 500 << 20], [4 << 20, 124 << 20, 250 << 20, 3 << 30])
func aRootIsAPowerOfTwoAndNoMoreThanHalfOfMemory(content: Int, free: Int) {
  let size = RootSize.bytes(forContent: content, free: free)
  #expect(size & (size - 1) == 0)
  #expect(size >= 1 << 20 && size <= max(1 << 20, free / 2))
  // There is room for the content where half of memory has it.
  #expect(size >= content || 2 * content > free / 2)
}

@Test func ordinaryMachinesHaveAQuarterOfTheirMemoryAsRoot() {
  #expect(RootSize.bytes(forContent: 2_000_000, free: 124 << 20) == 32 << 20)
  #expect(RootSize.bytes(forContent: 2_000_000, free: 1000 << 20) == 64 << 20)
  #expect(RootSize.bytes(forContent: 200 << 20, free: 2000 << 20) == 512 << 20)
}

@Test(arguments: [(1, 1), (2, 2), (3, 2), (1 << 20, 1 << 20), ((1 << 21) - 1, 1 << 20)])
func theLargestPowerOfTwoIsNotAboveTheNumber(number: Int, power: Int) {
  #expect(RootSize.powerOfTwo(atMost: number) == power)
}
