import Testing

@testable import Plotting

struct NumberTextTests {
  @Test(arguments: [
    (0.0, "0"), (1, "1"), (-1.5, "-1.5"), (2.004, "2"), (0.125, "0.13"), (-0.001, "0"), (1e300, "9000000000"),
    (Double.nan, "0"), (123456.789, "123456.79"),
  ])
  func coordinatesArePlainDecimals(value: Double, text: String) {
    #expect(NumberText.coordinate(value) == text)
  }

  @Test(arguments: [
    (0.0, "0"), (1, "1"), (8.176614, "8.177"), (0.01234567, "0.01235"), (2300, "2300"), (9999.96, "10000"),
    (1.5e12, "1.5e12"), (-3e-9, "-3e-9"), (Double.infinity, "inf"),
  ])
  func significantDigitsReadLikeAReaderWrites(value: Double, text: String) {
    #expect(NumberText.significant(value) == text)
  }

  @Test(arguments: [(1e-8, "10n"), (2.5e-6, "2.5µ"), (0.001, "1m"), (3, "3"), (40000, "40k"), (1e6, "1M")])
  func engineeringTextUsesPrefixes(value: Double, text: String) {
    #expect(NumberText.engineering(value) == text)
  }
}
