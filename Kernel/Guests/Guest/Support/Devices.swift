/// The devices that the host gives: how a guest finds one, and hands it buffers.

import CGuest
import CMachine
import GuestInterface

/// A device by its descriptor in the page above RAM; Docs/hypervisor.md shows the page, Docs/writing-a-guest.md the way.
public struct Device {
  /// What a device is, by virtio's numbers.
  public enum Kind: UInt8 {
    case network = 1
    case block = 2
    case console = 3
    case entropy = 4
    case balloon = 5
  }

  /// Where the descriptor lies, physical.
  public let address: UInt32

  /// The n-th device of a kind, or `nil`; the list ends at a type of 0.
  public init?(_ kind: Kind, number: UInt32 = 0) {
    var place = Pages.ram
    var left = number
    while place < Pages.ram + Pages.size - 5 {
      let type = Self.byte(place)
      if type == 0 { return nil }
      if type == kind.rawValue {
        if left == 0 {
          address = place
          return
        }
        left -= 1
      }
      place +=
        5 + UInt32(Self.byte(place + 1)) * 8 + UInt32(Self.byte(place + 2)) * 2 + UInt32(Self.byte(place + 3))
    }
    return nil
  }

  private static func byte(_ physical: UInt32) -> UInt8 { cpu_load8(UInt(physical &+ Pages.offset)) }

  /// Where the configuration begins, physical.
  public var configuration: UInt32 {
    address + 5 + UInt32(Self.byte(address + 1)) * 8 + UInt32(Self.byte(address + 2)) * 2
  }

  /// Takes the device into use: forgets what was, takes no features, starts.
  public func start() {
    setStatus(0)
    // Seen, has a driver: what was taken of the features counts from here on.
    setStatus(3)
    cpu_store8(UInt(address + 4 + Pages.offset), 7)
  }

  private func setStatus(_ status: UInt8) {
    cpu_store8(UInt(address + 4 + Pages.offset), status)
    Host.call(.notify, address)
  }

  /// A ring of the device.
  public func queue(_ number: UInt32) -> Queue {
    let place = address + 5 + number * 8
    let first = Pages.read(place)
    return Queue(address: Pages.read(place + 4) << 12, size: first & 0xFFFF, line: first >> 16)
  }
}

/// A ring, one request at a time.
///
/// Descriptors from 0 on are one request's, so nothing is to be kept track of but the counts in the ring itself.
public struct Queue {
  /// Where it lies, physical.
  public let address: UInt32
  /// Its entries.
  public let size: UInt32
  /// The interrupt by which the device tells of used buffers.
  public let line: UInt32

  private var available: UInt32 { address + 16 * size }
  private var used: UInt32 { address + 4_096 }

  /// How many requests the device has dealt with.
  public var usedCount: UInt32 { Pages.read(used) >> 16 }

  /// Says that no interrupt is wanted for used buffers.
  public func silence() { Pages.write(available, Pages.read(available) | 1) }

  /// Describes a buffer of the next request.
  ///
  /// - Parameters:
  ///   - index: its place in the request, from 0 on.
  ///   - isLast: whether no other follows.
  public func setBuffer(
    _ index: UInt32, at physical: UInt32, byteCount: UInt32, isWritten: Bool, isLast: Bool
  ) {
    let place = address + index * 16
    Pages.write(place, physical)
    Pages.write(place + 4, 0)
    Pages.write(place + 8, byteCount)
    Pages.write(place + 12, (isLast ? 0 : 1) | (isWritten ? 2 : 0) | (index + 1) << 16)
  }

  /// Hands the request over and tells the device.
  public func post() {
    offer(0)
    Host.call(.notify, address)
  }

  /// Hands over the request that begins with a descriptor; the device is not told yet.
  public func offer(_ descriptor: UInt32) {
    let head = Pages.read(available)
    let count = head >> 16
    // Two entries share a word.
    let place = available + 4 + (count % size & ~1) * 2
    let shift = count & 1 * 16
    Pages.write(place, Pages.read(place) & ~(0xFFFF << shift) | descriptor << shift)
    // Last: from here on the device may look.
    Pages.write(available, head & 0xFFFF | (count &+ 1) << 16)
  }

  /// Hands the request over and waits until it is used; returns the bytes that the device has written.
  public func perform() -> UInt32 {
    let before = usedCount
    post()
    while usedCount == before { Clock.halt() }
    return Pages.read(used + 4 + before % size * 8 + 4)
  }
}

/// A disk.
public struct Disk {
  private let queue: Queue
  private let device: Device
  /// A page for the header, behind it the status, and one for the data; physical.
  private let page: UInt32
  /// Where the data of a sector lies, physical.
  public let data: UInt32

  /// Takes the n-th disk into use; `nil` if there is none.
  public init?(number: UInt32 = 0) {
    guard let device = Device(.block, number: number) else { return nil }
    self.device = device
    device.start()
    queue = device.queue(0)
    page = Pages.take()
    data = Pages.take()
  }

  /// Sectors of 512 bytes.
  public var sectorCount: UInt32 {
    // Packed: the word may lie anywhere.
    var count: UInt32 = 0
    for index in 0..<UInt32(4) {
      count |= UInt32(cpu_load8(UInt(device.configuration + index + Pages.offset))) << (index * 8)
    }
    return count
  }

  /// The interrupt of the disk.
  public var line: UInt32 { queue.line }

  /// Brings a sector into `data`; returns the status, 0 if it is there.
  public func read(_ sector: UInt32) -> UInt8 { request(0, sector, isWritten: true) }
  /// Writes `data` to a sector.
  public func write(_ sector: UInt32) -> UInt8 { request(1, sector, isWritten: false) }
  /// Waits until all that was written is on the disk.
  public func flush() -> UInt8 { request(4, 0, isWritten: nil) }

  private func request(_ kind: UInt32, _ sector: UInt32, isWritten: Bool?) -> UInt8 {
    Pages.write(page, kind)
    Pages.write(page + 4, 0)
    Pages.write(page + 8, sector)
    Pages.write(page + 12, 0)
    Pages.write(page + 16, 0xFF)
    queue.setBuffer(0, at: page, byteCount: 16, isWritten: false, isLast: false)
    if let isWritten {
      queue.setBuffer(1, at: data, byteCount: 512, isWritten: isWritten, isLast: false)
    }
    queue.setBuffer(isWritten == nil ? 1 : 2, at: page + 16, byteCount: 1, isWritten: true, isLast: true)
    _ = queue.perform()
    return UInt8(truncatingIfNeeded: Pages.read(page + 16))
  }
}
