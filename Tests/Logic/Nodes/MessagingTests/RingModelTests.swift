import Messaging
import ModelChecker
import Testing
import Window

/// One end of a direction of a link, or a sender that may crash before any access and begin a new life.
enum LinkEnd: ModelNode {
  case sender(RingState)
  case receiver(RingState)

  struct RingState: Hashable {
    var sender: RingSender?
    var receiver: RingReceiver?
    var next: UInt64 = 0
    var goal: UInt64
    var taken: [UInt64] = []
    var fault: MessageFault?
  }

  mutating func operate(_ window: ModelWindow) {
    switch self {
    case .sender(var state):
      if var ring = state.sender {
        if ring.send(state.next, type: 1, window) == .sent { state.next += 1 }
        state.sender = ring
      }
      self = .sender(state)
    case .receiver(var state):
      if var ring = state.receiver {
        do throws(MessageFault) {
          if let message = try ring.receive(window) { state.taken.append(message.value) }
        } catch {
          state.fault = error
        }
        state.receiver = ring
      }
      self = .receiver(state)
    }
  }

  var isDone: Bool {
    switch self {
    case .sender(let state): state.next == state.goal
    case .receiver(let state): UInt64(state.taken.count) == state.goal || state.fault != nil
    }
  }
}

/// What the receiver has is what was sent, in order, whole; a prefix at any time and all of it at the end.
func inOrder(_ ends: [LinkEnd]) -> String? {
  for case .receiver(let state) in ends {
    if let fault = state.fault { return "a correct peer was blamed: \(fault)" }
    if state.taken != (0..<UInt64(state.taken.count)).map({ $0 }) { return "wrong messages: \(state.taken)" }
  }
  return nil
}

func ends(_ priority: Priority, goal: UInt64) -> (nodes: [LinkEnd], words: Int) {
  let bytes: UInt32 = 2048
  let layout = fits(LinkLayout(nodeCount: 2, highSlots: 2, normalSlots: 2, chunkCount: 0, in: bytes))
  let window = ModelWindow.forTest(words: Int(bytes / 4))
  let sender = LinkSender(from: 0, to: 1, layout: layout, window)
  let receiver = LinkReceiver(from: 0, to: 1, layout: layout, window)
  return (
    [
      .sender(.init(sender: priority == .mailbox ? sender.mailbox : sender.normal, goal: goal)),
      .receiver(.init(receiver: priority == .mailbox ? receiver.mailbox : receiver.normal, goal: goal)),
    ], Int(bytes / 4)
  )
}

/// The credit of generation 1, position 0, as the receiver leaves it when it takes the generation.
let openedCredits: [Int: UInt32] = {
  let layout = fits(LinkLayout(nodeCount: 2, highSlots: 2, normalSlots: 2, chunkCount: 0, in: 2048))
  let word = Int(layout.pair(from: 0, to: 1) + 68) / 4
  return [word: 0x1_0000, word + 1: 0x1_0000, word + 2: 0x1_0000]
}()

@Test(arguments: [(Priority.mailbox, UInt64(4)), (.normal, 4)])
func everyOrderDeliversAllInOrder(priority: Priority, goal: UInt64) {
  let (nodes, words) = ends(priority, goal: goal)
  let result = explore(nodes, words: words, initial: openedCredits, invariant: inOrder, ending: inOrder)
  print("channel \(priority), \(goal) messages: \(result)")
  #expect(result.violation == nil && !result.isCut && result.states > 200)
}

@Test(arguments: [Priority.mailbox, .normal])
func aRingWithoutReleaseIsCaught(priority: Priority) {
  let (nodes, words) = ends(priority, goal: 5)
  let result = explore(
    nodes, words: words, initial: openedCredits, mutation: .noRelease, invariant: inOrder, ending: inOrder)
  #expect(result.violation != nil)
}
