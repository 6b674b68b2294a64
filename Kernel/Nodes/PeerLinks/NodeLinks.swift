/// What a node knows of the machine's other nodes, and how it speaks with them.
///
/// This module protects a node from what its peers say: messages, calls and lives are judged here, and what breaks the
/// rules is counted and refused. Work that nodes do together (`TrialWork`) and the commands for all this lie above it.
///
/// Everything here is touched by one thread, `nodes`, except two words: a doorbell's interrupt wakes the thread, and
/// the monitor leaves a request. So links need no locks, and a peer that floods costs this thread's share alone.

import Arch
import Base
import CMachine
import FrameAllocator
import Log
import Messaging
import NodeLife
import NodeTable
import Paging
import Partition
import Runtime
import Scheduling
import Sync
import Window

/// The state of this node's links.
@safe package struct NodeLinks: ~Copyable {
  package let window: MappedWindow
  package let layout: LinkLayout
  package let plan: WindowPlan
  package let number: UInt8
  package let count: UInt8
  package let doorbell: Doorbell
  package let peers: UnsafeMutablePointer<Peer>
  package let buffer: UnsafeMutableRawPointer
  package let wake: Semaphore
  package let finished: Semaphore
  /// Ticks of the time stamp counter between two looks at the others.
  let tickLength: UInt64
  var nextTick: UInt64 = 0
  package var heartbeat: UInt32 = 0
  package var online: UInt64 = 0
  /// The nodes that died and were not seen online since, one bit each.
  package var dead: UInt64 = 0
  /// The nodes that died since the last trial began: they belong to it no more, also when they live again.
  package var lost: UInt64 = 0
  /// Whether this node ends the run when a message has gone around the nodes that are left.
  var isHeir = false
  /// The heartbeat at which it begins to be so, if a node has died that wished it.
  var inheritsAt: UInt32?
  /// Calls under way, at their station's index, and where their callers wait.
  var stations = WaitStations()
  package var calls = InlineArray<32, CallSlot>(repeating: CallSlot())
  let answered: UnsafeMutablePointer<Semaphore>
  /// Replies that nobody waited for, and replies that found no room.
  var lateReplies: UInt32 = 0
  var lostReplies: UInt32 = 0
  /// Whether something found no room and is to be tried again soon.
  var isBlocked = false
  package var trial = TrialState()
  var results = TrialResults()
  /// What does the work of trials.
  package let work: TrialWork
  /// Where an exchange of frames keeps what it has, 0 if there is none.
  package var exchange: UInt = 0
  /// Where the program's unit is, once one was asked for; a page for its copies; the session it has, and whether one is asked
  /// for.
  package var programUnit: UInt = 0
  package var unitPage: UInt = 0
  package var unitSession: UInt16 = 0
  package var isUnitWanted = false
  /// When a program last asked to be the unit in a session that another node begins, in ticks; 0 if none does.
  package var unitOffer: UInt64 = 0
  /// The last such session that was left to a program.
  package var offeredSession: UInt16 = 0
  /// What programs have shown, on its way to the first node; there, lines that the others have begun.
  var output = OutputRing()
  let outputLines: UnsafeMutablePointer<Text>
  package var doorbells: UInt32 = 0
  package var request = Request.none
  /// The token on its way through this node, until its next node has taken it.
  package var token: Token?
  package var ring = RingRun()
  var idleTicks: UInt64 = 0
  var idleSince: UInt64 = 0
}

/// Where the links of this node are; they must have been started.
@safe package struct LinksReference {
  private let pointer: UnsafeMutablePointer<NodeLinks>

  /// The links, or `nil` if the machine has one node.
  package init?() {
    let address = NodeReference().node.peers
    // SAFETY: `startNodes` left the address of the one value, which is never freed.
    guard let pointer = unsafe UnsafeMutablePointer<NodeLinks>(bitPattern: address) else { return nil }
    unsafe self.pointer = pointer
  }

  package var links: NodeLinks {
    unsafeAddress { unsafe UnsafePointer(pointer) }
    nonmutating unsafeMutableAddress { unsafe pointer }
  }
}
