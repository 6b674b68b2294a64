import Testing

@testable import Plotting

struct AxisTests {
  @Test func linearTicksAreRoundMultiples() {
    let labels = Axis("x").tickMarks(in: 0...1, wanted: 5).map(\.label)
    #expect(labels == ["0", "0.2", "0.4", "0.6", "0.8", "1"])
  }

  @Test func logarithmicTicksAreDecades() {
    let axis = Axis("x", scale: .logarithmic, ticks: .engineering(unit: "s"))
    #expect(axis.tickMarks(in: 1e-9...1e-6, wanted: 6).map(\.label) == ["1ns", "10ns", "100ns", "1µs"])
  }

  @Test(arguments: AxisScale.allCases)
  func valueUndoesFraction(scale: AxisScale) {
    let axis = Axis("x", scale: scale)
    for share in [0.0, 0.25, 0.5, 1] {
      let back = axis.fraction(axis.value(at: share, in: 1...100), in: 1...100)
      #expect((back - share).magnitude < 1e-12)
    }
  }

  @Test func emptyAndConstantDataStillGiveARange() {
    #expect(Axis("x").resolvedRange([Double]()) == 0...1)
    #expect(Axis("x").resolvedRange([4.0, 4.0]) == 2...6)
    #expect(Axis("x", scale: .logarithmic).resolvedRange([-1.0, 0]) == 1...10)
  }
}
