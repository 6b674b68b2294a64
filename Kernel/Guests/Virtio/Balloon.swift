/// The pages that a guest gives up, so that the host may use their frames for others.

import GuestInterface

extension GuestDevices {
  /// The most bytes of a request, a number of 4 bytes for each page; Linux sends no more.
  static var longestPageList: UInt32 { 1_024 }
  /// What moving a page counts as, in bytes that are only copied.
  private static var bytesPerPage: UInt32 { 1_024 }

  /// Takes the pages that the guest gives up, or gives back those that it wants again.
  ///
  /// A page for which there is no frame keeps its request waiting: the guest was told to ask before it uses one again.
  mutating func movePages<Memory: GuestMemory & ~Copyable>(
    _ index: Int, isInflating: Bool, in memory: inout Memory, _ outcome: inout DeviceOutcome
  ) throws(GuestMistake) -> Bool {
    var hasUsed = false
    let queue = isInflating ? 0 : 1
    for _ in 0..<VirtQueue.size {
      let ring = slots[index]?.queues[queue]
      guard try take(index, queue, in: memory) else { break }
      guard chain.readableCount <= Self.longestPageList else {
        throw GuestMistake(.balloonListTooLong, chain.readableCount)
      }
      countBytes(chain.readableCount / 4 * Self.bytesPerPage)
      while let page = chain.nextWord(in: memory) {
        guard page < memory.ramSize >> 12 else { throw GuestMistake(.badBalloonPage, page) }
        if isInflating {
          guard memory.giveUp(page: page) else { continue }
          balloonPages += 1
          outcome.hasMovedPages = true
        } else {
          switch memory.takeBack(page: page) {
          case .notGivenUp: continue
          case .taken:
            balloonPages -= 1
            outcome.hasMovedPages = true
          case .outOfFrames:
            // Taken again later; the pages before this one are no matter then.
            if let ring { slots[index]?.queues[queue] = ring }
            countBytes(.max)
            return hasUsed
          }
        }
      }
      give(index, queue, byteCount: 0, in: &memory)
      hasUsed = true
    }
    return hasUsed
  }
}
