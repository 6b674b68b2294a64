import Testing

@testable import Plotting

struct ContourTracerTests {
  @Test func contourOfASlopeIsAStraightLine() {
    let map = HeatMap(xs: [0, 1, 2], ys: [0, 1, 2], values: [0, 1, 2, 0, 1, 2, 0, 1, 2])
    let pieces = ContourTracer.pieces(of: map, at: 0.5)
    #expect(pieces.count == 2)
    #expect(pieces.allSatisfy { $0.from.x == 0.5 && $0.to.x == 0.5 })
  }

  @Test func saddleGivesTwoPiecesThatDoNotMeet() {
    let map = HeatMap(xs: [0, 1], ys: [0, 1], values: [1, 0, 0, 1])
    let pieces = ContourTracer.pieces(of: map, at: 0.5)
    #expect(pieces.count == 2)
    #expect(Set(pieces.flatMap { [$0.from, $0.to] }.map { "\($0)" }).count == 4)
  }

  @Test func missingValuesAreSkipped() {
    let map = HeatMap(xs: [0, 1], ys: [0, 1], values: [1, .nan, 0, 1])
    #expect(ContourTracer.pieces(of: map, at: 0.5).isEmpty)
    #expect(map.valueRange == 0...1)
  }
}
