/// One row of a benchmark: a name, a unit and its samples.
public struct Measurement: Sendable {
  /// What a sample counts.
  public enum Unit: String, Codable, Sendable {
    /// Guest instructions, counted by QEMU.
    case instructions
    /// Ticks of the host's time stamp counter: good for ratios within one run only.
    case ticks
  }

  /// A stable path such as `boot/first-line`.
  public var name: String
  /// The guest's architecture.
  public var architecture: String
  /// What the samples count.
  public var unit: Unit
  /// The samples in the order in which they were taken.
  public var samples: [UInt64]

  /// Makes a row.
  public init(name: String, architecture: String, unit: Unit, samples: [UInt64]) {
    self.name = name
    self.architecture = architecture
    self.unit = unit
    self.samples = samples
  }
}
