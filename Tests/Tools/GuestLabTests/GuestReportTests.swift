import GuestLab
import Testing

@Suite struct GuestReportTests {
  @Test func aPlanThatDoesNotFitIsAFailure() {
    let lines = GuestReport.tests(in: "ok 1 - one\nnot ok 2 - two\nok 3 - three # SKIP why\n1..4\n")
    #expect(lines.map(\.isRight) == [true, false, true, false])
    #expect(lines[2].isSkipped)
    #expect(GuestReport.tests(in: "ok 1 - one\n1..1\n").map(\.isRight) == [true])
    #expect(GuestReport.tests(in: "ok 1 - one\n").map(\.isRight) == [true, false], "no plan")
  }

  @Test func anEndMustBeTheOneThatWasExpectedAndNameItsPlace() {
    func lines(_ host: String) -> [TestLine] {
      GuestReport.ends(in: "# expects: there is no hypercall 0x3\n\(host)\n# cases 1\n")
    }
    let good =
      "[ 0.1] cpu0 error guest: killed: there is no hypercall 0x3, by call 3, at 0xc01 (guest 1) in main+0x2"
    #expect(lines(good).map(\.isRight) == [true])
    #expect(lines("[ 0.1] cpu0 info guest: ended: survived (guest 1)").map(\.isRight) == [false])
    #expect(
      lines("[ 0.1] cpu0 error guest: killed: there is no hypercall 0x4, at 0x1").map(\.isRight) == [false])
    #expect(lines("").map(\.isRight) == [false], "a start without an end")
  }

  @Test func seriesAndNeighboursAreRead() {
    let text = """
      [ 1.0] cpu0 info guest: series of guest 1: 8 starts, 7 killed, 2 of them out of time, frames free 30 after the first and 29 after the last
      [ 1.0] cpu0 info guest: series of guest 1: 900 calls, 800 of them by the ring, 5 pages shown, 6 traps passed on, 14 audits
      guest 2| canary: whole after 50 deadlines, the latest by 123 us
      canary: broken
      """
    #expect(
      GuestReport.series(in: text) == [
        .init(starts: 8, killed: 7, outlived: 2, framesBefore: 30, framesAfter: 29, calls: 900, audits: 14)
      ])
    #expect(GuestReport.canaries(in: text) == [123, nil])
  }
}
