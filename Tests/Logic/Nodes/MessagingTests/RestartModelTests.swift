import Messaging
import ModelChecker
import Testing
import Window

/// The ends of a link whose nodes may crash before any access and start anew, as kernels that are restarted do.
enum MortalEnd: ModelNode {
  struct Sender: Hashable {
    var link: LinkState?
    var life: UInt64 = 1
    var next: UInt64 = 0
    var crashesLeft: Int
    var isDone = false
  }
  struct Receiver: Hashable {
    var link: LinkState?
    /// The life and the number of the last message that was taken in this life of the receiver.
    var last: UInt64 = 0
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

  static let goal: UInt64 = 2
  static let layout = fits(LinkLayout(nodeCount: 2, highSlots: 2, normalSlots: 2, chunkCount: 0, in: 2052))
  /// A word behind the links: the receiver has taken the last message, so the sender may rest.
  static let rest: UInt32 = 2048

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
    case .receiver(let state): state.isDone || state.problem != nil
    }
  }

  func crashed() -> MortalEnd? {
    switch self {
    case .sender(var state):
      guard state.crashesLeft > 0, !state.isDone else { return nil }
      state.crashesLeft -= 1
      state.link = nil
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
  /// Starts the link, or sends the next message; the last one again and again, since a restart may lose it.
  fileprivate mutating func work(_ window: ModelWindow) {
    guard let known = link else {
      link = .init(LinkSender(from: 0, to: 1, layout: MortalEnd.layout, window))
      return
    }
    if window.loadAcquire(MortalEnd.rest) != 0 {
      isDone = true
      return
    }
    var sender = known.link(as: LinkSender.self)
    // The halves of a value that was not torn belong together.
    let value = (life << 8 | next) &* 0x1_0000_0001
    switch sender.mailbox.send(value, type: 1, window) {
    case .sent: next = min(next + 1, MortalEnd.goal - 1)
    case .broken: sender.reset(window)
    case .again, .tooLong: sender.service(window)
    }
    sender.counters = LinkCounters()
    link = .init(sender)
  }
}

extension MortalEnd.Receiver {
  fileprivate mutating func work(_ window: ModelWindow) {
    guard let known = link else {
      var made = LinkReceiver(from: 0, to: 1, layout: MortalEnd.layout, window)
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
      guard let message = try receiver.mailbox.receive(window) else { return receiver.service(window) }
      take(message.value, window)
    } catch {
      // Even a peer that restarts at the worst moment is not blamed.
      problem = "a fault: \(error)"
    }
  }

  private mutating func take(_ value: UInt64, _ window: ModelWindow) {
    let number = value & 0xFFFF_FFFF
    guard value == number &* 0x1_0000_0001 else {
      problem = "a torn message"
      return
    }
    if number < last { problem = "a message of an earlier life or number" }
    if number == last, number & 0xFF != MortalEnd.goal - 1 { problem = "a message twice" }
    if number >> 8 == last >> 8, number & 0xFF > last & 0xFF + 1 { problem = "a message was left out" }
    last = number
    if number & 0xFF == MortalEnd.goal - 1 {
      window.storeRelease(1, at: MortalEnd.rest)
      isDone = true
    }
  }
}

@Test(arguments: [(1, 0), (0, 1)])
func aRestartAtAnyStepTearsDoublesAndHangsNothing(senderCrashes: Int, receiverCrashes: Int) {
  let result = explore(
    [
      MortalEnd.sender(.init(crashesLeft: senderCrashes)),
      .receiver(.init(crashesLeft: receiverCrashes)),
    ], words: 513,
    invariant: { ends in
      for case .receiver(let state) in ends { if let problem = state.problem { return problem } }
      return nil
    })
  print("mailbox, \(senderCrashes) restarts of the sender, \(receiverCrashes) of the receiver: \(result)")
  #expect(result.violation == nil && !result.isCut && result.states > 100)
}
