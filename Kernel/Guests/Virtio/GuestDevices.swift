/// The devices of one guest.

import GuestInterface

/// What came of serving a guest's devices.
public struct DeviceOutcome: BitwiseCopyable, Hashable, Sendable {
  /// A bit for each interrupt line that is to be raised.
  public var lines: UInt32 = 0
  /// What the guest did wrong, which ends it.
  public var mistake: GuestMistake?
  /// Pages are behind other frames now: what shadows show must be forgotten.
  public var hasMovedPages = false
  /// Requests are left that `pump` is to serve: others shall have the processor in between.
  public var hasMore = false
}

/// The devices of a guest: which it has, and how far each has come.
///
/// The guest tells of changes by NOTIFY; the host calls `pump` when something has come from outside. One call serves at
/// most as many requests as a ring has entries, and none after `mostBytesAtOnce` have been moved; `pump` goes on with the rest.
public struct GuestDevices: ~Copyable {
  /// The most devices of a guest: the page, the rings and fifteen interrupt lines have room for them.
  public static var capacity: Int { 8 }
  /// Interrupt lines that a guest of one processor has for devices: 1 to 15.
  private static var lastLine: UInt32 { 15 }

  /// Bytes after which one call serves no further request; with the last one it is `BufferChain.mostBytes` more at most.
  public static var mostBytesAtOnce: UInt32 { 256 << 10 }

  /// How many there are.
  public private(set) var count = 0
  var slots: InlineArray<8, DeviceSlot?> = .init(repeating: nil)
  /// Sectors of each disk, by the number of its slot.
  var sectors: InlineArray<8, UInt32> = .init(repeating: 0)
  /// What is being served; here because it is too large for a thread's stack.
  var chain = BufferChain()
  /// The number that the host's disks begin to count at, by slot.
  var disks: InlineArray<8, Int> = .init(repeating: 0)
  private var diskCount = 0
  /// Pages that the guest has given up.
  public internal(set) var balloonPages: UInt32 = 0
  /// Bytes that may still be moved before the rest has to wait.
  private var bytesLeft: UInt32 = 0
  private var nextLine: UInt32 = 1
  private var nextRing: UInt32
  private let start: UInt32

  /// No devices; the guest's page of them is all zeros.
  public init<Memory: GuestMemory & ~Copyable>(in memory: borrowing Memory) {
    start = memory.ramSize
    nextRing = memory.ramSize + 4096
  }

  /// A device by its number.
  public func slot(_ index: Int) -> DeviceSlot? { index < count ? slots[index] : nil }

  // MARK: - Making

  /// Gives the guest a device; says whether there was room for it.
  @discardableResult
  public mutating func add<Memory: GuestMemory & ~Copyable>(
    _ kind: DeviceKind, configuration: UInt64 = 0, in memory: inout Memory
  ) -> Bool {
    let queueCount = UInt32(kind.queueCount)
    guard count < Self.capacity, nextLine + queueCount - 1 <= Self.lastLine,
      nextRing + queueCount * VirtQueue.pageCount * 4096 <= memory.size
    else { return false }
    let address = count == 0 ? start : slots[count - 1]?.end ?? start
    var queues: InlineArray<2, VirtQueue> = .init(repeating: VirtQueue(address: nextRing, line: nextLine))
    for index in 0..<kind.queueCount {
      queues[index] = VirtQueue(address: nextRing, line: nextLine)
      nextRing += VirtQueue.pageCount * 4096
      nextLine += 1
    }
    let slot = DeviceSlot(kind: kind, address: address, queues: queues)
    slots[count] = slot
    slot.write(in: &memory)
    configure(slot, configuration, in: &memory)
    count += 1
    return true
  }

  private mutating func configure<Memory: GuestMemory & ~Copyable>(
    _ slot: DeviceSlot, _ value: UInt64, in memory: inout Memory
  ) {
    let place = slot.configuration
    let low = UInt32(truncatingIfNeeded: value)
    switch slot.kind {
    case .network:
      for index: UInt32 in 0..<6 {
        memory.store8(UInt8(truncatingIfNeeded: value >> UInt64(index * 8)), place + index)
      }
    case .block:
      memory.store32(low, place)
      memory.store32(0, place + 4)
      memory.store32(VirtQueue.size - 2, place + 12)
      sectors[count] = low
      disks[count] = diskCount
      diskCount += 1
    case .balloon: memory.store32(low, place)
    case .console, .entropy: break
    }
  }

  // MARK: - Serving

  /// What the guest means by naming an address.
  public func notice(_ address: UInt32) -> DeviceNotice {
    guard address >= start else { return .text }
    for index in 0..<count {
      guard let slot = slots[index] else { continue }
      if slot.address == address { return .status(index) }
      for queue in 0..<slot.kind.queueCount where slot.queues[queue].address == address {
        return .queue(index, queue)
      }
    }
    return .text
  }

