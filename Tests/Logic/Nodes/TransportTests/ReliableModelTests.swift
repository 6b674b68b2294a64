import ModelChecker
import Testing

@testable import Transport

/// A frame or an acknowledgement on its way.
private struct Packet: Hashable, Comparable {
  var generation: UInt16
  var sequence: UInt16
  /// What the frame carries; 0 in acknowledgements.
  var message: UInt8 = 0

  static func < (one: Packet, other: Packet) -> Bool {
    (one.generation, one.sequence, one.message) < (other.generation, other.sequence, other.message)
  }
}

/// What the ends do wrong on purpose.
private enum Mistake: Hashable {
  case none
  /// Nothing is ever sent again.
  case sendsOnce
  /// Whatever comes is taken for what is expected.
  case takesAnything
  /// A sender that starts anew goes on in its former life.
  case keepsItsLife
  /// An acknowledgement is taken for one of this life.
  case believesOldLives
}

/// Two ends, and what is between them: sets of packets that arrive in any order, each as often as it is there.
///
/// The timer may strike at any time that leaves room for all that it sends again; what has no room is not sent.
private struct Wire: Hashable {
  var sender: SendWindow
  var receiver = ReceiveOrder()
  /// The packets under way, sorted, to the receiver and back.
  var there: [Packet] = []
  var back: [Packet] = []
  /// Messages given to the sender in this life of it.
  var sent: UInt8 = 0
  /// The life and number of the last message taken in this life of the receiver.
  var taken = Packet(generation: 0, sequence: 0)
  /// What may still go wrong: packets lost and doubled, lives ended.
  var drops: Int
  var doubles: Int
  var senderCrashes = 0
  var receiverCrashes = 0
  /// The receiver started anew, and the sender has not been told.
  var mustRestart = false
  var problem: String?
  let goal: UInt8
  let room: Int
  let mistake: Mistake

  var isDelivered: Bool { sent == goal && taken.message == goal && taken.generation == sender.generation }
}

extension Array<Packet> {
  fileprivate mutating func put(_ packet: Packet) {
    insert(packet, at: firstIndex { $0 >= packet } ?? endIndex)
  }
}

extension Wire {
  func successors() -> [Wire] {
    var all: [Wire] = []
    func add(_ change: (inout Wire) -> Void) {
      var next = self
      change(&next)
      all.append(next)
    }
    if mustRestart { add { $0.restartSender() } }
    if sent < goal, there.count < room, sender.pendingCount < 2 { add { $0.sendNext() } }
    if mistake != .sendsOnce, sender.pendingCount > 0, there.count + sender.pendingCount <= room {
      add { $0.sendAgain() }
    }
    for index in there.indices where index == 0 || there[index] != there[index - 1] {
      if back.count < room { add { $0.deliver($0.there.remove(at: index)) } }
      if drops > 0 { add { ($0.drops, _) = ($0.drops - 1, $0.there.remove(at: index)) } }
      if doubles > 0, there.count < room {
        add {
          $0.doubles -= 1
          $0.there.put($0.there[index])
        }
      }
    }
    for index in back.indices where index == 0 || back[index] != back[index - 1] {
      add { $0.hear($0.back.remove(at: index)) }
      if drops > 0 { add { ($0.drops, _) = ($0.drops - 1, $0.back.remove(at: index)) } }
      if doubles > 0, back.count < room {
        add {
          $0.doubles -= 1
          $0.back.put($0.back[index])
        }
      }
    }
    if senderCrashes > 0, !isDelivered {
      add {
        $0.senderCrashes -= 1
        $0.restartSender()
      }
    }
    if receiverCrashes > 0, !isDelivered {
      add {
        $0.receiverCrashes -= 1
        $0.receiver = ReceiveOrder()
        $0.taken = Packet(generation: 0, sequence: 0)
        $0.mustRestart = true
      }
    }
    return all
  }

