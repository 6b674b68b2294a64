import SpeedupModel
import Testing

@testable import DelayTracer

struct DelayPredictionTests {
  private let hold = 20e-6

  private func basis(calls: Double = 10_000, processors: Int = 64) -> DelayPrediction.Basis {
    DelayPrediction.Basis(seconds: 1, processorSeconds: 1, calls: calls, processors: processors)
  }

  private func seconds(_ basis: DelayPrediction.Basis, _ delegators: Int, _ delegates: Int) -> Double {
    DelayPrediction(basis, holdSeconds: hold, delegators: delegators, delegates: delegates).seconds
  }

  @Test func oneThreadIsHeldForEveryCall() {
    #expect((seconds(basis(), 1, 1) - 1.2).magnitude < 1e-12)
    // Its delegates take no processor from it: it waits meanwhile.
    #expect((seconds(basis(processors: 1), 1, 1) - 1.2).magnitude < 1e-12)
  }

  @Test func withoutCallsNothingChanges() { #expect(seconds(basis(calls: 0), 4, 1) == 1) }

  @Test func threadsAreTheClosedNetwork() throws {
    let think = 1 * 4 / 10_000.0
    let network = ClosedNetwork(thinkSeconds: think, stations: [.init(demand: hold, servers: 2)])
    let throughput = try #require(network.states(upTo: 4).last).throughput
    #expect((seconds(basis(), 4, 2) - 10_000 / throughput).magnitude < 1e-9)
  }

  @Test func delegatesHelpAndThreadsOverlap() {
    for threads in 2...8 {
      let times = (1...8).map { seconds(basis(), threads, $0) }
      #expect(zip(times, times.dropFirst()).allSatisfy { $0 >= $1 - 1e-12 })
      // Held at once, not one after the other; but no thread less than its own calls.
      #expect(times[0] < 1.2 && times[7] >= 1 + 0.2 / Double(threads) - 1e-12)
    }
  }

  @Test func threadsInStepHideNoWaiting() {
    func inStep(_ threads: Int, _ delegates: Int, _ processors: Int) -> Double {
      DelayPrediction(
        basis(processors: processors), holdSeconds: hold, delegators: threads, delegates: delegates
      ).secondsInStep
    }
    // 10,000 calls of 20 µs, one after the other: by one delegate, or as if, for there is one processor.
    #expect((inStep(4, 1, 64) - 1.2).magnitude < 1e-12 && (inStep(1, 1, 1) - 1.2).magnitude < 1e-12)
    #expect((inStep(4, 2, 64) - 1.1).magnitude < 1e-12)
    for threads in 1...8 {
      for delegates in 1...8 {
        #expect(inStep(threads, delegates, 64) >= seconds(basis(), threads, delegates))
      }
    }
  }

  @Test func oneDelegateLimitsManyThreads() {
    // 200,000 calls of 20 µs keep one delegate busy for 4 s however many threads there are.
    let time = seconds(basis(calls: 200_000), 64, 1)
    #expect(time >= 4 && time < 4.2)
  }

  @Test func workIsNeverShorterThanTheProcessorsAllow() {
    var narrow = DelayPrediction.Basis(seconds: 1, processorSeconds: 2, calls: 50_000, processors: 2)
    let bound = DelayPrediction(narrow, holdSeconds: hold, delegators: 4, delegates: 4)
    #expect(bound.isBoundByProcessors && (bound.seconds - 1.5).magnitude < 1e-12)
    narrow.processors = 8
    #expect(!DelayPrediction(narrow, holdSeconds: hold, delegators: 4, delegates: 4).isBoundByProcessors)
  }
}
