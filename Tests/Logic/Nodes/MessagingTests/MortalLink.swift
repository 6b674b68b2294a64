import ModelChecker
import Window

@testable import Messaging

/// The ends of a link whose nodes may crash before any access and start anew, as kernels that are restarted do.
enum MortalEnd: ModelNode {
  /// How the messages travel.
  enum Way: Hashable {
    /// As values of eight bytes.
    case values(Priority)
    /// In two chunks of 64 bytes each, of a pool of so many.
    case chunks(UInt32)
  }
  /// What an end does wrong on purpose.
  enum Mistake: Hashable {
    case none
    /// A sender that starts anew goes on in its former generation.
    case keepsItsGeneration
    /// A sender takes what it lent for free.
    case forgetsLoans
    /// A receiver forgets what it gave back.
    case forgetsReturns
  }
  /// What both ends know.
  struct Plan: Hashable {
    var way: Way
    /// The messages of a life.
    var goal: UInt32
    /// Whether the last one is sent again and again, since a restart may lose it.
    var repeats: Bool
    var mistake = Mistake.none
    let layout: LinkLayout

    init(_ way: Way, goal: UInt32, repeats: Bool, mistake: Mistake = .none) {
      self.way = way
      self.goal = goal
      self.repeats = repeats
      self.mistake = mistake
      layout =
        switch way {
        case .values: fits(LinkLayout(nodeCount: 2, highSlots: 2, normalSlots: 2, chunkCount: 0, in: 4000))
        case .chunks(let count):
          fits(
            LinkLayout(
              nodeCount: 2, highSlots: 2, normalSlots: 2, chunkCount: count, chunkBytes: 64, in: 4000))
        }
    }

    static func == (one: Plan, other: Plan) -> Bool { true }
    func hash(into hasher: inout Hasher) {}
  }
  struct Sender: Hashable {
    let plan: Plan
    var link: LinkState?
    /// What a sender with that mistake goes on with.
    var former: LinkState?
    var life: UInt32 = 1
    var next: UInt32 = 0
    var crashesLeft: Int
    var problem: String?
    var isDone = false
  }
  struct Receiver: Hashable {
    let plan: Plan
    var link: LinkState?
    /// The life and the number of the last message that was taken in this life of the receiver.
    var last: UInt32 = 0
    var crashesLeft: Int
    var problem: String?
    var isDone = false
  }
  /// A link's end by the bytes of what it knows: the links themselves are not hashable.
  struct LinkState: Hashable {
    var bytes: [UInt8]

    init<Link: BitwiseCopyable>(_ link: Link) {
      bytes = withUnsafeBytes(of: link) { Array($0) }
    }

    func link<Link: BitwiseCopyable>(as type: Link.Type) -> Link {
      // SAFETY: the bytes are those of a link.
      bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: type) }
    }
  }
  case sender(Sender)
  case receiver(Receiver)

  /// A word behind the links: the receiver has taken the last message, so the sender may rest.
  static let rest: UInt32 = 4000
  static let words = 1001

  mutating func operate(_ window: ModelWindow) {
    switch self {
    case .sender(var state):
      state.work(window)
      self = .sender(state)
    case .receiver(var state):
      state.work(window)
      self = .receiver(state)
    }
  }

  var isDone: Bool {
    switch self {
    case .sender(let state): state.isDone
    case .receiver(let state): state.isDone
    }
  }

  var problem: String? {
    switch self {
    case .sender(let state): state.problem
    case .receiver(let state): state.problem
    }
  }

  func crashed() -> MortalEnd? {
    switch self {
    case .sender(var state):
      guard state.crashesLeft > 0, !state.isDone else { return nil }
      state.crashesLeft -= 1
      state.link = state.former
      state.life += 1
      state.next = 0
      return .sender(state)
    case .receiver(var state):
      guard state.crashesLeft > 0, !state.isDone else { return nil }
      state.crashesLeft -= 1
      state.link = nil
      state.last = 0
      return .receiver(state)
    }
  }
}

