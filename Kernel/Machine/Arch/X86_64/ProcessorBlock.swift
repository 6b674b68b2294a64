/// What each processor of x86_64 has for itself: its descriptor tables and the stacks of its worst interrupts.

import Base
import CMachine
import X86

/// The descriptor tables of one processor, at a fixed place in memory.
///
/// A double fault, a non-maskable interrupt and a machine check can come when the stack is gone, so their gates
/// name entries of the interrupt stack table (AMD APM volume 2, 8.9.4).
public struct ProcessorBlock {
  /// The task-state segment: its ring 0 stack is the current thread's.
  public var task = TaskState64()
  private var segments: InlineArray<16, SegmentDescriptor> = .init(repeating: .null)
  private var gates: InlineArray<256, InterruptGate64> = .init(repeating: .absent)
  /// Where programs enter.
  public var gate = ProgramGate()
  /// Whether the end of this kernel is no end of the machine: others run on its other processors.
  public var leavesMachineRunning = false

  // Where the processor finds each part. The fields above are stored in this order; every size is a multiple of
  // the next part's alignment. (Embedded Swift has no key paths to ask for an offset.)
  private static let taskOffset: UInt = 0
  private static let segmentsOffset = UInt(TaskState64.size)
  private static let gatesOffset = segmentsOffset + UInt(Selectors64.entryCount * 8)
  // `GATE` in SystemCalls.asm.
  private static let gateOffset: UInt = 4328

  init() {}

  // Entries of the interrupt stack table.
  private static let doubleFaultStack = 1
  private static let nonMaskableStack = 2

  /// Fills in the tables of the processor that runs this and loads them.
  ///
  /// - Parameter block: where the block lies; it must never move afterwards.
  static func install(at block: UnsafeMutablePointer<ProcessorBlock>) {
    // SAFETY: the caller gives memory for the block that nothing else uses.
    precondition(
      gateOffset == gatesOffset + 256 * 16, "the program gate lies elsewhere than SystemCalls.asm says")
    unsafe block.initialize(to: ProcessorBlock())
    unsafe block.pointee.fillSegments(at: UInt64(UInt(bitPattern: block)))
    unsafe block.pointee.fillTask()
    unsafe block.pointee.fillGates()
    unsafe block.pointee.load(at: UInt(bitPattern: block))
  }

  /// The interrupt stacks are reached through page tables that are always in use: nothing to do on x86_64.
  public mutating func usePageTables(at root: UInt32) {}

  /// Sets the stack on which interrupts and calls of programs arrive.
  @inline(__always)
  mutating func setKernelStack(_ top: UInt) { task.rsp0 = UInt64(top) }

  /// Sets one of the three descriptors that belong to the thread that runs.
  @inline(__always)
  mutating func setArea(_ index: Int, _ descriptor: SegmentDescriptor) {
    segments[Int(Selectors64.firstArea / 8) + index] = descriptor
  }

  /// Puts a descriptor into an entry that nothing else uses and returns its selector.
  public mutating func setSpareSegment(_ descriptor: SegmentDescriptor) -> UInt16 {
    set(Selectors64.spare, descriptor)
    return Selectors64.spare
  }

  private mutating func fillSegments(at base: UInt64) {
    set(Selectors64.kernelCode, .code64(ring: 0))
    set(Selectors64.kernelData, .flatData(ring: 0))
    set(Selectors64.userCode32, .flatCode32(ring: 3))
    set(Selectors64.userData, .flatData(ring: 3))
    set(Selectors64.userCode64, .code64(ring: 3))
    let taskBase = base + UInt64(Self.taskOffset)
    set(
      Selectors64.task,
      .taskState(base: UInt32(truncatingIfNeeded: taskBase), limit: UInt32(TaskState64.size - 1)))
    set(Selectors64.task + 8, .taskStateUpperHalf(base: taskBase))
  }