  /// Looks at a device's status, which the guest has changed.
  public mutating func changeStatus<Memory: GuestMemory & ~Copyable>(
    of index: Int, in memory: inout Memory
  ) {
    guard let status = slots[index].map({ memory.load8($0.statusAddress) }) else { return }
    if status == 0 {
      slots[index]?.reset(in: &memory)
    } else {
      // Bit 7: the guest's driver has given up.
      slots[index]?.isRunning = status & 0x80 == 0
    }
  }

  /// Serves a queue.
  public mutating func serve<Memory: GuestMemory & ~Copyable, Host: DeviceHost & ~Copyable>(
    _ index: Int, _ queue: Int, in memory: inout Memory, for host: inout Host
  ) -> DeviceOutcome {
    var outcome = DeviceOutcome()
    guard let slot = slots[index] else { return outcome }
    bytesLeft = Self.mostBytesAtOnce
    do throws(GuestMistake) {
      let hasUsed: Bool
      switch slot.kind {
      case .console:
        hasUsed =
          queue == 0
          ? try receiveInput(index, in: &memory, for: &host) : try showOutput(index, in: &memory, for: &host)
      case .block: hasUsed = try serveDisk(index, in: &memory, for: &host)
      case .entropy: hasUsed = try giveEntropy(index, in: &memory, for: &host)
      case .network:
        hasUsed =
          queue == 0
          ? try receiveFrames(index, in: &memory, for: &host) : try sendFrames(index, in: &memory, for: &host)
      case .balloon: hasUsed = try movePages(index, isInflating: queue == 0, in: &memory, &outcome)
      }
      if hasUsed, let used = slots[index]?.queues[queue], used.wantsInterrupt(in: memory) {
        outcome.lines |= 1 << used.line
      }
      // What waits in a ring for input waits for the host.
      let isForInput = queue == 0 && (slot.kind == .console || slot.kind == .network)
      outcome.hasMore = bytesLeft == 0 && !isForInput && hasWork(index, queue, in: memory)
      if outcome.hasMore {
        slots[index]?.waiting |= 1 << UInt8(queue)
      } else {
        slots[index]?.waiting &= ~(1 << UInt8(queue))
      }
    } catch {
      outcome.mistake = error
    }
    return outcome
  }

  /// Hands the guest what has come for it, typed bytes and frames, and goes on with what is left of its requests.
  public mutating func pump<Memory: GuestMemory & ~Copyable, Host: DeviceHost & ~Copyable>(
    in memory: inout Memory, for host: inout Host
  ) -> DeviceOutcome {
    var outcome = DeviceOutcome()
    for index in 0..<count {
      guard let slot = slots[index] else { continue }
      let hasInput = slot.isRunning && (slot.kind == .console || slot.kind == .network)
      for queue in 0..<slot.kind.queueCount
      where slot.waiting >> UInt8(queue) & 1 == 1 || queue == 0 && hasInput {
        let part = serve(index, queue, in: &memory, for: &host)
        outcome.lines |= part.lines
        if part.hasMore { outcome.hasMore = true }
        if part.hasMovedPages { outcome.hasMovedPages = true }
        if part.mistake != nil { return part }
      }
    }
    return outcome
  }

  /// Whether another request may be served now.
  var canTake: Bool { bytesLeft > 0 }

  /// Counts work of a request beyond its bytes.
  mutating func countBytes(_ count: UInt32) { bytesLeft -= min(bytesLeft, count) }

  /// Takes the next buffers of a queue into `chain`, and counts.
  mutating func take<Memory: GuestMemory & ~Copyable>(
    _ index: Int, _ queue: Int, in memory: borrowing Memory
  ) throws(GuestMistake) -> Bool {
    guard bytesLeft > 0, var ring = slots[index]?.queues[queue] else { return false }
    let isThere = try ring.take(&chain, in: memory)
    slots[index]?.queues[queue] = ring
    if isThere {
      slots[index]?.requestCount += 1
      bytesLeft -= min(bytesLeft, chain.readableCount + chain.writableCount)
    }
    return isThere
  }

  /// Gives what was taken back.
  mutating func give<Memory: GuestMemory & ~Copyable>(
    _ index: Int, _ queue: Int, byteCount: UInt32, in memory: inout Memory
  ) {
    guard var ring = slots[index]?.queues[queue] else { return }
    ring.give(chain, byteCount: byteCount, in: &memory)
    slots[index]?.queues[queue] = ring
    slots[index]?.bytesIn += UInt64(byteCount)
    slots[index]?.bytesOut += UInt64(chain.readableCount)
  }

  /// Whether a queue has buffers that were not taken yet.
  func hasWork<Memory: GuestMemory & ~Copyable>(
    _ index: Int, _ queue: Int, in memory: borrowing Memory
  ) -> Bool {
    slots[index]?.queues[queue].hasWork(in: memory) ?? false
  }
}
