/// Which devices a guest can have.

/// A device, by the number that virtio gives it (virtio 1.0, section 5; lguest uses the same).
public enum DeviceKind: UInt8, BitwiseCopyable, Hashable, Sendable, CaseIterable {
  /// A network card.
  case network = 1
  /// A disk.
  case block = 2
  /// A terminal.
  case console = 3
  /// Random bytes.
  case entropy = 4
  /// Pages that the guest gives up.
  case balloon = 5

  /// How many queues it has.
  public var queueCount: Int {
    switch self {
    case .network, .console, .balloon: 2
    case .block, .entropy: 1
    }
  }

  /// Bytes of its configuration.
  public var configurationSize: UInt32 {
    switch self {
    case .network: 6  // the address
    case .block: 16  // sectors, largest segment, most segments
    case .balloon: 8  // pages wanted, pages given
    case .console, .entropy: 0
    }
  }

  /// What it offers, by bits.
  public var features: UInt32 {
    switch self {
    case .network: 1 << 5  // it knows its address
    case .block: 1 << 2 | 1 << 9  // most segments; flush
    case .balloon: 1 << 0  // a page is asked for before it is used again
    case .console, .entropy: 0
    }
  }

  /// Its name in a word.
  public var name: StaticString {
    switch self {
    case .network: "net"
    case .block: "block"
    case .console: "console"
    case .entropy: "rng"
    case .balloon: "balloon"
    }
  }
}
