/// Another node as this one knows it, and what the two say to each other.

import Messaging
import NodeLife

/// Another node.
package struct Peer: BitwiseCopyable {
  /// The end of the link to it.
  package var sender: LinkSender
  /// The end of the link from it.
  package var receiver: LinkReceiver
  /// Its life as this node sees it.
  package var life: NodeLife
  /// The life in which it was said hello to.
  var greeted: UInt16 = 0
  /// How many of its faults the log has been told, and at which heartbeat.
  var reportedFaults: UInt64 = 0
  var reportedAt: UInt32 = 0

  /// What it did wrong, at both ends.
  package var faultCount: UInt64 { sender.counters.faultCount &+ receiver.counters.faultCount }
}

/// The kinds of messages between kernels.
package enum MessageType: UInt8 {
  /// The first in a life: generation and format.
  case hello = 1
  /// Goes around all nodes.
  case token
  /// Asks for a check of page tables, whose result is in the sender's entry.
  case check
  /// Says that a node's processor is held in reset.
  case fenced
  /// A call whose reply has the same payload.
  case echo
  /// Begins a trial: what, its session, how often, and the members.
  case trial
  /// How a trial ended for its sender.
  case result
  /// A frame of a transport that is not memory, for trials of it.
  case frame
  /// A barrier of messages: the episode.
  case barrier
  /// Asks a node to end by itself; of the first node alone.
  case stop
  /// What programs of a node without a console have shown; to the first node alone.
  case output
}

/// What the monitor wants.
package enum Request: BitwiseCopyable {
  case none
  case ring(rounds: UInt32)
  case check
  case stop(UInt8)
  case kill(UInt8)
  /// Starts a node with an image, its own or another's.
  case restart(UInt8, image: UInt8)
  case trial(TrialKind, count: UInt32)
}
