/// How a node begins to be one of several.
///
/// This module puts together what the machine's nodes are to each other: links (`PeerLinks`), the console's
/// commands for them, and units for programs; the rest of the kernel knows it by three functions of the node.

import Arch
import Log
import NodePlacing
import PeerLinks
import Runtime
import Scheduling

/// Starts to speak with the machine's other nodes, if there are any.
///
/// - Parameter work: what does the work of trials.
@export(interface)
package func startNodes(_ work: TrialWork) {
  let reference = NodeReference()
  guard LinksReference.make(work) else { return }
  FirstProcessor.standStillAfterInitialization()
  reference.node.doorbellHandler = doorbellRang
  reference.node.unitControl = { controlUnit($0, $1) }
  reference.node.peerText = { describePeers($0, $1, $2) }
  if !reference.node.identity.ownsDevices {
    reference.node.relay = RelayedConsole(room: { outputRoom() }, write: { takeOutput($0) })
  }
  do {
    try Threads.create(ThreadName("nodes"), level: PriorityLevel(truncating: 24)) { _ in
      guard let reference = LinksReference() else { return 1 }
      reference.links.run()
    }
  } catch {
    log(.error, "nodes", "no memory for a thread")
  }
}

/// Called with interrupts off when another node's interrupt has come.
private func doorbellRang() {
  guard let reference = LinksReference() else { return }
  reference.links.doorbells &+= 1
  wakeLater(reference.links.wake)
}
