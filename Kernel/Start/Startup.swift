/// From the first Swift function to a node that runs.

import ABI
import Arch
import Base
import CMachine
import Core
import Log

/// Starts the node of this kernel.
///
/// - Parameters:
///   - magic: what the boot loader left in eax.
///   - information: the physical address of what it tells.
public func startNode(magic: UInt32, information: UInt32) -> NodeReference {
  let start = cpu_rdtsc()
  let screenAddress = AddressMap.directMap + 0xB8000
  let console = MachineConsole(serial: SerialPort(), screen: TextScreen(base: screenAddress))
  let reference = NodeReference.create(log: Log(output: console), clock: TimeStampCounter(start: start))
  log(.info, "start", "Apus on \(architectureName), \(reference.node.clock.ticksPerMillisecond) ticks a millisecond")
  Processor.installTables()
  LegacyInterruptController.remapAndMask()
  return reference
}

#if arch(i386)
  private let architectureName: StaticString = "i686"
#else
  private let architectureName: StaticString = "x86_64"
#endif
