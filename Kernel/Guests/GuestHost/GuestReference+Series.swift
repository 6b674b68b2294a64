/// When a guest that is started again and again goes on, and what its starts came to.

import Arch
import Base
import CMachine
import FrameAllocator
import GuestImage
import GuestInterface
import GuestPages
import GuestRecords
import Hypervisor
import Log
import Runtime
import ShadowPaging

extension GuestSeries {
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
    if fields.series.framesAfterFirst == 0 { fields.series.framesAfterFirst = Self.freeFrames }
    if fields.description.isBackground { return !hasSeriesFailed(outcome) && hasOthers }
    let limit = fields.description.calls
    switch outcome {
    case .asked(.kill):
      // By the console: the next start is another matter.
      fields.series.kills += 1
      fields.request = .none
    case .outlived:
      fields.series.kills += 1
      fields.series.outlived += 1
    case .ended(.killed): fields.series.kills += 1
    case .ended(.restart): break
    // A guest that goes anywhere may power off too.
    case .ended(.powerOff): if limit == 0 { return false }
    case .asked: return false
    }
    if limit != 0, fields.series.calls >= UInt64(limit) { return false }
    return fields.startCount < fields.description.starts
  }

  /// Counts a start that was refused an allocation and never began; says whether another follows.
  var wasRefused: Bool {
    guard fields.allocations.hasRefused, fields.startCount + 1 < fields.description.starts else {
      return false
    }
    fields.startCount += 1
    fields.series.refused += 1
    return true
  }

  /// Whether a series ended as it should not: one in the background must not be killed.
  func hasSeriesFailed(_ outcome: GuestOutcome) -> Bool {
    switch outcome {
    case .ended(.killed), .outlived: fields.description.isBackground
    case .asked(.kill): true
    default: false
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
      "series of guest \(number): \(starts) starts, \(series.kills) killed, \(series.outlived) of them out of time, frames free \(series.framesAfterFirst) after the first and \(Self.freeFrames) after the last"
    )
    if series.refused > 0 {
      log(
        .info, "guest",
        "\(series.refused) starts of guest \(number) were refused an allocation and never began")
    }
    log(
      .info, "guest",
      "series of guest \(number): \(series.calls) calls, \(series.ringCalls) of them by the ring, \(series.fills) pages shown, \(series.reflections) traps passed on, \(series.audits) audits"
    )
  }

  private static var freeFrames: UInt32 {
    Processor.withoutInterrupts { NodeReference().node.frames.freeCount }
  }
}
