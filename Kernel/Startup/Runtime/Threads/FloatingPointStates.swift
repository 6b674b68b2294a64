/// Floating-point state of threads: who has one, and what happens to it in the life of a program.
///
/// The kernel's own threads have none and pay nothing. A thread that stands for a program claims one; from then on every
/// switch to or from it goes the longer way (`ThreadSystem.performSpecially`). See `RegisterOwnership` for who holds
/// the registers.

import Arch
import Base
import CMachine
import FloatingPoint
import Scheduling

/// Why a thread got no floating-point state.
public enum FloatingPointError: UInt8, Error, BitwiseCopyable, Sendable {
  /// The processor has no instructions to save it.
  case unavailable
}

/// The registers of one processor, and the form of states.
package struct FloatingPointSystem: BitwiseCopyable {
  private(set) var layout = StateLayout(hasFXSave: false, available: 0) { _ in 0 }
  private var ownership = RegisterOwnership(.lazy)
  private var spare = SpareBlocks()
  // Whether states are moved at the switch, and by xsave.
  private var passesStates = false
  /// Whether states that are given back are kept for the next threads: where programs come and go.
  package var keepsSpareStates = false

  /// Closes the registers and begins to hand them out.
  package mutating func start(_ policy: RegisterPolicy) {
    layout = FloatingPointUnit.start(usesXSave: policy == .eager)
    ownership = RegisterOwnership(policy)
    passesStates = policy == .eager && layout.format == .xsave
  }

  /// When states are moved.
  var policy: RegisterPolicy { ownership.policy }

  /// Another thread runs from now on: `RegisterOwnership.change`.
  @inline(__always)
  mutating func change(from old: StateAddress, to new: StateAddress) {
    if ownership.policy == .lazy {
      // Nothing is moved, and mostly nothing opened or closed.
      let isOpen = ownership.areOpen(for: new)
      if ownership.areOpen(for: old) != isOpen {
        if isOpen { FloatingPointUnit.open() } else { FloatingPointUnit.close() }
      }
      return
    }
    if ownership.exchange(old, for: new) {
      // SAFETY: both are states of threads that live, so allocated with this layout.
      unsafe FloatingPointUnit.exchange(old, for: new, layout)
    } else {
      changeRarely(from: old, to: new)
    }
  }

  @inline(never)
  private mutating func changeRarely(from old: StateAddress, to new: StateAddress) {
    // SAFETY: as above.
    unsafe FloatingPointUnit.perform(ownership.change(from: old, to: new), layout)
  }

  /// Whether a switch from a thread with this state to another's is what `pass` does: both have one, states are moved at
  /// the switch and by the processor's newer instructions, and the registers hold this one.
  @inline(__always)
  func isPassed(by state: StateAddress) -> Bool {
    guard passesStates else { return false }
    return ownership.owner == state
  }

  /// Moves two programs' states, after `isPassed`; the registers are open before and after.
  @inline(__always)
  mutating func pass(from old: StateAddress, to new: StateAddress) {
    ownership.handOn(to: new)
    // All components have numbers below 32.
    let components = layout.components & 0xFFFF_FFFF
    cpu_xsave(old, components)
    cpu_xrstor(new, components)
  }

  /// Saves the registers where a new state is to be, of which nothing is known; they hold the running thread's.
  mutating func save(to state: StateAddress) {
    // What xsave does not write of the header must be zero (Intel SDM vol. 1, 13.4.2).
    for offset in stride(from: 512, to: 576, by: 4) as StrideTo<UInt> { cpu_store32(state + offset, 0) }
    cpu_xsave(state, layout.components & 0xFFFF_FFFF)
  }

  mutating func use(by state: StateAddress) -> Bool {
    guard let step = ownership.use(by: state) else { return false }
    // SAFETY: the running thread's state and the owner's are allocated: a state that is freed is forgotten.
    unsafe FloatingPointUnit.perform(step, layout)
    return true
  }

  func flush(_ state: StateAddress, own: StateAddress) {
    // SAFETY: the caller has the state of a thread.
    unsafe FloatingPointUnit.perform(ownership.flush(state, own: own), layout)
  }

  mutating func forget(_ state: StateAddress, own: StateAddress) {
    // SAFETY: nothing is saved or loaded.
    unsafe FloatingPointUnit.perform(ownership.forget(state, own: own), layout)
  }

  /// The state of the running thread was written: who switches eagerly has it in the registers at once.
  mutating func renew(_ own: StateAddress) {
    if ownership.policy == .eager { _ = use(by: own) }
  }

  /// Opens the registers if they hold this state: the processor closes them at every change of its tasks.
  @inline(__always)
  func open(ifHolding state: StateAddress) {
    if state != 0, state == ownership.owner { FloatingPointUnit.open() }
  }

  /// Memory for a state.
  mutating func allocate() -> StateAddress {
    spare.allocate(layout.size, alignment: StateLayout.alignment).rawValue
  }

  /// Takes the memory of a state back, which nobody has.
  mutating func free(_ state: StateAddress) {
    if keepsSpareStates { spare.free(VirtualAddress(state)) } else { KernelHeap.free(VirtualAddress(state)) }
  }

  /// Makes a state that of a program that has not begun yet.
  func initialize(_ state: StateAddress) {
    for offset in stride(from: 0, to: layout.size, by: 4) {
      cpu_store32(state + UInt(offset), layout.initialWord(at: offset))
    }
  }

  /// Copies a state.
  func copy(_ source: StateAddress, to destination: StateAddress) {
    guard let from = unsafe UnsafeRawPointer(bitPattern: source),
      let to = unsafe UnsafeMutableRawPointer(bitPattern: destination)
    else { return }
    // SAFETY: both are states of threads that live, so allocated with this layout.
    unsafe to.copyMemory(from: from, byteCount: layout.size)
  }
}

