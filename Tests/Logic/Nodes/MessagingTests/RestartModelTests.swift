import Messaging
import ModelChecker
import Testing

@Test(arguments: [(1, 0), (0, 1), (1, 1)])
func aRestartAtAnyStepTearsDoublesAndHangsNothing(senderCrashes: Int, receiverCrashes: Int) {
  let result = mortalLink(
    .init(.values(.mailbox), goal: 2, repeats: true), senderCrashes: senderCrashes,
    receiverCrashes: receiverCrashes)
  print("mailbox, \(senderCrashes) restarts of the sender, \(receiverCrashes) of the receiver: \(result)")
  #expect(result.violation == nil && !result.isCut && result.states > 100)
}

/// Three messages pass a ring of two slots, so its indices wrap in each life.
@Test(arguments: [(1, 0), (0, 1), (1, 1)])
func aRestartAtAnyStepOfARingTearsDoublesAndHangsNothing(senderCrashes: Int, receiverCrashes: Int) {
  let result = mortalLink(
    .init(.values(.normal), goal: 3, repeats: true), senderCrashes: senderCrashes,
    receiverCrashes: receiverCrashes)
  print("ring, \(senderCrashes) restarts of the sender, \(receiverCrashes) of the receiver: \(result)")
  #expect(result.violation == nil && !result.isCut && result.states > 100)
}

/// The first life of the sender has generation 65535 or the one before, so a restart or a reset leads to 1.
@Test(arguments: [(1, 0, UInt32(0xFFFE)), (0, 1, 0xFFFE), (1, 0, 0xFFFD)])
func generationsWrapAround(senderCrashes: Int, receiverCrashes: Int, before: UInt32) {
  let result = mortalLink(
    .init(.values(.normal), goal: 2, repeats: true), senderCrashes: senderCrashes,
    receiverCrashes: receiverCrashes, generation: before)
  print("ring after generation \(before): \(result)")
  #expect(result.violation == nil && !result.isCut && result.states > 100)
}

@Test func aSenderThatKeepsItsGenerationIsCaught() {
  let result = mortalLink(
    .init(.values(.normal), goal: 3, repeats: true, mistake: .keepsItsGeneration), senderCrashes: 1)
  print("ring whose sender keeps its generation: \(result)")
  #expect(result.violation != nil)
}