extension MortalEnd.Sender {
  /// Starts the link, or sends the next message.
  fileprivate mutating func work(_ window: ModelWindow) {
    guard let known = link else {
      link = .init(LinkSender(from: 0, to: 1, layout: plan.layout, window))
      if plan.mistake == .keepsItsGeneration { former = link }
      return
    }
    var sender = known.link(as: LinkSender.self)
    if window.loadAcquire(MortalEnd.rest) != 0 {
      if !plan.repeats, sender.freeChunks(window) != plan.layout.chunkMask { problem = "a chunk was lost" }
      isDone = true
      return
    }
    guard next < plan.goal else { return }
    switch send(life << 8 | next, &sender, window) {
    case .sent: next = plan.repeats ? min(next + 1, plan.goal - 1) : next + 1
    case .broken: problem = "a correct receiver was blamed"
    case .again: sender.service(window)
    case .tooLong: problem = "a message is too long"
    }
    sender.counters = LinkCounters()
    link = .init(sender)
  }

  /// Sends a number so that a torn message shows: twice, at both ends of it.
  private func send(_ number: UInt32, _ sender: inout LinkSender, _ window: ModelWindow) -> SendResult {
    let value = UInt64(number) &* 0x1_0000_0001
    switch plan.way {
    case .values(.mailbox): return sender.mailbox.send(value, type: 1, window)
    case .values(.high): return sender.high.send(value, type: 1, window)
    case .values(.normal): return sender.normal.send(value, type: 1, window)
    case .chunks:
      if plan.mistake == .forgetsLoans { sender.lent = 0 }
      var words = [UInt32](repeating: 0, count: 32)
      (words[0], words[16]) = (number, number)
      let result = sender.send(words.span.bytes, type: 1, window)
      return sender.counters.faultCount > 0 ? .broken : result
    }
  }
}

extension MortalEnd.Receiver {
  fileprivate mutating func work(_ window: ModelWindow) {
    guard let known = link else {
      var made = LinkReceiver(from: 0, to: 1, layout: plan.layout, window)
      made.counters = LinkCounters()
      link = .init(made)
      return
    }
    var receiver = known.link(as: LinkReceiver.self)
    defer {
      receiver.counters = LinkCounters()
      link = .init(receiver)
    }
    if receiver.isBroken { return receiver.service(window) }
    do throws(MessageFault) {
      guard let value = try receive(&receiver, window) else { return receiver.service(window) }
      take(value, window)
    } catch {
      // Even a peer that restarts at the worst moment is not blamed.
      problem = "a fault: \(error)"
    }
  }

  private func receive(
    _ receiver: inout LinkReceiver, _ window: ModelWindow
  ) throws(MessageFault) -> UInt64? {
    switch plan.way {
    case .values(.mailbox): return try receiver.mailbox.receive(window)?.value
    case .values(.high): return try receiver.high.receive(window)?.value
    case .values(.normal): return try receiver.normal.receive(window)?.value
    case .chunks:
      var words = [UInt32](repeating: 0, count: 32)
      var span = words.mutableSpan
      var target = span.mutableBytes
      if plan.mistake == .forgetsReturns { receiver.returned = 0 }
      let header = receiver.receive(into: &target, window)
      for fault in MessageFault.allCases where receiver.counters.faults[Int(fault.rawValue)] > 0 {
        throw fault
      }
      return header == nil ? nil : UInt64(words[16]) << 32 | UInt64(words[0])
    }
  }

  private mutating func take(_ value: UInt64, _ window: ModelWindow) {
    let number = UInt32(truncatingIfNeeded: value)
    guard value == UInt64(number) &* 0x1_0000_0001 else {
      problem = "a torn message"
      return
    }
    let isLast = number & 0xFF == plan.goal - 1
    if number < last { problem = "a message of an earlier life or number" }
    if number == last, !(isLast && plan.repeats) { problem = "a message twice" }
    if number >> 8 == last >> 8, number & 0xFF > last & 0xFF + 1 { problem = "a message was left out" }
    last = number
    if isLast {
      window.storeRelease(1, at: MortalEnd.rest)
      isDone = true
    }
  }
}

/// Explores a link both of whose ends may crash.
///
/// - Parameter generation: what the window holds of former lives.
func mortalLink(
  _ plan: MortalEnd.Plan, senderCrashes: Int = 0, receiverCrashes: Int = 0, generation: UInt32 = 0,
  mutation: WindowMutation = .none
) -> Exploration {
  explore(
    [
      MortalEnd.sender(.init(plan: plan, crashesLeft: senderCrashes)),
      .receiver(.init(plan: plan, crashesLeft: receiverCrashes)),
    ], words: MortalEnd.words, initial: [Int(plan.layout.pair(from: 0, to: 1)) / 4: generation],
    mutation: mutation, stride: plan.layout.chunkCount > 0 ? 64 : 4,
    invariant: { ends in ends.compactMap(\.problem).first })
}