extension ThreadSystem {
  /// The running thread was stopped at closed registers: lets it use its state.
  ///
  /// Returns whether it has one.
  public mutating func openFloatingPoint() -> Bool {
    floatingPoint.use(by: scheduler.current.fields.floatingPoint)
  }
}

/// For whoever runs programs: at creation and `exec` a new state, at `fork` a copy, at the end none.
///
/// The thread is the running one or one that has not been started or does not run.
extension Threads {
  /// Gives a thread a new state, or makes the one that it has a new one.
  ///
  /// - Throws: `.unavailable` if the processor cannot save one.
  @export(interface)
  public static func resetFloatingPoint(of thread: ThreadReference) throws(FloatingPointError) {
    let reference = NodeReference()
    guard reference.node.threads.floatingPoint.layout.format != .none else { throw .unavailable }
    Processor.withoutInterrupts {
      let state = claim(thread)
      let own = reference.node.threads.scheduler.current.fields.floatingPoint
      reference.node.threads.floatingPoint.forget(state, own: own)
      reference.node.threads.floatingPoint.initialize(state)
      if state == own { reference.node.threads.floatingPoint.renew(own) }
    }
  }

  /// Gives a thread a copy of another's state; if that one has none, nothing is changed.
  @export(interface)
  public static func copyFloatingPoint(of thread: ThreadReference, to other: ThreadReference) {
    let reference = NodeReference()
    Processor.withoutInterrupts {
      let source = thread.fields.floatingPoint
      guard source != 0, thread != other else { return }
      let destination = claim(other)
      let own = reference.node.threads.scheduler.current.fields.floatingPoint
      if source == own, reference.node.threads.floatingPoint.isPassed(by: own) {
        reference.node.threads.floatingPoint.save(to: destination)
        return
      }
      reference.node.threads.floatingPoint.flush(source, own: own)
      reference.node.threads.floatingPoint.forget(destination, own: own)
      reference.node.threads.floatingPoint.copy(source, to: destination)
      if destination == own { reference.node.threads.floatingPoint.renew(own) }
    }
  }

  /// How states lie in memory.
  public static var floatingPointLayout: StateLayout { NodeReference().node.threads.floatingPoint.layout }

