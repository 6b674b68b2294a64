/// The node's controllers of interrupts come into use, and say which they are.

import ACPI
import Arch
import Base
import BootInformation
import CMachine
import FrameAllocator
import Interrupts
import Log
import Paging
import Runtime

/// Takes the best controllers of interrupts that there are into use; every line stays masked.
@export(interface)
func startInterrupts() {
  let reference = NodeReference()
  let pages = PageService(
    map: { frame, window, isDevice in
      guard let tables = NodeReference().node.tables else { return false }
      var memory = NodeTableMemory()
      let attributes =
        isDevice ? PageAttributes(.readWrite, caching: .uncached) : PageAttributes(.readOnly)
      return (try? tables.map(frame, at: window, attributes, in: &memory)) != nil
    },
    unmap: { window in
      guard let tables = NodeReference().node.tables else { return }
      var memory = NodeTableMemory()
      _ = try? tables.unmap(window, in: &memory)
      cpu_invlpg(window.rawValue)
    },
    allocate: {
      guard let frame = try? NodeReference().node.frames.allocate() else { return nil }
      return Frames.address(of: frame)
    },
    free: { address in
      let physical = UInt64(address.rawValue - AddressMap.directMap.rawValue)
      guard let frame = FrameNumber(holding: PhysicalAddress(physical)) else { return }
      // It was allocated here, so it can be freed.
      try? NodeReference().node.frames.free(frame)
    },
    kind: { NodeReference().node.boot.memoryMap.kind(ofPageWith: $0) })
  let identity = reference.node.identity
  let role: InterruptRole =
    identity.ownsDevices ? (identity.isPlaced ? .legacyDevices : .machine) : .processor
  let reason = reference.node.lines.start(role, reference.node.boot.rootPointer, pages)
  if role == .processor { return }
  guard let reason else {
    log(.info, "interrupts", "I/O APIC, \(reference.node.lines.inputCount) inputs")
    return
  }
  if let address = reason.address {
    log(.warning, "interrupts", "8259, because of the firmware: \(reason.sentence), at \(address)")
  } else {
    log(.info, "interrupts", "8259, because \(reason.sentence)")
  }
}

/// What the console shows of interrupts.
enum InterruptList {
  @export(interface)
  static func show() {
    let reference = NodeReference()
    if reference.node.lines.usesIOControllers {
      reference.node.log.show("controller: I/O APIC, \(reference.node.lines.inputCount) inputs")
    } else {
      reference.node.log.show("controller: 8259")
    }
    reference.node.log.show("timer: \(reference.node.threads.timer.source.name)")
    for line in 0..<16 {
      let total = reference.node.interrupts.total(ofLine: line)
      let isHeld = reference.node.lines.held >> UInt16(line) & 1 == 1
      if total == 0, !isHeld { continue }
      var text: Text = "line "
      text.append(decimal: UInt64(line), width: 2)
      text.append(decimal: UInt64(total), width: 12)
      if let route = reference.node.lines.route(UInt8(line)) {
        text.append(contentsOf: ", input \(route.input)")
      }
      if isHeld { text.append(", masked: it stormed") }
      reference.node.log.show(text)
    }
    reference.node.log.show("spurious: \(reference.node.interrupts.spurious)")
  }
}