  private mutating func restartSender() {
    let generation = mistake == .keepsItsLife ? sender.generation : sender.generation + 1
    sender = SendWindow(size: 2, generation: generation, patienceTicks: 0)
    sent = 0
    mustRestart = false
  }

  private mutating func sendNext() {
    guard let sequence = sender.begin(at: 0) else { return }
    sent += 1
    there.put(Packet(generation: sender.generation, sequence: sequence, message: sent))
  }

  private mutating func sendAgain() {
    guard sender.isOverdue(at: 0) else { return }
    var sequence = sender.first
    while sequence != sender.next {
      let message = sent - UInt8(sender.next &- sequence) + 1
      there.put(Packet(generation: sender.generation, sequence: sequence, message: message))
      sequence &+= 1
    }
  }

  private mutating func deliver(_ packet: Packet) {
    let sequence = mistake == .takesAnything ? receiver.expected : packet.sequence
    let turn = receiver.take(sequence, generation: packet.generation)
    if turn != .ofAnotherLife {
      back.put(Packet(generation: receiver.generation, sequence: receiver.expected))
    }
    guard turn == .next else { return }
    if packet.generation < taken.generation { problem = "a message of a former life" }
    let last = packet.generation == taken.generation ? taken.message : 0
    if packet.message <= last { problem = "message \(packet.message) twice" }
    if packet.message > last + 1 { problem = "a message before number \(packet.message) was left out" }
    taken = packet
  }

  private mutating func hear(_ packet: Packet) {
    let generation = mistake == .believesOldLives ? sender.generation : packet.generation
    _ = sender.acknowledge(packet.sequence, generation: generation, at: 0)
  }
}

/// A window of 2 frames; `before` messages have passed already.
private func wire(
  goal: UInt8, room: Int, drops: Int, doubles: Int, lives: (sender: Int, receiver: Int) = (0, 0),
  before: Int = 0, mistake: Mistake = .none
) -> Exploration {
  var start = Wire(
    sender: SendWindow(size: 2, generation: 1, patienceTicks: 0), drops: drops, doubles: doubles,
    senderCrashes: lives.sender, receiverCrashes: lives.receiver, goal: goal, room: room, mistake: mistake)
  for _ in 0..<before {
    guard let sequence = start.sender.begin(at: 0) else { break }
    _ = start.receiver.take(sequence, generation: 1)
    _ = start.sender.acknowledge(start.receiver.expected, generation: 1, at: 0)
  }
  if before > 0 { start.taken = Packet(generation: 1, sequence: 0) }
  return search(
    from: start, successors: { $0.successors() }, invariant: { $0.problem },
    ending: { wire in
      if !wire.isDelivered { return "a message was lost" }
      return wire.sender.pendingCount > 0 ? "a message is never acknowledged" : nil
    })
}

@Test(arguments: [0, 65_534])
func lostDoubledAndReorderedFramesLoseAndDoubleNoMessage(before: Int) {
  let result = wire(goal: 4, room: 3, drops: 2, doubles: 2, before: before)
  print("go-back-N, 4 messages after \(before), 2 packets lost, 2 doubled, any order: \(result)")
  #expect(result.violation == nil && !result.isCut && result.states > 1_000)
}

@Test(arguments: [(1, 0), (0, 1), (1, 1)])
func newLivesOfEitherEndLoseAndDoubleNoMessage(sender: Int, receiver: Int) {
  let result = wire(goal: 2, room: 3, drops: 1, doubles: 1, lives: (sender, receiver))
  print("go-back-N, \(sender) new lives of the sender, \(receiver) of the receiver: \(result)")
  #expect(result.violation == nil && !result.isCut && result.states > 1_000)
}

@Test(arguments: [Mistake.sendsOnce, .takesAnything, .keepsItsLife, .believesOldLives])
private func aMistakeInGoBackNIsCaught(mistake: Mistake) {
  let result = wire(goal: 3, room: 3, drops: 1, doubles: 1, lives: (1, 0), mistake: mistake)
  print("go-back-N that \(mistake): \(result)")
  #expect(result.violation != nil)
}
