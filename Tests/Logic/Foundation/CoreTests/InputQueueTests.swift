import Core
import Testing

@Test func bytesLeaveTheQueueInTheOrderInWhichTheyCame() {
  var queue = InputQueue()
  for byte in UInt8(0)..<200 { queue.append(byte) }
  for expected in UInt8(0)..<200 {
    let byte = queue.removeFirst()
    #expect(byte == expected)
  }
  let end = queue.removeFirst()
  #expect(end == nil)
}

@Test func aFullQueueKeepsTheOldestBytesAndCountsTheRest() {
  var queue = InputQueue()
  for _ in 0..<InputQueue.capacity {
    let isFull = queue.isFull
    #expect(!isFull)
    queue.append(1)
  }
  let isFull = queue.isFull
  #expect(isFull)
  queue.append(2)
  let dropped = queue.dropped
  let first = queue.removeFirst()
  #expect(dropped == 1)
  #expect(first == 1)
}
