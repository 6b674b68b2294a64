/// The kernel's image: what runs once the node has started.

import ABI
import Arch
import CMachine
import Start

/// Called by `Boot/Entry/*/Entry.asm` with what the boot loader left in eax and ebx.
@c(kernel_entry)
func kernelEntry(_ magic: UInt32, _ information: UInt32) {
  startNode(magic: magic, information: information)
  Ramdisk.list()
  var monitor = Monitor()
  monitor.run()
  endRun(.passed, status: 0)
}
