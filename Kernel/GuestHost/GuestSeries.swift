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
import ShadowPaging

/// What the starts of a guest came to.
struct GuestSeries: BitwiseCopyable {
  /// Starts that the host ended.
  var kills: UInt32 = 0
  /// The start that was under way when a neighbour in the background last ended, and for how many of its ends.
  var seenStart: UInt32 = 0
  var seenFor: UInt32 = 0
  /// Frames that were free after the first start.
  var framesAfterFirst: UInt32 = 0
  /// Calls, and those of them that came through the ring.
  var calls: UInt64 = 0
  var ringCalls: UInt64 = 0
  /// Page faults that showed a page, and traps that were the guest's own.
  var fills: UInt64 = 0
  var reflections: UInt64 = 0
  /// Times that the shadow tables were looked through.
  var audits: UInt64 = 0

  /// Adds what a guest did.
  mutating func add(_ hosted: UnsafeMutablePointer<HostedGuest>) {
    // SAFETY: the guest lives until its thread, which calls this, discards it.
    for number in 0..<32 { unsafe calls += hosted.pointee.guest.storage.statistics.calls[number] }
    unsafe ringCalls += hosted.pointee.guest.storage.statistics.ringCalls
    unsafe reflections += hosted.pointee.guest.storage.statistics.reflectedTraps
    unsafe fills += hosted.pointee.guest.shadow.statistics.fills
    unsafe audits += hosted.pointee.audits
  }
}

extension GuestReference {
  /// Whether the guest is started again whatever ended it.
  var isSeries: Bool { fields.description.starts > 0 || fields.description.isBackground }

  /// Whether another start follows an end.
  func goesOn(after outcome: GuestOutcome) -> Bool {
    // After the first: the kernel's own tables for the top 4 MiB and its heap's frames stay.
    if fields.startCount == 1 { fields.series.framesAfterFirst = Self.freeFrames }
    if fields.description.isBackground {
      endOthersThatHang()
      return !hasSeriesFailed(outcome) && hasOthers
    }
    if case .asked(.kill) = outcome {
      // By the console or by a neighbour: the next start is another matter.
      fields.series.kills += 1
      fields.request = .none
      return fields.startCount < fields.description.starts
    }
    guard case .ended(let end) = outcome else { return false }
    if case .killed = end { fields.series.kills += 1 }
    if case .powerOff = end { return false }
    return fields.startCount < fields.description.starts
  }

  /// Whether a series ended as it should not: one in the background must not be killed.
  func hasSeriesFailed(_ outcome: GuestOutcome) -> Bool {
    switch outcome {
    case .ended(.killed): fields.description.isBackground
    case .asked(.kill): true
    default: false
    }
  }

  /// Ends the present start of each series that has not come to its end during ten lives of this neighbour: a guest that
  /// jumps anywhere may also run in circles, or wait for ever.
  private func endOthersThatHang() {
    guard let guests = GuestTableReference() else { return }
    for number in 1...UInt32(max(1, guests.table.count)) {
      guard let other = guests.guest(number), other.fields.description.starts > 0,
        other.fields.state == .running
      else { continue }
      if other.fields.series.seenStart != other.fields.startCount {
        other.fields.series.seenStart = other.fields.startCount
        other.fields.series.seenFor = 0
      }
      other.fields.series.seenFor += 1
      if other.fields.series.seenFor > 10 {
        other.fields.request = .kill
        other.poke()
      }
    }
  }

  /// Whether a guest that is not in the background has not ended.
  private var hasOthers: Bool {
    guard let guests = GuestTableReference() else { return false }
    for number in 1...UInt32(max(1, guests.table.count)) {
      guard let other = guests.guest(number) else { continue }
      if !other.fields.description.isBackground, other.fields.state != .ended { return true }
    }
    return false
  }

  /// Says what a series came to.
  func reportSeries() {
    guard !fields.description.isBackground else { return }
    let (number, starts, series) = (UInt64(fields.number), fields.startCount, fields.series)
    log(
      .info, "guest",
      "series of guest \(number): \(starts) starts, \(series.kills) killed, frames free \(series.framesAfterFirst) after the first and \(Self.freeFrames) after the last"
    )
    log(
      .info, "guest",
      "series of guest \(number): \(series.calls) calls, \(series.ringCalls) of them by the ring, \(series.fills) pages shown, \(series.reflections) traps passed on, \(series.audits) audits"
    )
  }

  private static var freeFrames: UInt32 {
    Processor.withoutInterrupts { NodeReference().node.frames.freeCount }
  }
}
