/// What a guest means by NOTIFY.

import Base
import GuestInterface
import GuestPages
import GuestRecords
import Hypervisor
import Log
import ShadowPaging
import Virtio

extension HostedGuest {
  /// Does what the guest means by naming an address.
  mutating func notify(_ address: UInt32, _ record: GuestReference) -> GuestStep {
    guard let place = unsafe devices else { return .enter }
    switch unsafe place.pointee.notice(address) {
    case .text: show(address, record)
    case .status(let index): unsafe place.pointee.changeStatus(of: index, in: &memory)
    case .queue(let index, let queue):
      var host = MachineDevices(record: record)
      let outcome = unsafe place.pointee.serve(index, queue, in: &memory, for: &host)
      if outcome.hasMore { record.fields.alarm?.fields.isDue = true }
      return take(outcome)
    }
    return .enter
  }

  /// Raises the interrupts that devices ask for.
  mutating func take(_ outcome: DeviceOutcome) -> GuestStep {
    if let mistake = outcome.mistake {
      return .end(.killed(GuestMistake(mistake.kind, mistake.value, call: HypercallNumber.notify.rawValue)))
    }
    if outcome.hasMovedPages, let mistake = guest.shadow.flushAllAndPin(in: &memory) {
      return .end(.killed(mistake))
    }
    var lines = outcome.lines
    while lines != 0 {
      guest.raise(interrupt: UInt32(lines.trailingZeroBitCount))
      lines &= lines - 1
    }
    return .enter
  }

  /// Shows a text of the guest's first console.
  mutating func show(_ address: UInt32, _ record: GuestReference) {
    for offset: UInt32 in 0..<256 {
      guard memory.contains(address &+ offset, byteCount: 1) else { break }
      let byte = memory.load8(address &+ offset)
      if byte == 0 { break }
      record.show(byte)
    }
    record.endOutput()
  }
}
