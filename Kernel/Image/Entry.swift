/// The kernel's image: what runs once the node has started.

import ABI
import Arch
import CMachine
import Log
import Nodes
import Scheduling
import Start

#if arch(i386)
  import GuestHost
#endif

/// Called by `Boot/Entry/*/Entry.asm` with what the boot loader left in eax and ebx.
@c(kernel_entry)
func kernelEntry(_ magic: UInt32, _ information: UInt32) {
  startNode(magic: magic, information: information)
  startNodes()
  // A further node has no console.
  guard NodeReference().node.identity.ownsDevices else { Threads.idle() }
  Ramdisk.list()
  #if arch(i386)
    if GuestHost.start() { Threads.idle() }
  #endif
  do {
    try Threads.create(ThreadName("monitor"), level: PriorityLevel(truncating: 16)) { _ in
      var monitor = Monitor()
      monitor.run(obeyNodeCommand)
      endRun(.passed, status: 0)
    }
  } catch {
    log(.error, "start", "no memory for the monitor's thread")
    endRun(.failed, status: 1)
  }
  Threads.idle()
}
