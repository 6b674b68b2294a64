/// The page by which a guest finds its devices.
///
/// It lies directly above the guest's RAM, the rings behind it. A device's descriptor is packed, and the next follows at
/// once; a type of 0 ends the list:
///
///     0  type 1, queues 1, bytes of features 1, bytes of configuration 1, status 1
///     5  for each queue: entries 2, interrupt 2, page of the ring 4
///     .. features that the host offers, as many that the guest takes, configuration

import GuestInterface

/// A device of a guest, as it stands in the page.
public struct DeviceSlot: BitwiseCopyable, Sendable {
  /// What it is.
  public let kind: DeviceKind
  /// Where its descriptor lies, guest-physical.
  public let address: UInt32
  /// Its rings.
  var queues: InlineArray<2, VirtQueue>
  /// Whether the guest has taken it into use.
  public internal(set) var isRunning = false
  /// A bit for each ring with requests that are left for later.
  var waiting: UInt8 = 0
  /// Requests that were served.
  public internal(set) var requestCount: UInt64 = 0
  /// Bytes that went from the guest to the device.
  public internal(set) var bytesOut: UInt64 = 0
  /// Bytes that went from the device to the guest.
  public internal(set) var bytesIn: UInt64 = 0

  /// Where the status is.
  var statusAddress: UInt32 { address + 4 }
  /// Bytes of features in each direction.
  static var featureBytes: UInt32 { 4 }
  /// Where the features are that the guest takes.
  var takenFeatures: UInt32 { address + 5 + UInt32(kind.queueCount) * 8 + Self.featureBytes }
  /// Where the configuration is.
  var configuration: UInt32 { takenFeatures + Self.featureBytes }
  /// The address behind the descriptor.
  var end: UInt32 { configuration + kind.configurationSize }

  /// Writes the descriptor into memory that is all zeros.
  func write<Memory: GuestMemory & ~Copyable>(in memory: inout Memory) {
    memory.store8(kind.rawValue, address)
    memory.store8(UInt8(kind.queueCount), address + 1)
    memory.store8(UInt8(Self.featureBytes), address + 2)
    memory.store8(UInt8(kind.configurationSize), address + 3)
    for index in 0..<kind.queueCount {
      let place = address + 5 + UInt32(index) * 8
      memory.store32(VirtQueue.size | queues[index].line << 16, place)
      memory.store32(queues[index].address >> 12, place + 4)
    }
    memory.store32(kind.features, takenFeatures - Self.featureBytes)
  }

  /// The rings as they were when the guest began, and the features that it took forgotten.
  mutating func reset<Memory: GuestMemory & ~Copyable>(in memory: inout Memory) {
    isRunning = false
    waiting = 0
    memory.store32(0, takenFeatures)
    for index in 0..<kind.queueCount { queues[index].reset(in: &memory) }
  }
}

/// What a guest means by a NOTIFY.
public enum DeviceNotice: BitwiseCopyable, Hashable, Sendable {
  /// The status of a device has changed.
  case status(Int)
  /// A queue of a device has buffers.
  case queue(Int, Int)
  /// A text is to be shown: the guest's first console.
  case text
}
