/// Which system calls are forwarded to the general-purpose system.
public enum Policy: Sendable, Equatable {
  /// Those invoked least often; the paper's best case.
  case leastFrequent
  /// Those invoked most often; the paper's worst case.
  case mostFrequent
  /// A random choice, reproducible by its seed.
  case random(seed: UInt64)
  /// Exactly these, whatever the share.
  case list([String])
  /// Every call, whatever the share.
  case everything
  /// Those that cost least when forwarded.
  ///
  /// As t_d is a sum over calls, no other choice of as many calls is faster.
  case best

  /// The names a user can write; `file:` is for who can read files, for it means a list.
  public static let names = [
    "least", "most", "random", "best", "all", "none", "list:NAME,NAME,...", "file:FILE",
  ]

  /// The policy a user wrote, or an error that names the allowed ones.
  public init(parsing text: String, seed: UInt64 = 1) throws(InputError) {
    switch text {
    case "least": self = .leastFrequent
    case "most": self = .mostFrequent
    case "random": self = .random(seed: seed)
    case "best": self = .best
    case "none": self = .list([])
    case "all": self = .everything
    default:
      guard text.hasPrefix("list:") else {
        throw InputError(
          "--policy", found: InputError.quoted(text), allowed: Self.names.joined(separator: ", "))
      }
      self = .list(text.dropFirst(5).split(separator: ",").map(String.init))
    }
  }

  /// How many of `count` distinct calls a share makes: rounded up, so a share above 0 forwards at least
  /// one.
  public static func number(share: Double, of count: Int) -> Int {
    // 0.2 * 5 is a little more than 1 in binary; it must not round up to 2.
    min(count, max(0, Int((share * Double(count) - 1e-9).rounded(.up))))
  }

  /// Marks for the calls of the model's profile: true is forwarded.
  ///
  /// Ties are broken by name.
  ///
  /// A list may name calls the program never makes, as policy files for several programs do.
  public func marks(for model: RefinedModel, share: Double) -> [Bool] {
    let calls = model.profile.calls
    var order = Array(calls.indices)
    switch self {
    case .leastFrequent: order.sort { (calls[$0].count, $0) < (calls[$1].count, $1) }
    case .mostFrequent: order.sort { (-calls[$0].count, $0) < (-calls[$1].count, $1) }
    case .random(let seed):
      var generator = SeededGenerator(seed: seed)
      order.shuffle(using: &generator)
    case .best:
      let costs = calls.map(model.setup.costOfForwarding)
      order.sort { (costs[$0], $0) < (costs[$1], $1) }
    case .everything: return calls.map { _ in true }
    case .list(let names):
      let wanted = Set(names)
      return calls.map { wanted.contains($0.name) }
    }
    var marks = Array(repeating: false, count: calls.count)
    for index in order.prefix(Self.number(share: share, of: calls.count)) { marks[index] = true }
    return marks
  }
}
