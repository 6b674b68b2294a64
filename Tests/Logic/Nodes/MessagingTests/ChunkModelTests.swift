import Messaging
import ModelChecker
import Testing

/// Messages of two chunks each: a chunk that is lost makes the sender wait for ever or is missing in the end, one that
/// is lent twice tears a message.
@Test(arguments: [(UInt32(2), UInt32(3)), (3, 3), (4, 3)])
func noChunkIsLostOrLentTwice(chunks: UInt32, messages: UInt32) {
  let result = mortalLink(.init(.chunks(chunks), goal: messages, repeats: false))
  print("chunks, \(messages) messages of 2 of \(chunks): \(result)")
  #expect(result.violation == nil && !result.isCut && result.states > 100)
}

/// With a pool of one message's size nothing goes on unless a crash gives all chunks back.
@Test(arguments: [(1, 0), (0, 1)])
func aCrashAtAnyStepGivesChunksBack(senderCrashes: Int, receiverCrashes: Int) {
  let result = mortalLink(
    .init(.chunks(2), goal: 2, repeats: true), senderCrashes: senderCrashes, receiverCrashes: receiverCrashes)
  print("chunks, \(senderCrashes) restarts of the sender, \(receiverCrashes) of the receiver: \(result)")
  #expect(result.violation == nil && !result.isCut && result.states > 100)
}

@Test(arguments: [MortalEnd.Mistake.forgetsLoans, .forgetsReturns])
func aPoolThatForgetsIsCaught(mistake: MortalEnd.Mistake) {
  let result = mortalLink(.init(.chunks(2), goal: 3, repeats: false, mistake: mistake))
  print("chunks of an end that \(mistake): \(result)")
  #expect(result.violation != nil)
}

@Test func chunksWithoutReleaseAreCaught() {
  let result = mortalLink(.init(.chunks(2), goal: 2, repeats: false), mutation: .noRelease)
  #expect(result.violation != nil)
}
