import Messaging
import ModelChecker
import Testing
import Window

/// Two senders that ring a receiver, which sleeps until it is interrupted.
///
/// The interrupt is a word that a sender sets where its processor would send one; the receiver goes to sleep only when
/// it finds the word clear. A message that nobody is woken for is a state from which no end can be reached.
enum Ringing: ModelNode {
  /// The word of the interrupt, past the links.
  static let interrupt: UInt32 = 4224

  case sender(Sender)
  case receiver(Receiver)

  struct Sender: Hashable {
    var ring: RingSender
    var number: UInt8
    var left: Int
    var mustRing = false
    var mustInterrupt = false
  }

  struct Receiver: Hashable {
    var rings: [RingReceiver]
    var left: Int
    var isAwake = false
    /// The senders to look at, once the word was taken.
    var pending: UInt64 = 0
    /// What is wrong on purpose: the links are looked at before the word is taken.
    var looksFirst: Bool
    var hasLooked = false
    var fault: MessageFault?
  }

  func operate(_ window: ModelWindow, _ layout: LinkLayout) -> Ringing {
    switch self {
    case .sender(var state):
      if state.mustInterrupt {
        _ = window.exchange(1, at: Self.interrupt)
        state.mustInterrupt = false
      } else if state.mustRing {
        let doorbell = Doorbell(node: state.number, layout: layout)
        if doorbell.ring(2, window) { state.mustInterrupt = true }
        state.mustRing = false
      } else if state.ring.send(UInt64(state.left), type: 1, window) == .sent {
        state.left -= 1
        state.mustRing = true
      }
      return .sender(state)
    case .receiver(var state):
      if !state.isAwake {
        state.isAwake = window.exchange(0, at: Self.interrupt) == 1
        state.hasLooked = false
      } else if state.looksFirst, !state.hasLooked {
        state.look(0b11, window)
        state.hasLooked = true
      } else if state.pending == 0 {
        let doorbell = Doorbell(node: 2, layout: layout)
        state.pending = doorbell.take(window)
        if state.looksFirst { state.pending = 0 }
        if state.pending == 0 { state.isAwake = false }
      } else {
        state.look(state.pending, window)
        state.pending = 0
        state.isAwake = false
      }
      return .receiver(state)
    }
  }

  mutating func operate(_ window: ModelWindow) { self = operate(window, ringingLayout) }

  var isDone: Bool {
    switch self {
    case .sender(let state): state.left == 0 && !state.mustRing && !state.mustInterrupt
    case .receiver(let state): state.left == 0 || state.fault != nil
    }
  }
}

extension Ringing.Receiver {
  /// Takes at most one message of each sender that rang; a sender with more rings again.
  fileprivate mutating func look(_ senders: UInt64, _ window: ModelWindow) {
    for index in rings.indices where senders >> UInt64(index) & 1 != 0 {
      var ring = rings[index]
      do throws(MessageFault) {
        while try ring.receive(window) != nil { left -= 1 }
      } catch {
        fault = error
      }
      rings[index] = ring
    }
  }
}

private let ringingLayout = fits(
  LinkLayout(nodeCount: 3, highSlots: 2, normalSlots: 2, chunkCount: 0, in: 4224))

private func ringing(_ messages: Int, looksFirst: Bool) -> Exploration {
  let layout = ringingLayout
  let window = ModelWindow.forTest(words: 1057)
  var credits: [Int: UInt32] = [:]
  var senders: [Ringing] = []
  var rings: [RingReceiver] = []
  for number: UInt8 in [0, 1] {
    let sender = LinkSender(from: number, to: 2, layout: layout, window)
    let receiver = LinkReceiver(from: number, to: 2, layout: layout, window)
    senders.append(.sender(.init(ring: sender.mailbox, number: number, left: messages)))
    rings.append(receiver.mailbox)
    for word in 0..<3 { credits[Int(layout.pair(from: number, to: 2) + 68) / 4 + word] = 0x1_0000 }
  }
  return explore(
    senders + [.receiver(.init(rings: rings, left: 2 * messages, looksFirst: looksFirst))], words: 1057,
    initial: credits,
    invariant: { nodes in
      for case .receiver(let state) in nodes {
        if let fault = state.fault { return "a correct peer was blamed: \(fault)" }
        if state.left < 0 { return "more messages than were sent" }
      }
      return nil
    })
}

@Test func nobodySleepsOnAMessageThatWasAnnounced() {
  let result = ringing(1, looksFirst: false)
  print("doorbell, two senders: \(result)")
  #expect(result.violation == nil && !result.isCut && result.states > 100)
}

@Test func lookingBeforeTheWordIsTakenIsCaught() {
  let result = ringing(1, looksFirst: true)
  #expect(result.violation == "a state from which no end can be reached")
}
