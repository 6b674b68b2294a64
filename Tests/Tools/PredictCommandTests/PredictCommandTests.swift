import Foundation
import HostSupport
import SpeedupModel
import Testing

/// Every command of `apus predict` as a user calls it.
struct PredictCommandTests {
  @Test func naiveGivesTheLimitsOfTableOne() async throws {
    let folder = try Folder()
    let gcc = try await folder.predict("naive", "--p", "12.23%", "--gamma", "1e9")
    #expect(gcc.status == 0 && gcc.output.split(separator: " ").suffix(2) == ["8.177", "8.177\n"])
    let all = try await folder.predict("naive", "--gamma", "2", "--format", "csv")
    #expect(all.output.split(separator: "\n").count == 9 && all.output.contains("bzip2,0.0048,2.0,"))
  }

  @Test func refinedShowsItsPartsAndARandomChoiceItsBand() async throws {
    let folder = try Folder()
    let least = try await folder.predict("refined", "@gzip", "--gamma", "10", "--fc", "10us")
    for word in ["speedup", "naiveSpeedup", "limit", "forwarded: "] { #expect(least.output.contains(word)) }
    let random = try await folder.predict(
      "refined", "@gzip", "--gamma", "10", "--fc", "10us", "--policy", "random", "--format", "json")
    let root = try JSONNode.parse(Array(random.output.utf8), place: "json")
    guard case .object(let members) = root.value else {
      Issue.record("an object is written")
      return
    }
    let values = Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.node.value) })
    guard case .number(let low) = values["low5"], case .number(let middle) = values["speedup"],
      case .number(let high) = values["high95"]
    else {
      Issue.record("the band is among the members")
      return
    }
    #expect(low <= middle && middle <= high && low < high)
  }

  @Test func rankPutsTheMostSavedForTheWorkFirst() async throws {
    let folder = try Folder()
    let plain = try await folder.predict("rank", "@bzip2", "--gamma", "2", "--fc", "10us", "--format", "csv")
    #expect(plain.output.split(separator: "\n")[1].hasPrefix("read,"))
    let dear = try await folder.predict(
      "rank", "@bzip2", "--gamma", "2", "--fc", "10us", "--effort", "read=1000", "--format", "csv")
    #expect(dear.output.split(separator: "\n")[1].hasPrefix("write,"))
    let had = try await folder.predict(
      "rank", "@bzip2", "--gamma", "2", "--fc", "10us", "--have", "read,write", "--format", "csv")
    #expect(!had.output.contains("read,") && !had.output.contains("\nwrite,"))
  }

  @Test func sweepWritesEveryForm() async throws {
    let folder = try Folder()
    let axes = ["--x", "fc=1ns:10s:200", "--y", "share=0%:100%:200", "--gamma", "10"]
    for format in ["csv", "json", "svg"] {
      let result = try await folder.predict(
        ["sweep", "@bzip2"] + axes + ["--format", format, "-o", "map.\(format)"])
      #expect(result.status == 0, "\(result.errors)")
    }
    #expect(try folder.read("map.csv").split(separator: "\n").count == 40_001)
    _ = try JSONNode.parse(Array(folder.read("map.json").utf8), place: "map.json")
    #expect(try folder.read("map.svg").contains("logarithmic"))
    for axis in ["gamma=1:10", "fc=1us:1ms", "share=0:1", "cores=1:8", "delegates=1:4"] {
      for format in ["table", "plot"] {
        let result = try await folder.predict(
          "sweep", "@gcc", "--x", axis, "--fc", "1us", "--policy", "all", "--delegators", "4", "--format",
          format)
        #expect(result.status == 0 && result.output.split(separator: "\n").count > 4, "\(axis) \(format)")
      }
    }
  }

  @Test func showListsCallsAndDrawsTheirDistribution() async throws {
    let folder = try Folder()
    #expect(try await folder.predict("show", "@gcc").output.contains("readlink"))
    for format in ["csv", "svg", "plot"] {
      let result = try await folder.predict("show", "@gcc", "--format", format)
      #expect(result.status == 0 && result.output.count > 500)
    }
  }

  @Test func figuresSayWhatIsPublishedAndWhatIsOurs() async throws {
    let folder = try Folder()
    #expect(try await folder.predict("figures", "out").status == 0)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/out").sorted()
    let numbered = (2...9).flatMap { ["figure\($0).csv", "figure\($0).svg"] }
    #expect(files == ["README.md"] + numbered)
    for name in numbered where name.hasSuffix(".svg") {
      let text = try folder.read("out/" + name)
      #expect(text.contains("Published: ") && text.contains("Ours: "))
    }
  }

  @Test func compareFailsBeyondWhatIsAccepted() async throws {
    let folder = try Folder()
    try folder.write("label,predicted,measured\na,2,1.9\na,2,2.1\nb,4,3\n", to: "runs.csv")
    let shown = try await folder.predict("compare", "runs.csv")
    #expect(shown.status == 0 && shown.output.contains("33.33%"))
    let refused = try await folder.predict("compare", "runs.csv", "--within", "9%")
    #expect(refused.status == 1 && refused.errors.contains("b: found a median error of 33.3 %"))
  }

  @Test func simulateAgreesWithTheAnalysisForManyDelegates() async throws {
    let folder = try Folder()
    let result = try await folder.predict(
      "simulate", "--think", "10us", "--service", "10us", "--delegators", "128", "--delegates", "50")
    #expect(result.status == 0 && result.output.contains("knee at 100 threads"), "\(result.errors)")
  }

  @Test(arguments: [
    (["naive", "--p", "nan"], 64, "0 to 1 or 0% to 100%"), (["naive", "--p", "1.5"], 64, "0 to 1"),
    (["naive", "--gamma", "0"], 1, "above 0"), (["refined", "@nothing"], 1, "@gzip, @bzip2"),
    (["refined", "/nowhere"], 1, "/nowhere: found No such file"),
    (["refined", "@gzip", "--fc", "10"], 64, "with unit"),
    (["refined", "@gzip", "--policy", "list:raed"], 1, "found \"raed\""),
    (["refined", "@gzip", "--policy", "sometimes"], 1, "least, most, random, best"),
    (["refined", "@gzip", "--delegators", "0"], 1, "1 to 4096"),
    (["rank", "@gzip", "--have", "raed"], 1, "--have: found \"raed\""),
    (["rank", "@gzip", "--effort", "read=0"], 1, "NAME=WORK with WORK above 0"),
    (["sweep", "@gzip", "--x", "speed=1:2"], 1, "gamma, fc, share, cores, delegates"),
    (["sweep", "@gzip", "--x", "gamma=1:2", "-o", "/nowhere/x"], 1, "/nowhere/x: found No such file"),
    (["import", "-"], 1, "--format"), (["simulate", "--think", "1us"], 64, "--service above 0"),
    (["figures", "/proc/nothing"], 1, "/proc/nothing: found"), (["delay", "--policy", "x"], 64, "--cost"),
  ])
  func whatIsWrongIsNamed(arguments: [String], status: Int32, words: String) async throws {
    let folder = try Folder()
    let result = try await folder.predict(arguments)
    #expect(result.status == status && result.errors.contains(words), "\(result.status): \(result.errors)")
    #expect(result.output.isEmpty && folder.files.isEmpty)
  }

  @Test func aDamagedProfileNamesItsLineAndLeavesTheOutputAlone() async throws {
    let folder = try Folder()
    try folder.write(
      "{\"schema\": \"apus-profile\", \"version\": 1, \"program\": \"p\",\n\"computationSeconds\": -1, \"calls\": []}",
      to: "bad.json")
    try folder.write("what was there\n", to: "out.json")
    let result = try await folder.predict("import", "bad.json", "-o", "out.json")
    #expect(
      result.status == 1 && result.errors.contains("bad.json:2:23: found the number -1"), "\(result.errors)")
    #expect(try folder.read("out.json") == "what was there\n" && folder.files == ["bad.json", "out.json"])
  }
}
