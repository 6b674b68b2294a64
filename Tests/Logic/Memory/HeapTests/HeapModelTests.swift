import Base
import SeededRandomness
import Testing

@testable import Heap

private struct Piece {
  var address: VirtualAddress
  var size: Int
  var pattern: UInt8
}

/// The slow and obvious model: a list of pieces, each filled with a pattern of its own.
@Test(arguments: [1, 2, 3, 4, 5, 6]) func randomUseKeepsEveryByte(seed: UInt64) throws {
  print("seed \(seed)")
  var generator = SeededGenerator(seed: seed)
  try withHeap(pageLimit: 64, pages: seed.isMultiple(of: 2) ? 64 : 50) { heap in
    var pieces: [Piece] = []
    for step in 0..<5_000 {
      if pieces.isEmpty || Int.random(in: 0..<100, using: &generator) < 54 {
        let size = Int.random(in: 0...(1 << Int.random(in: 0...14, using: &generator)), using: &generator)
        let alignment = 1 << Int.random(in: 0...12, using: &generator)
        let pattern = UInt8.random(in: 0...255, using: &generator)
        do {
          let piece = Piece(
            address: try heap.allocate(size, alignment: alignment), size: size, pattern: pattern)
          for offset in 0..<size { poke(piece.address, offset, pattern) }
          let start = piece.address.rawValue
          let isApart = pieces.allSatisfy {
            start + UInt(size) <= $0.address.rawValue || $0.address.rawValue + UInt($0.size) <= start
          }
          #expect(isApart && start % UInt(alignment) == 0)
          pieces.append(piece)
        } catch HeapError.exhausted(let bytes, _) {
          #expect(bytes == size)
        }
      } else {
        let piece = pieces.remove(at: Int.random(in: 0..<pieces.count, using: &generator))
        let isKept = (0..<piece.size).allSatisfy { peek(piece.address, $0) == piece.pattern }
        #expect(isKept)
        try heap.free(piece.address)
      }
      if step % 50 == 0 {
        let inUse = try heap.checkAll()
        #expect(inUse == pieces.count)
        #expect(heap.statistics.bytesInUse == pieces.reduce(0) { $0 + $1.size })
      }
    }
    for piece in pieces { try heap.free(piece.address) }
    let (inUse, largest) = (try heap.checkAll(), try heap.measureLargestFree())
    #expect(inUse == 0 && heap.statistics.bytesInUse == 0)
    #expect(largest == heap.statistics.mappedBytes - 16 - 16 - 8)
    #expect(heap.statistics.allocationCount == heap.statistics.freeCount)
  }
}
