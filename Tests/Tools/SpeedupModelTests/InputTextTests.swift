import Testing

@testable import SpeedupModel

struct InputTextTests {
  @Test(arguments: [("10us", 10e-6), ("1.5ms", 1.5e-3), ("100ns", 100e-9), ("2s", 2), ("1min", 60), ("0", 0)])
  func durationsHaveUnits(text: String, seconds: Double) throws {
    #expect((try DurationText.seconds(text, option: "--fc") - seconds).magnitude <= seconds * 1e-12)
  }

  @Test(arguments: ["10", "us", "-1us", "nan s", "nans", "1,5us", "infs", "1e400s", "0x10s", "", "10 us"])
  func refusesDurationsThatAreNone(text: String) {
    let error = #expect(throws: InputError.self) { try DurationText.seconds(text, option: "--fc") }
    #expect(error?.description.hasPrefix("--fc: found") == true)
  }

  @Test func setupsWithoutMeaningAreRefused() {
    let changes: [(inout Setup) -> Void] = [
      { $0.gain = 0 }, { $0.gain = -1 }, { $0.gain = .nan }, { $0.gain = .infinity },
      { $0.forwardingCost = -1e-9 }, { $0.forwardingCost = .nan }, { $0.localFactor = -1 },
      { $0.localFactors = ["read": .nan] }, { $0.classes = [WorkClass("a", share: 1.5, gain: 1)] },
      { $0.classes = [WorkClass("a", share: 0.6, gain: 1), WorkClass("b", share: 0.6, gain: 1)] },
      { $0.delegators = 0 }, { $0.delegates = 0 }, { $0.delegateOccupancy = 2 },
    ]
    for change in changes {
      var setup = Setup()
      change(&setup)
      #expect(throws: InputError.self) { try setup.check() }
    }
  }

  @Test func comparisonsReadTheirOwnText() throws {
    let runs = RunComparison([
      ComparedRun("a", predicted: 2, measured: 1.9), ComparedRun("a", predicted: 2, measured: 2.1),
      ComparedRun("it says \"a, b\"", predicted: 3, measured: 4),
    ])
    let back = try RunComparison(Array(runs.csv().utf8), place: "runs.csv")
    #expect(back == runs)
    #expect(back.groups.count == 2)
    let json =
      "{\"schema\": \"apus-runs\", \"version\": 1, \"runs\": [{\"label\": \"a\", \"predicted\": 2, \"measured\": 1}]}"
    #expect(try RunComparison(Array(json.utf8), place: "r").runs[0].error == 1)
  }

  @Test(arguments: [
    ("", "r: found no runs"), ("a,b\n", "r:1: found"),
    ("label,predicted,measured\nx,1\n", "r:2: found 2 fields"),
    ("label,predicted,measured\n\"x,1,2\n", "r:2: found a quote that is not closed"),
    ("label,predicted,measured\n\"x\"\"y\", 1,two\n", "r:2:11: found \"two\""),
    ("label,predicted,measured\nx,1,nan\n", "r:2:5: found \"nan\""),
    ("label,predicted,measured\n\nx,-1,2\n", "r:3:3: found \"-1\""),
    ("label,predicted,measured\nx,0,2\n", "r:2:3"), ("{\"schema\": \"x\"}", "r:1:12"),
  ])
  func comparisonErrorsNameTheLine(text: String, expected: String) {
    let error = #expect(throws: InputError.self) { try RunComparison(Array(text.utf8), place: "r") }
    #expect(error?.description.hasPrefix(expected) == true, "\(error?.description ?? "")")
  }
}
