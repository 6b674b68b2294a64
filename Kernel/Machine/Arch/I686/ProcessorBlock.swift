/// What each processor of i686 has for itself: its descriptor tables and the tasks of its two worst interrupts.

import Base
import CMachine
import X86

/// The descriptor tables of one processor, at a fixed place in memory.
///
/// A double fault and a non-maskable interrupt can come when the stack is gone, so they switch to tasks with stacks
/// of their own (Intel SDM volume 3, 6.12.2); all other vectors are interrupt gates.
public struct ProcessorBlock {
  /// The task that everything but the two below runs in; its ring 0 stack is the current thread's.
  public var task = TaskState32()
  /// The task of double faults.
  public var doubleFaultTask = TaskState32()
  /// The task of non-maskable interrupts.
  public var nonMaskableTask = TaskState32()
  private var segments: InlineArray<32, SegmentDescriptor> = .init(repeating: .null)
  private var gates: InlineArray<256, InterruptGate32> = .init(repeating: .absent)
  /// Where programs enter.
  public var gate = ProgramGate()
  /// Whether the end of this kernel is no end of the machine: others run on its other processors.
  public var leavesMachineRunning = false

  // Where the processor finds each part. The fields above are stored in this order; every size is a multiple of
  // the next part's alignment. (Embedded Swift has no key paths to ask for an offset.)
  private static let taskOffset: UInt32 = 0
  private static let doubleFaultTaskOffset = UInt32(TaskState32.size)
  private static let nonMaskableTaskOffset = UInt32(2 * TaskState32.size)
  private static let segmentsOffset = UInt32(3 * TaskState32.size)
  private static let gatesOffset = segmentsOffset + UInt32(Selectors32.entryCount * 8)
  // `GATE` in SystemCalls.asm.
  private static let gateOffset: UInt32 = 2616

  init() {}

  /// Fills in the tables of the processor that runs this and loads them.
  ///
  /// - Parameter block: where the block lies; it must never move afterwards.
  static func install(at block: UnsafeMutablePointer<ProcessorBlock>) {
    // SAFETY: the caller gives memory for the block that nothing else uses.
    precondition(
      gateOffset == gatesOffset + 256 * 8, "the program gate lies elsewhere than SystemCalls.asm says")
    unsafe block.initialize(to: ProcessorBlock())
    unsafe block.pointee.fillSegments(at: UInt32(UInt(bitPattern: block)))
    unsafe block.pointee.fillTasks()
    unsafe block.pointee.fillGates()
    unsafe block.pointee.load(at: UInt(bitPattern: block))
  }

  /// Gives the three tasks the page tables in use; called after every change of the kernel's tables.
  public mutating func usePageTables(at root: UInt32) {
    // A switch never saves cr3: also the first task needs it to be jumped back to.
    task.cr3 = root
    doubleFaultTask.cr3 = root
    nonMaskableTask.cr3 = root
  }

  /// Sets the stack on which interrupts of programs arrive.
  @inline(__always)
  mutating func setKernelStack(_ top: UInt) { task.esp0 = UInt32(top) }

  /// Sets one of the three descriptors that belong to the thread that runs.
  @inline(__always)
  mutating func setArea(_ index: Int, _ descriptor: SegmentDescriptor) {
    segments[Int(Selectors32.firstArea / 8) + index] = descriptor
  }

  /// Where the descriptor table lies, for whoever loads another and this one again.
  public var segmentsAddress: UInt { symbol_processor_block() + UInt(Self.segmentsOffset) }

  /// Where the interrupt gates lie.
  public var gatesAddress: UInt { symbol_processor_block() + UInt(Self.gatesOffset) }

  /// Puts a descriptor into an entry that nothing else uses and returns its selector.
  public mutating func setSpareSegment(_ descriptor: SegmentDescriptor) -> UInt16 {
    set(Selectors32.spare, descriptor)
    return Selectors32.spare
  }

  /// Makes an entry name a task that is not running.
  @inline(__always)
  public mutating func setTask(_ selector: UInt16, at base: UInt32) {
    set(selector, descriptor(ofTaskAt: base))
  }

  /// The task that one of the two worst interrupts has left: whatever the link in its own task names.
  public func interruptedTask(by task: TaskState32) -> TaskState32 {
    let raw = segments[Int(task.previousTask & 0xFFFF) / 8].rawValue
    let base = UInt((raw >> 16) & 0xFF_FFFF | (raw >> 56) << 24)
    guard let pointer = unsafe UnsafePointer<TaskState32>(bitPattern: base) else { return self.task }
    // SAFETY: the processor has just saved a task there.
    return unsafe pointer.pointee
  }

