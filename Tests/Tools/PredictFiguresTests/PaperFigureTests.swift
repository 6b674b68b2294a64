import Foundation
import Plotting
import SpeedupModel
import Testing

@testable import PredictFigures

/// Figures against files that a person has looked at.
///
/// APUS_UPDATE_GOLDEN=1 writes them anew.
struct PaperFigureTests {
  /// A made-up program, so that a newly recorded profile changes no golden file.
  private static func figures() throws -> [PaperFigure] {
    let profile = try Profile(
      program: "made-up", source: "test", computationSeconds: 1,
      calls: [
        CallRecord("write", count: 10_000, seconds: 0.02), CallRecord("read", count: 500, seconds: 0.01),
        CallRecord("mmap", count: 40, seconds: 0.004), CallRecord("openat", count: 9, seconds: 0.0001),
        CallRecord("brk", count: 3, seconds: 0.00001),
      ])
    return try PaperFigures.all([("made-up", profile)])
  }

  private func check(_ text: String, _ name: String) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name)")
    if ProcessInfo.processInfo.environment["APUS_UPDATE_GOLDEN"] != nil {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(text == (try String(contentsOf: file, encoding: .utf8)), "\(name) differs from what was reviewed")
  }

  @Test(arguments: [2, 3, 4, 6, 7]) func picturesMatchTheReviewedOnes(number: Int) throws {
    let figure = try #require(try Self.figures().first { $0.number == number })
    try check(figure.figure.svg(), "figure\(number).svg")
  }

  @Test func indexMatchesTheReviewedOne() throws { try check(PaperFigure.index(Self.figures()), "README.md") }

  @Test func figuresTwoToNineAreThereAndSayWhoseTheyAre() throws {
    let figures = try Self.figures()
    #expect(figures.map(\.number) == Array(2...9))
    for figure in figures {
      #expect(figure.figure.notes[0].hasPrefix("Published: ") && figure.figure.notes[1].hasPrefix("Ours: "))
      #expect(figure.csv.split(separator: "\n").count > 3)
    }
  }

  @Test func builtInProfilesCanBeRead() throws {
    let profiles = try MeasuredProfiles.all()
    #expect(profiles.map(\.name) == ["gzip", "bzip2", "gcc", "sqlite"])
    #expect(profiles.allSatisfy { $0.profile.callCount > 0 && $0.profile.computationSeconds > 0 })
  }

  @Test func sweepsOfOneAndTwoParametersBecomeCharts() throws {
    let profile = try MeasuredProfiles.all()[0].profile
    let x = SweepAxis(.gain, from: 1, to: 10, count: 5, isLogarithmic: false)
    let y = SweepAxis(.share, from: 0, to: 1, count: 4, isLogarithmic: false)
    let model = RefinedModel(profile, Setup(forwardingCost: 1e-3))
    let line = try Sweep(model, policy: .random(seed: 1), share: 0.5, x: x, draws: 20).chart(title: "line")
    #expect(line.layers.count == 2)
    let map = try Sweep(model, policy: .best, share: 0.5, x: x, y: y).chart(title: "map")
    guard case .heatMap(let grid) = map.layers[0].content else {
      Issue.record("two parameters make a map")
      return
    }
    #expect(grid.values.count == 20 && !grid.contours.isEmpty)
  }
}
