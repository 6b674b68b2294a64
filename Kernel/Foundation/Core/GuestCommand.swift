/// What the kernel's console can do with guests: `guests`, `guests pause 1`, `guests share 2 50`.
///
/// A program writes the same to `/proc/guests`, without the first word.

/// A command for guests.
public struct GuestCommand: Hashable, Sendable {
  /// What is to be done.
  public enum Verb: UInt8, BitwiseCopyable, Hashable, Sendable, CaseIterable {
    /// Show all.
    case list
    /// Show one, with counts.
    case show
    /// Let one that has ended begin anew.
    case start
    /// Let one wait.
    case pause
    /// Let one that waits go on.
    case resume
    /// End one in order.
    case stop
    /// End one as if it had made a mistake.
    case kill
    /// End one and let it begin anew.
    case restart
    /// Make one more or less urgent.
    case level
    /// Limit its share of the processor.
    case share
    /// Give it what is typed.
    case console

    /// The word that is typed.
    public var name: StaticString {
      switch self {
      case .list: "list"
      case .show: "show"
      case .start: "start"
      case .pause: "pause"
      case .resume: "resume"
      case .stop: "stop"
      case .kill: "kill"
      case .restart: "restart"
      case .level: "level"
      case .share: "share"
      case .console: "console"
      }
    }

    /// How many numbers follow it: the guest's, and a value.
    var numberCount: Int {
      switch self {
      case .list: 0
      case .level, .share: 2
      default: 1
      }
    }
  }

  /// What is to be done.
  public var verb: Verb
  /// The guest's number, from 1; 0 for a list.
  public var guest: UInt32
  /// A level or a share.
  public var value: UInt32

  /// A command of its parts.
  public init(_ verb: Verb, guest: UInt32 = 0, value: UInt32 = 0) {
    self.verb = verb
    self.guest = guest
    self.value = value
  }

  /// The most bytes that a program may write as a command.
  public static var longestText: Int { 64 }

  /// Reads what a program has written, with or without the end of a line; `nil` if it is no command.
  ///
  /// What only shows something is none: that is what reading is for.
  public init?(written text: Span<UInt8>) {
    guard text.count <= Self.longestText else { return nil }
    var end = text.count
    if end > 0, text[end - 1] == UInt8(ascii: "\n") { end -= 1 }
    guard let command = GuestCommand(text, from: 0, to: end), command.verb != .list, command.verb != .show
    else { return nil }
    self = command
  }

  /// Reads what stands behind the word `guests`; `nil` if it is no command.
  public init?(_ line: Span<UInt8>, from start: Int, to end: Int) {
    var words: InlineArray<3, Range<Int>> = .init(repeating: end..<end)
    var count = 0
    var position = start
    while true {
      while position < end, line[position] == UInt8(ascii: " ") { position += 1 }
      guard position < end else { break }
      let first = position
      while position < end, line[position] != UInt8(ascii: " ") { position += 1 }
      guard count < 3 else { return nil }
      words[count] = first..<position
      count += 1
    }
    guard count > 0 else {
      self.init(.list)
      return
    }
    for verb in Verb.allCases where MonitorLine.matches(line, words[0], verb.name) {
      guard count == verb.numberCount + 1 else { return nil }
      self.init(verb)
      if count > 1 {
        guard let guest = MonitorLine.number(line, words[1]) else { return nil }
        self.guest = guest
      }
      if count > 2 {
        guard let value = MonitorLine.number(line, words[2]) else { return nil }
        self.value = value
      }
      return
    }
    return nil
  }
}
