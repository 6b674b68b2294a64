import Randomness
import Testing

@Suite struct RandomWordsTests {
  private func words(_ count: Int, seed: UInt64) -> [UInt32] {
    var stock = RandomWords()
    return (0..<count).map { _ in stock.next { seed } }
  }

  @Test func wordsOfOneStockAndOfTheNextDiffer() {
    let words = words(200, seed: 1)
    #expect(Set(words).count == 200)
  }

  @Test func whatIsMixedInChangesEachStock() {
    #expect(words(64, seed: 1) == words(64, seed: 1))
    #expect(words(64, seed: 1) != words(64, seed: 2))
    var stock = RandomWords()
    var draws: UInt64 = 0
    let mixed = (0..<128).map { _ in
      stock.next {
        draws += 1
        return draws
      }
    }
    #expect(draws == 2, "one for each 256 bytes")
    #expect(mixed[..<64] == words(64, seed: 1)[...])
    #expect(mixed[64...] != words(128, seed: 1)[64...])
  }
}