  /// The running thread's state as it is now, to be read before interrupts are on again; `nil` if it has none.
  @export(interface)
  public static func savedFloatingPoint() -> FloatingPointBytes? {
    let reference = NodeReference()
    let state = current.fields.floatingPoint
    guard state != 0 else { return nil }
    reference.node.threads.floatingPoint.flush(state, own: state)
    return FloatingPointBytes(at: state, count: reference.node.threads.floatingPoint.layout.size)
  }

  /// Lets the running thread's state be written; with interrupts off.
  ///
  /// - Parameter body: gets the bytes, and answers whether they are a state that can be loaded; if not, the thread has a
  ///   new one.
  /// - Returns: what the body has answered.
  public static func replaceFloatingPoint(_ body: (inout MutableSpan<UInt8>) -> Bool) -> Bool {
    guard let bytes = savedFloatingPoint() else { return true }
    let reference = NodeReference()
    let state = current.fields.floatingPoint
    reference.node.threads.floatingPoint.forget(state, own: state)
    var span = bytes.mutableSpan()
    let isGood = body(&span)
    if !isGood { reference.node.threads.floatingPoint.initialize(state) }
    reference.node.threads.floatingPoint.renew(state)
    return isGood
  }

  /// Takes a thread's state away, if it has one; `exit` does it too.
  ///
  /// It goes on to carry more than its stack: there may be other reasons for that.
  @export(interface)
  public static func releaseFloatingPoint(of thread: ThreadReference) {
    Processor.withoutInterrupts {
      let state = thread.fields.floatingPoint
      guard state != 0 else { return }
      thread.fields.floatingPoint = 0
      let reference = NodeReference()
      reference.node.threads.floatingPoint.forget(
        state, own: reference.node.threads.scheduler.current.fields.floatingPoint)
      reference.node.threads.floatingPoint.free(state)
    }
  }

  /// Keeps the memory of states that are given back for the next ones.
  public static func keepSpareFloatingPointStates() {
    NodeReference().node.threads.floatingPoint.keepsSpareStates = true
  }

  /// Makes every switch to and from a thread look for what it carries besides its stack.
  @export(interface)
  public static func carryMore(_ thread: ThreadReference) {
    Processor.withoutInterrupts {
      thread.fields.carriesMore = true
      let reference = NodeReference()
      if thread == reference.node.threads.scheduler.current {
        reference.node.threads.noteBelongings(of: thread)
      }
    }
  }

  /// The state of a thread: if it had none, memory that the caller fills before interrupts are on again.
  private static func claim(_ thread: ThreadReference) -> StateAddress {
    if thread.fields.floatingPoint == 0 {
      thread.fields.floatingPoint = NodeReference().node.threads.floatingPoint.allocate()
      carryMore(thread)
    }
    return thread.fields.floatingPoint
  }
}

/// The memory of a thread's state, for a moment: nobody else touches it while the thread runs and interrupts are off.
@safe public struct FloatingPointBytes: BitwiseCopyable {
  private let start: UnsafeMutablePointer<UInt8>
  private let count: Int

  init?(at state: StateAddress, count: Int) {
    guard let start = unsafe UnsafeMutablePointer<UInt8>(bitPattern: state) else { return nil }
    unsafe self.start = start
    self.count = count
  }

  /// The bytes to read.
  @_lifetime(immortal)
  public func span() -> Span<UInt8> {
    // SAFETY: a state has so many bytes, and its thread, which runs, keeps it.
    let span = unsafe Span<UInt8>(_unsafeStart: UnsafePointer(start), count: count)
    return unsafe _overrideLifetime(span, copying: ())
  }

  /// The bytes to write.
  @_lifetime(immortal)
  func mutableSpan() -> MutableSpan<UInt8> {
    // SAFETY: as above.
    let span = unsafe MutableSpan<UInt8>(_unsafeStart: start, count: count)
    return unsafe _overrideLifetime(span, copying: ())
  }
}