  private mutating func fillSegments(at base: UInt32) {
    set(Selectors32.kernelCode, .flatCode32(ring: 0))
    set(Selectors32.kernelData, .flatData(ring: 0))
    set(Selectors32.userCode, .flatCode32(ring: 3))
    set(Selectors32.userData, .flatData(ring: 3))
    set(Selectors32.task, descriptor(ofTaskAt: base + Self.taskOffset))
    set(Selectors32.doubleFaultTask, descriptor(ofTaskAt: base + Self.doubleFaultTaskOffset))
    set(Selectors32.nonMaskableTask, descriptor(ofTaskAt: base + Self.nonMaskableTaskOffset))
  }

  private mutating func fillTasks() {
    task.ss0 = UInt32(Selectors32.kernelData)
    task.esp0 = UInt32(symbol_boot_stack_top())
    doubleFaultTask = Self.kernelTask(
      entry: symbol_double_fault_task_entry(), stack: symbol_fault_stack_top())
    nonMaskableTask = Self.kernelTask(entry: symbol_nmi_task_entry(), stack: symbol_nmi_stack_top())
    usePageTables(at: UInt32(cpu_read_cr3()))
  }

  private mutating func fillGates() {
    for vector in 0..<256 {
      let offset = cpu_load32(symbol_interrupt_stub_table() + UInt(vector * 4))
      gates[vector] = .interrupt(offset: offset, selector: Selectors32.kernelCode)
    }
    // What programs may raise by instructions: a breakpoint, an overflow, a call.
    for vector in 3...4 {
      let offset = cpu_load32(symbol_interrupt_stub_table() + UInt(vector * 4))
      gates[vector] = .interrupt(offset: offset, selector: Selectors32.kernelCode, ring: 3)
    }
    gates[0x80] = .interrupt(
      offset: UInt32(symbol_system_call_interrupt()), selector: Selectors32.kernelCode, ring: 3)
    gates[Int(ExceptionVector.doubleFault.rawValue)] = .task(selector: Selectors32.doubleFaultTask)
    gates[Int(ExceptionVector.nonMaskableInterrupt.rawValue)] = .task(selector: Selectors32.nonMaskableTask)
  }

  private func load(at base: UInt) {
    cpu_lgdt(
      UInt16(MemoryLayout<InlineArray<32, SegmentDescriptor>>.size - 1), base + UInt(Self.segmentsOffset))
    cpu_load_code_segment(Selectors32.kernelCode)
    cpu_load_data_segments(Selectors32.kernelData)
    cpu_load_fs(0)
    cpu_load_gs(0)
    cpu_lldt(0)
    let gatesBase = base + UInt(Self.gatesOffset)
    cpu_lidt(UInt16(MemoryLayout<InlineArray<256, InterruptGate32>>.size - 1), gatesBase)
    cpu_ltr(Selectors32.task)
    // CPUID.1:EDX bit 11: sysenter.
    if cpu_cpuid(1, 0).edx >> 11 & 1 == 1 {
      cpu_wrmsr(ModelRegister.sysenterCode, UInt64(Selectors32.kernelCode))
      cpu_wrmsr(ModelRegister.sysenterStack, UInt64(symbol_sysenter_stack_top()))
      cpu_wrmsr(ModelRegister.sysenterEntry, UInt64(symbol_system_call_sysenter()))
    }
  }

  private mutating func set(_ selector: UInt16, _ descriptor: SegmentDescriptor) {
    segments[Int(selector) / 8] = descriptor
  }

  private func descriptor(ofTaskAt base: UInt32) -> SegmentDescriptor {
    .taskState(base: base, limit: UInt32(TaskState32.size - 1))
  }

  private static func kernelTask(entry: UInt, stack: UInt) -> TaskState32 {
    var state = TaskState32()
    state.eip = UInt32(entry)
    state.esp = UInt32(stack)
    state.cs = UInt32(Selectors32.kernelCode)
    (state.ss, state.ds, state.es) = (
      UInt32(Selectors32.kernelData), UInt32(Selectors32.kernelData), UInt32(Selectors32.kernelData)
    )
    return state
  }
}