  private mutating func fillTask() {
    task.rsp0 = UInt64(symbol_boot_stack_top())
    task[interruptStack: Self.doubleFaultStack] = UInt64(symbol_fault_stack_top())
    task[interruptStack: Self.nonMaskableStack] = UInt64(symbol_nmi_stack_top())
  }

  private mutating func fillGates() {
    for vector in 0..<256 { gates[vector] = gate(vector, stack: 0) }
    // What programs may raise by instructions: a breakpoint, an overflow, a call.
    for vector in 3...4 { gates[vector] = gate(vector, stack: 0, ring: 3) }
    gates[0x80] = .interrupt(
      offset: UInt64(symbol_system_call_interrupt()), selector: Selectors64.kernelCode, ring: 3)
    set(.doubleFault, stack: Self.doubleFaultStack)
    set(.nonMaskableInterrupt, stack: Self.nonMaskableStack)
  }

  private mutating func set(_ vector: ExceptionVector, stack: Int) {
    gates[Int(vector.rawValue)] = gate(Int(vector.rawValue), stack: UInt8(stack))
  }

  private func gate(_ vector: Int, stack: UInt8, ring: UInt8 = 0) -> InterruptGate64 {
    let entry = symbol_interrupt_stub_table() + UInt(vector * 8)
    let offset = UInt64(cpu_load32(entry + 4)) << 32 | UInt64(cpu_load32(entry))
    return .interrupt(offset: offset, selector: Selectors64.kernelCode, stack: stack, ring: ring)
  }

  private func load(at base: UInt) {
    cpu_lgdt(UInt16(MemoryLayout<InlineArray<16, SegmentDescriptor>>.size - 1), base + Self.segmentsOffset)
    cpu_load_code_segment(Selectors64.kernelCode)
    cpu_load_data_segments(Selectors64.kernelData)
    cpu_load_fs(0)
    cpu_load_gs(0)
    cpu_lldt(0)
    let gatesBase = base + Self.gatesOffset
    cpu_lidt(UInt16(MemoryLayout<InlineArray<256, InterruptGate64>>.size - 1), gatesBase)
    cpu_ltr(Selectors64.task)
    loadCallRegisters(at: base)
  }

  /// Lets programs use `syscall` (AMD APM volume 2, 6.1.1), and gs name this block while the kernel runs.
  private func loadCallRegisters(at base: UInt) {
    cpu_wrmsr(ModelRegister.extendedFeatures, cpu_rdmsr(ModelRegister.extendedFeatures) | 1)
    // sysret takes 32-bit code from here, data 8 and 64-bit code 16 bytes on; syscall takes ring 0 code, data behind.
    let selectors = UInt64(Selectors64.userCode32) << 16 | UInt64(Selectors64.kernelCode)
    cpu_wrmsr(ModelRegister.callSelectors, selectors << 32)
    cpu_wrmsr(ModelRegister.callEntry, UInt64(symbol_system_call_instruction()))
    cpu_wrmsr(ModelRegister.compatibleCallEntry, UInt64(symbol_system_call_compatible()))
    // Flags that are clear in the kernel: trap, interrupt, direction, privilege level, nested task, resume, alignment.
    cpu_wrmsr(ModelRegister.callFlagMask, 0x5_7700)
    // CPUID.1:EDX bit 11: sysenter, which takes ring 0 data behind ring 0 code.
    if cpu_cpuid(1, 0).edx >> 11 & 1 == 1 {
      cpu_wrmsr(ModelRegister.sysenterCode, UInt64(Selectors64.kernelCode))
      cpu_wrmsr(ModelRegister.sysenterStack, UInt64(symbol_sysenter_stack_top()))
      cpu_wrmsr(ModelRegister.sysenterEntry, UInt64(symbol_system_call_sysenter()))
    }
    cpu_wrmsr(ModelRegister.gsBase, UInt64(base))
    cpu_wrmsr(ModelRegister.kernelGSBase, 0)
  }

  private mutating func set(_ selector: UInt16, _ descriptor: SegmentDescriptor) {
    segments[Int(selector) / 8] = descriptor
  }
}
