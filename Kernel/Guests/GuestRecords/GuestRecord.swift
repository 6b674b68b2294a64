/// What the host keeps of each guest that the boot loader brought, whether it runs or not.
///
/// This module is what the guests' own threads, the kernel's console and other guests share: records, the table of them,
/// their alarms, disks and network cards. It protects them from one another: each field has one writer, or is changed with
/// interrupts off. The guest itself, and its thread, belong to `GuestHost`.

import Arch
import Base
import CMachine
import GuestImage
import GuestInterface
import GuestPages
import Randomness
import Runtime
import Scheduling
import Sync
import Virtio

/// Where a guest is in its life.
package enum GuestState: UInt8, BitwiseCopyable {
  /// Its thread makes it.
  case starting
  /// It runs, or waits for an interrupt.
  case running
  /// It was told to wait.
  case paused
  /// It is no more; its boot modules are still there.
  case ended

  /// The state in a word.
  package var name: StaticString {
    switch self {
    case .starting: "starting"
    case .running: "running"
    case .paused: "paused"
    case .ended: "ended"
    }
  }
}

/// How a guest is to end at the host's will.
package enum GuestRequest: UInt8, BitwiseCopyable {
  case none
  case stop
  case kill
  case restart
}

/// A guest as the kernel's console, its own thread and the other guests' threads see it.
///
/// Changed by several threads, each field by one or with interrupts off: a byte typed, a frame delivered, a request.
@safe package struct GuestRecord: ~Copyable {
  /// Its number, from 1.
  package let number: UInt32
  /// The boot module with its kernel.
  package let module: Int
  /// What that module's text says.
  package let description: GuestDescription
  /// How urgent it is now.
  package var level: UInt32
  /// The percentage of the processor that it gets now.
  package var share: UInt32
  package var state = GuestState.starting
  package var request = GuestRequest.none
  /// Whether it is to wait.
  package var isPaused = false
  /// Its thread, while it has one.
  package var thread: ThreadReference?
  /// Its alarm, while it runs.
  package var alarm: GuestAlarm?
  /// Where the guest itself lies, while it lives, else 0; `GuestHost` knows what is there.
  package var hosted: UInt = 0
  /// How often it has begun.
  package var startCount: UInt32 = 0
  /// Whether its last end was a mistake of its own, or none of it could be made.
  package var hasFailed = false

  /// Allocations of this start.
  package let allocations = StartAllocations()

  /// What its starts came to.
  package var series = GuestSeries()

  /// Bytes that were typed for it.
  package var input = ByteQueue()
  /// What it has said and was not shown yet.
  package var output: InlineArray<256, UInt8> = .init(repeating: 0)
  var outputCount = 0
  /// The last byte that it showed.
  var lastShown: UInt8 = 0

  /// Frames that wait for it, and the one that it is sending.
  package var card: NetworkCard
  /// Its disks.
  package var disks: InlineArray<4, DiskRange> = .init(repeating: DiskRange())
  package var diskCount = 0
  /// Its random numbers: others' threads must not draw from the same.
  var random = RandomWords()

  /// A unit when there is something to look at.
  let attention: Semaphore

  package init(number: UInt32, module: Int, description: GuestDescription) {
    self.number = number
    self.module = module
    self.description = description
    level = description.level
    share = description.share
    attention = HeapSemaphore.make(limit: 1)
    card = NetworkCard()
    random.mix(cpu_rdtsc() ^ UInt64(number) << 56)
  }
}

/// A run of bytes that is a guest's disk.
package struct DiskRange: BitwiseCopyable {
  /// Where it begins, in the direct map.
  package var start: UInt = 0
  /// Its size in sectors.
  package var sectorCount: UInt32 = 0
}

/// Semaphores on the heap, for ever.
enum HeapSemaphore {
  package static func make(limit: UInt32) -> Semaphore {
    let address = KernelHeap.allocate(MemoryLayout<Semaphore.Record>.size)
    // SAFETY: the heap has just given the memory, and nobody gives it back.
    guard let place = unsafe UnsafeMutablePointer<Semaphore.Record>(bitPattern: address.rawValue),
      let made = try? unsafe Semaphore(at: place, count: 0, limit: limit)
    else { preconditionFailure("0 units of at least 1 are allowed") }
    return made
  }
}

/// Bytes between two threads, 4 KiB at most; what does not fit is lost.
package struct ByteQueue: BitwiseCopyable {
  private static var capacity: UInt32 { 4_096 }
  private let memory = KernelHeap.allocate(4_096).rawValue
  private var head: UInt32 = 0
  private var tail: UInt32 = 0

  package mutating func append(_ byte: UInt8) {
    guard tail &- head < Self.capacity else { return }
    cpu_store8(memory + UInt(tail % Self.capacity), byte)
    tail &+= 1
  }

  mutating func removeFirst() -> UInt8? {
    guard head != tail else { return nil }
    defer { head &+= 1 }
    return cpu_load8(memory + UInt(head % Self.capacity))
  }
}

/// A guest's record, by its place on the heap, where it stays.
@safe package struct GuestReference: BitwiseCopyable {
  private let place: UnsafeMutablePointer<GuestRecord>

  package var fields: GuestRecord {
    @inline(__always) unsafeAddress { unsafe UnsafePointer(place) }
    @inline(__always) nonmutating unsafeMutableAddress { unsafe place }
  }

  /// Makes the record of a guest.
  package init(number: UInt32, module: Int, description: GuestDescription) {
    let address = KernelHeap.allocate(MemoryLayout<GuestRecord>.size, alignment: 64)
    guard let place = unsafe UnsafeMutablePointer<GuestRecord>(bitPattern: address.rawValue) else {
      preconditionFailure("the heap gave address 0")
    }
    // SAFETY: the heap has just given the memory, and nobody gives it back.
    unsafe place.initialize(to: GuestRecord(number: number, module: module, description: description))
    unsafe self.place = place
  }

  /// The record at an address that `address` was.
  package init?(at address: UInt) {
    guard let place = unsafe UnsafeMutablePointer<GuestRecord>(bitPattern: address) else { return nil }
    unsafe self.place = place
  }

  /// Counts an allocation for the guest; says whether it is to be refused, as if nothing were left.
  @inline(__always)
  package func refuses() -> Bool {
    fields.allocations.refuses()
  }

  package var address: UInt { unsafe UInt(bitPattern: place) }

  /// Pages of the windows of all guests with a lower number.
  package var windowPagesBefore: UInt32 {
    var sum: UInt32 = 0
    for number in 1..<fields.number {
      if let guest = GuestTableReference()?.guest(number) {
        sum += GuestFrames.windowPages(megabytes: guest.fields.description.megabytes)
      }
    }
    return sum
  }

  /// Lets the guest's thread look at its record, its devices and its interrupts, wherever the guest is.
  package func poke() {
    cpu_cli()
    fields.alarm?.fields.isDue = true
    cpu_sti()
    // One unit is enough.
    _ = try? fields.attention.signal()
  }

  /// Waits until somebody pokes, or until a tick.
  package func wait(until tick: UInt64) {
    let semaphore = fields.attention
    // The number of nanoseconds only says that there is a limit.
    _ = try? ThreadSystem.wait(tick == .max ? nil : 1) { scheduler, _ throws(SyncError) in
      try semaphore.wait(in: &scheduler, until: tick)
    }
  }
}
