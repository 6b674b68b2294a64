/// The kernel's image: what runs once the node has started.

import ABI
import Arch
import CMachine
import Log
import NodeTrials
import Nodes
import PeerLinks
import ProgramCalls
import ProgramLife
import Runtime
import Scheduling
import Start

#if arch(i386)
  import GuestHost
#endif

/// Called by `Boot/Entry/*/Entry.asm` with what the boot loader left in eax and ebx.
///
/// If the loader brought guests, they run, and beside them a program if the command line names one; if the ramdisk has a
/// program to start with, that is what runs, and its end is the run's; else, or with `monitor=on`, the ramdisk is listed
/// and the monitor runs. A further node runs its program and nothing else.
@c(kernel_entry)
func kernelEntry(_ magic: UInt32, _ information: UInt32) {
  startNode(magic: magic, information: information)
  startNodes(.all())
  guard NodeReference().node.identity.ownsDevices else {
    startFurtherNode()
    Threads.idle()
  }
  #if arch(i386)
    if GuestHost.prepare(), !ProgramStart.isNamed {
      GuestHost.start(besidePrograms: false)
      start(ThreadName("monitor")) { _ in
        var monitor = Monitor()
        monitor.run(obeyNodeCommand, GuestHost.obey)
        endRun(.passed, status: 0)
      }
      Threads.idle()
    }
  #endif
  let isWanted = ProgramStart.isWanted()
  if isWanted, !ProgramStart.prepare() { endRun(.failed, status: 1) }
  if isWanted, ProgramStart.isThere() {
    ProgramCalls.start()
    start(ThreadName("starter")) { _ in
      #if arch(i386)
        // Here: the thread that starts the node is the least urgent, and guests that compute would leave it no time.
        if NodeReference().node.guests != 0 { GuestHost.start(besidePrograms: true) }
      #endif
      if !ProgramStart.startInitialProgram() { endRun(.failed, status: 1) }
      return 0
    }
  } else {
    // What was mounted is not looked at any more.
    if !isWanted { Ramdisk.list() }
    start(ThreadName("monitor")) { _ in
      var monitor = Monitor()
      monitor.run(obeyNodeCommand)
      endRun(.passed, status: 0)
    }
  }
  Threads.idle()
}

/// Starts the program of a node without a console, if its ramdisk has one or its command line names one: what the program
/// writes is shown by the first node.
private func startFurtherNode() {
  guard ProgramStart.isWanted(), ProgramStart.prepare(), ProgramStart.isThere() else { return }
  ProgramCalls.start()
  start(ThreadName("starter")) { _ in ProgramStart.startInitialProgram() ? 0 : 1 }
}

private func start(_ name: ThreadName, _ body: ThreadBody) {
  do {
    try Threads.create(name, level: PriorityLevel(truncating: 16), isDetached: true, body)
  } catch {
    log(.error, "start", "no memory for the first thread")
    endRun(.failed, status: 1)
  }
}
