/// Guests that are started again and again.

import Arch
import Base
import CMachine
import FrameAllocator
import GuestImage
import GuestInterface
import Hypervisor
import Log
import Runtime
import Scheduling
import ShadowPaging

/// One start of a guest.
struct GuestStart {
  /// What the boot module says.
  var description: GuestDescription
  /// How many came before in its series.
  var number: UInt32
}

/// What a series of guests did.
struct GuestCounts {
  /// Calls, and those of them that came through the ring.
  var calls: UInt64 = 0
  var ringCalls: UInt64 = 0
  /// Page faults that showed a page, and traps that were the guest's own.
  var fills: UInt64 = 0
  var reflections: UInt64 = 0
  /// Times that the shadow tables were looked through.
  var audits: UInt64 = 0

  /// Adds what a guest did.
  mutating func add(_ hosted: inout HostedGuest) {
    for number in 0..<32 { calls += hosted.guest.storage.statistics.calls[number] }
    ringCalls += hosted.guest.storage.statistics.ringCalls
    reflections += hosted.guest.storage.statistics.reflectedTraps
    fills += hosted.guest.shadow.statistics.fills
    audits += hosted.audits
  }
}

/// The guests of a run, as far as they must know of one another.
@safe struct GuestCrowd: BitwiseCopyable {
  private let place: UnsafeMutablePointer<UInt32>

  /// Nobody yet; `nil` if the heap is full.
  init?() {
    guard
      let address = Processor.withoutInterrupts({ KernelHeap.tryAllocate(64, alignment: 64) }),
      let place = unsafe UnsafeMutablePointer<UInt32>(bitPattern: address.rawValue)
    else { return nil }
    // SAFETY: the heap has just given the memory.
    unsafe place.initialize(to: 0)
    unsafe self.place = place
  }

  fileprivate init(at place: UnsafeMutablePointer<UInt32>) { unsafe self.place = place }

  /// Gives the memory back; nobody may be left.
  func release() { KernelHeap.free(unsafe VirtualAddress(UInt(bitPattern: place))) }

  /// Guests that are not in the background and have not ended.
  var running: UInt32 {
    @inline(__always) unsafeAddress { unsafe UnsafePointer(place) }
    @inline(__always) nonmutating unsafeMutableAddress { unsafe place }
  }

  /// A thread's argument: the crowd's place, whose lowest bits are free, and the module's number.
  func argument(module index: Int) -> UInt { unsafe UInt(bitPattern: place) | UInt(index & 63) }

  /// One of the crowd.
  struct Member {
    let crowd: GuestCrowd
    let module: Int

    init(argument: UInt) {
      guard let place = unsafe UnsafeMutablePointer<UInt32>(bitPattern: argument & ~63) else {
        preconditionFailure("a guest's thread has no crowd")
      }
      crowd = unsafe GuestCrowd(at: place)
      module = Int(argument & 63)
    }
  }
}

/// The life of a module's guest: one start, or a series.
enum GuestSeries {
  /// Runs it; returns whether all went as a guest may wish: started, and ended by itself.
  static func run(_ member: GuestCrowd.Member) -> Bool {
    let description: GuestDescription?
    do { description = try BootModules.description(at: member.module) } catch {
      log(.error, "guest", "\(error.reason.sentence) \(error.value)")
      return false
    }
    guard let description else { return false }
    if description.isBackground { return runInBackground(member, description) }
    member.crowd.running += 1
    defer { member.crowd.running -= 1 }
    var counts = GuestCounts()
    guard description.starts > 0 else {
      let end = GuestHost.run(
        module: member.module, GuestStart(description: description, number: 0), counts: &counts)
      return isGood(end)
    }
    var before: UInt32 = 0
    var starts: UInt32 = 0
    var kills: UInt32 = 0
    while starts < description.starts {
      let end = GuestHost.run(
        module: member.module, GuestStart(description: description, number: starts), counts: &counts)
      starts += 1
      // After the first: the kernel's own tables for the top 4 MiB and its heap's frames stay.
      if starts == 1 { before = freeFrames }
      guard let end else { return false }
      if case .killed = end { kills += 1 }
      if case .powerOff = end { break }
    }
    log(
      .info, "guest",
      "series of module \(UInt64(member.module)): \(starts) starts, \(kills) killed, frames free \(before) after the first and \(freeFrames) after the last"
    )
    log(
      .info, "guest",
      "series of module \(UInt64(member.module)): \(counts.calls) calls, \(counts.ringCalls) of them by the ring, \(counts.fills) pages shown, \(counts.reflections) traps passed on, \(counts.audits) audits"
    )
    return true
  }

  /// Starts it as long as others run.
  private static func runInBackground(_ member: GuestCrowd.Member, _ description: GuestDescription) -> Bool {
    var counts = GuestCounts()
    var number: UInt32 = 0
    repeat {
      let end = GuestHost.run(
        module: member.module, GuestStart(description: description, number: number), counts: &counts)
      guard isGood(end) else { return false }
      number += 1
    } while member.crowd.running > 0
    return true
  }

  private static func isGood(_ end: GuestEnd?) -> Bool {
    guard let end else { return false }
    if case .killed = end { return false }
    return true
  }

  private static var freeFrames: UInt32 { Processor.withoutInterrupts { NodeReference().node.frames.freeCount } }
}
