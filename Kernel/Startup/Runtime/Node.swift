/// The node: one instance of the kernel, and everything that belongs to it.

import Arch
import Base
import BootInformation
import CMachine
import CommandLine
import Core
import FrameAllocator
import Heap
import Interrupts
import Log
import Paging
import Partition

/// An instance of the kernel.
///
/// There are no other globals: whatever the kernel remembers is reached from here.
public struct Node: ~Copyable {
  /// The log and its console.
  public var log: Log<MachineConsole>
  /// The time since start-up.
  public var clock: TimeStampCounter
  /// Which of the machine's nodes this is.
  public var identity: NodeIdentity
  /// Where the node's own addresses lie in the machine's memory.
  public var partition = PartitionView()
  /// What the boot loader told; empty until it has been decoded.
  public var boot = BootInformation()
  /// What the command line asks for.
  public var options = KernelOptions()
  /// Physical memory; empty until the loader's map has been read.
  public var frames = FrameAllocator()
  /// The physical address after the last byte that the direct map shows; 0 until the tables are made.
  public package(set) var directMapEnd: UInt64 = 0
  /// The kernel's page tables; there once they are in use.
  public var tables: PageTable<KernelTableFormat>?
  /// The kernel's heap; it can grow once the tables are in use.
  public var heap = Heap(at: AddressMap.heap, pageLimit: KernelHeap.pageLimit, growth: NodeHeapGrowth())
  /// The threads of the processor.
  public var threads = ThreadSystem()
  /// What interrupts have come.
  public var interrupts = InterruptCounts()
  /// Who brings them.
  public var lines = InterruptLines()
  /// Bytes typed at the console that nobody has read yet.
  public var input = InputQueue()
  /// Where the records of programs, of the tree of files and of the page for calls are; 0 before there are any.
  public var programs: UInt = 0
  /// The tree of files.
  public var files: UInt = 0
  /// The frame of the page from which programs of i386 call.
  public var callPage: UInt32 = 0
  /// What the idle thread may do a piece of; answers whether there was anything.
  public var idleWork: (@convention(c) () -> Bool)?
  /// Where the memory of programs is kept track of; 0 before there are programs.
  public var userMemory: UInt = 0
  /// Where the table of guests is, or 0.
  public var guests: UInt = 0
  /// Whether the kernel's console is the one that people type at.
  public var isMonitorActive = true
  /// Takes what is typed before the kernel's console does; answers whether it did.
  public var takeInput: (@convention(c) (UInt8) -> Bool)?
  /// What other nodes' interrupts call, with interrupts off; nothing if there are no other nodes.
  public var doorbellHandler: (@convention(c) () -> Void)?
  /// What a program's control request to `/dev/rcce` calls, with its number and the address of its argument.
  ///
  /// Nothing if there are no other nodes. Answers a result or a negated error number.
  public var unitControl: (@convention(c) (UInt32, UInt) -> Int)?
  /// Writes a line of `/proc/nodes`, or of `/proc/links`, into the `Text` at an address; answers whether there is such a line.
  public var peerText: (@convention(c) (_ isLinks: Bool, _ line: UInt32, _ text: UInt) -> Bool)?
  /// Writes a line of `/proc/guests` into the `Text` at an address; answers whether there is such a line.
  public var guestText: (@convention(c) (_ line: UInt32, _ text: UInt) -> Bool)?
  /// Obeys what a program writes to `/proc/guests`, the parts of a `GuestCommand`; answers whether it could.
  ///
  /// Called with interrupts off, it may wait.
  public var obeyGuestCommand: (@convention(c) (_ verb: UInt8, _ guest: UInt32, _ value: UInt32) -> Bool)?
  /// Where the module that speaks with other nodes keeps what it knows, or 0.
  public var peers: UInt = 0
  /// Takes what programs of a node without a console show; nothing if there is nobody to show it.
  public var relay: RelayedConsole?
  /// Whether a panic is being reported: a second one says so and stops at once.
  var isPanicking = false

  init(
    log: consuming Log<MachineConsole>, clock: TimeStampCounter, identity: NodeIdentity
  ) {
    self.log = log
    self.clock = clock
    self.identity = identity
  }
}

/// The way of programs' output from a node without a console to the one that has it; called with interrupts off.
public struct RelayedConsole: BitwiseCopyable {
  /// How many bytes it takes now.
  ///
  /// When there is room again, `inputArrived` is signalled.
  public var room: @convention(c) () -> Int
  /// Takes a byte.
  public var write: @convention(c) (UInt8) -> Void

  /// Puts the two together.
  public init(room: @escaping @convention(c) () -> Int, write: @escaping @convention(c) (UInt8) -> Void) {
    self.room = room
    self.write = write
  }
}

/// The node that this processor belongs to.
///
/// It lies in memory that the linker script sets aside, because it is needed before there is an allocator.
@safe public struct NodeReference {
  private let pointer: UnsafeMutablePointer<Node>

  /// Makes the one node of this kernel.
  package static func create(
    log: consuming Log<MachineConsole>, clock: TimeStampCounter, identity: NodeIdentity
  ) -> NodeReference {
    precondition(
      MemoryLayout<Node>.size <= Int(symbol_node_storage_end() - symbol_node_storage()),
      "the linker script sets too little memory aside for the node")
    let reference = NodeReference()
    // SAFETY: the linker script sets this memory aside for nothing else, and it is made once, at the entry.
    unsafe reference.pointer.initialize(to: Node(log: log, clock: clock, identity: identity))
    return reference
  }

  /// Refers to the node; it must have been made.
  @inline(__always)
  public init() {
    // SAFETY: the linker script sets this memory aside, aligned to a page and not at address 0.
    unsafe pointer = UnsafeMutablePointer<Node>(bitPattern: symbol_node_storage()).unsafelyUnwrapped
  }

  /// The node itself.
  ///
  /// - Note: an interrupt handler may look at the node while another access is under way; what it touches is
  ///   guarded by disabling interrupts around the other accesses.
  @inline(__always)
  public var node: Node {
    unsafeAddress { unsafe UnsafePointer(pointer) }
    nonmutating unsafeMutableAddress { unsafe pointer }
  }
}

/// Writes a line to the node's log, in one piece: other threads write lines too.
@export(interface)
public func log(_ level: LogLevel, _ subject: StaticString, _ text: Text) {
  Processor.withoutInterrupts {
    let reference = NodeReference()
    let stamp = LogStamp(
      microseconds: reference.node.clock.microseconds, processor: UInt32(reference.node.identity.number))
    reference.node.log.write(level, subject, at: stamp, text)
  }
}
