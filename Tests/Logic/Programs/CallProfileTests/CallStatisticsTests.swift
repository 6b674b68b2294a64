import CallProfile
import Testing

@Test func aCallThatWasNotInvokedHasNoMedian() {
  var call = CallStatistics(number: 3)
  #expect(call.count == 0 && call.median() == 0)
}

@Test(arguments: [1, 2, 5, 62, 63])
func fewInvocationsHaveAnExactMedian(count: Int) {
  var call = CallStatistics(number: 3)
  let costs = (0..<count).map { UInt64($0 * 7919 % 101 + 5) }
  for cost in costs { call.note(ticks: cost, bytes: 2) }
  #expect(call.count == UInt64(count) && call.bytes == UInt64(2 * count))
  #expect(call.ticks == costs.reduce(0, +) && call.least == costs.min() && call.most == costs.max())
  #expect(call.median() == costs.sorted()[count / 2])
}

@Test func manyInvocationsHaveAMedianNearTheirs() {
  var call = CallStatistics(number: 3)
  // Evenly between 1,000 and 1,999: the median of 63 lies within a quarter but once in ten thousand.
  for index in 0..<100_000 { call.note(ticks: UInt64(1000 + index * 7919 % 1000), bytes: 0) }
  #expect((1250...1750).contains(call.median()))
}

@Test func aCostAboveFourBillionIsCutInTheMedianOnly() {
  var call = CallStatistics(number: 3)
  call.note(ticks: 1 << 40, bytes: 0)
  #expect(call.most == 1 << 40 && call.ticks == 1 << 40 && call.median() == UInt64(UInt32.max))
}
