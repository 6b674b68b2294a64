/// Where programs enter the kernel, and what the entry code needs to know.
///
/// The entries are in `Kernel/Machine/Arch/*/SystemCalls.asm`, which knows the offsets of these fields.

import CMachine
import X86

/// A part of the processor's block: the thread of a program that is loaded, and who performs its calls.
///
/// - Invariant: the fields lie in the order in which the assembly names them.
public struct ProgramGate {
  /// Performs a call; on x86_64 it answers whether only `rax` has changed.
  public typealias Handler = @convention(c) (UInt) -> Bool
  /// Performs a call by a short way: gets its first four arguments, and answers its result if that is 0 or more and there is
  /// nothing else to do, or a number below 0 for `quickEnd`.
  public typealias QuickHandler = @convention(c) (UInt, UInt, UInt, UInt) -> Int
  /// Goes on after a short way.
  public typealias QuickEnd = @convention(c) (UInt, Int) -> Bool
  /// Sees to an exception of a program, or to what is due before a program goes on.
  public typealias FrameHandler = @convention(c) (UInt) -> Void

  /// Performs a call of Apus's own; gets its five arguments and `task`, answers the result.
  public typealias PortHandler = @convention(c) (UInt, UInt, UInt, UInt, UInt, UInt) -> Int

  /// The address of the record of the thread whose segments are loaded, or 0; it begins with a `ProgramContext`.
  public var task: UInt = 0
  /// The first number that is not looked up in `answers`; 0 lets every call be performed by the handler.
  public var limit: UInt = 0
  /// Who performs the calls of this architecture's programs.
  public var handler: Handler?
  /// x86_64: the program's stack pointer for a moment.
  var scratch: UInt = 0
  #if !arch(i386)
    /// The first number that is not looked up in `answers32`.
    public var limit32: UInt = 0
    /// Who performs the calls of i386 programs.
    public var handler32: FrameHandler?
  #endif
  /// Who performs `port_call`.
  public var portCall: PortHandler = { _, _, _, _, _, _ in -38 }
  /// Who performs `port_reply`.
  public var portReply: PortHandler = { _, _, _, _, _, _ in -38 }
  /// Who sees to what there is after either, with the whole frame.
  public var portEnd: FrameHandler = { _ in }
  /// For each number the offset of the answer in the thread's record, or 0 for calls that have to be performed.
  public var answers: InlineArray<512, UInt8> = .init(repeating: 0)
  #if !arch(i386)
    /// The same for i386 programs.
    public var answers32: InlineArray<512, UInt8> = .init(repeating: 0)
  #endif
  /// A bit for each call that has a short way, which is that of the lowest three bits of its number.
  public var quickCalls: InlineArray<16, UInt32> = .init(repeating: 0)
  /// The short ways.
  public var quickHandlers: InlineArray<8, QuickHandler?> = .init(repeating: nil)
  /// Who goes on where a short way has ended otherwise than usual: gets the frame and what the handler has answered, and
  /// answers as `handler` does.
  public var quickEnd: QuickEnd?
  /// Who sees to exceptions of programs.
  public var exceptionHandler: FrameHandler?
  /// Who is asked before a program goes on after an interrupt.
  public var leaveHandler: FrameHandler?
  /// Who sees to page faults of the kernel's own where it copies to and from programs; answers whether it was one.
  public var copyFaultHandler: Handler?

  init() {}

  /// Gives a call a short way.
  ///
  /// - Parameters:
  ///   - number: below 512; no two with a short way have the same lowest three bits.
  ///   - handler: who performs it.
  public mutating func setQuick(_ number: Int, _ handler: QuickHandler) {
    precondition(quickHandlers[number & 7] == nil, "two calls have the same short way")
    quickCalls[number >> 5] |= 1 << UInt32(number & 31)
    quickHandlers[number & 7] = handler
  }
}

/// What the processor has loaded while a program's thread runs, besides its trap frame.
///
/// The first words are answers to calls: see `ProgramGate.answers`. Offset 0 can't be one: the first is another thing that
/// the entries ask for.
public struct ProgramContext: BitwiseCopyable {
  /// Whether something is to be seen to before the program goes on: a signal, an end, a stop.
  public var hasWork = false
  /// The process and the thread, by number.
  public var process, thread: UInt
  /// The parent of the process.
  public var parent: UInt = 0
  /// Who the process acts for.
  public var user, effectiveUser, group, effectiveGroup: UInt
  /// i686: where the page for `sysenter` returns to, as the program sees it.
  public var sysenterReturn: UInt = 0
  /// Where the kernel's stack of the thread begins.
  public var kernelStack: UInt = 0
  /// The base addresses of `fs` and `gs` in 64-bit code.
  public var fsBase, gsBase: UInt
  /// The thread's own descriptors.
  public private(set) var areas: InlineArray<3, SegmentDescriptor> = .init(repeating: .null)
  // How many of them there are.
  private(set) var areaCount: UInt = 0
  /// Where the program keeps messages in memory that the kernel has too, as the program sees it.
  public var messageAddress: UInt = 0
  /// The same as the kernel sees it, less a word for the length; 0 if there is no such memory.
  public var messagePlace: UInt = 0
  // x86_64: the selectors that the program has loaded, 16 bits each.
  private var selectors: UInt64 = 0

  /// Sets one of the thread's own descriptors.
  public mutating func setArea(_ index: Int, _ descriptor: SegmentDescriptor) {
    areas[index] = descriptor
    areaCount = 0
    for index in 0..<3 where areas[index] != .null { areaCount += 1 }
  }

  /// x86_64: notes all four.
  @inline(__always)
  public mutating func setSelectors(_ ds: UInt16, _ es: UInt16, _ fs: UInt16, _ gs: UInt16) {
    selectors = UInt64(ds) | UInt64(es) << 16 | UInt64(fs) << 32 | UInt64(gs) << 48
  }

  private func selector(_ index: UInt64) -> UInt16 { UInt16(truncatingIfNeeded: selectors >> (16 * index)) }
  private mutating func setSelector(_ index: UInt64, _ value: UInt16) {
    selectors = selectors & ~(0xFFFF << (16 * index)) | UInt64(value) << (16 * index)
  }

  /// x86_64: the selector that the program has loaded into `ds`.
  public var ds: UInt16 {
    get { selector(0) }
    set { setSelector(0, newValue) }
  }
  /// The same of `es`.
  public var es: UInt16 {
    get { selector(1) }
    set { setSelector(1, newValue) }
  }
  /// The same of `fs`.
  public var fs: UInt16 {
    get { selector(2) }
    set { setSelector(2, newValue) }
  }
  /// The same of `gs`.
  public var gs: UInt16 {
    get { selector(3) }
    set { setSelector(3, newValue) }
  }

  /// x86_64: whether the program has none loaded.
  @inline(__always)
  public var hasNoSelectors: Bool { selectors == 0 }

  /// x86_64: what the way from one thread to another asks: no bit is set if there are neither selectors nor descriptors of
  /// its own.
  @inline(__always)
  var segments: UInt64 { selectors | UInt64(areaCount) }

  /// x86_64: notes that it has no selectors loaded.
  @inline(__always)
  mutating func clearSelectors() { selectors = 0 }

  /// A context of zeros.
  public init() {
    (process, thread, user, effectiveUser, group, effectiveGroup) = (0, 0, 0, 0, 0, 0)
    (fsBase, gsBase) = (0, 0)
  }
}

extension Processor {
  /// Gives the processor to a program's thread: its kernel stack and its segments.
  ///
  /// Called with interrupts off, before the thread is switched to.
  ///
  /// - Parameter record: the thread's record, which begins with a `ProgramContext`.
  @inline(__always)
  public static func load(program record: UInt) {
    let last = block.gate.task
    if last == record { return }
    if last == 0 { return loadAll(record, after: 0) }
    load(program: record, after: last)
  }

  /// The same where another program's thread is loaded.
  ///
  /// Of the segments mostly little changes: programs of i386 have one descriptor of their own and the rest in the trap frame,
  /// those of x86_64 have no selectors loaded and two base addresses.
  @inline(__always)
  public static func load(program record: UInt, after last: UInt) {
    // SAFETY: the caller names the record of a thread that lives; the one that was loaded lives too, or `unload`
    // would have been called.
    let next = unsafe UnsafePointer<ProgramContext>(bitPattern: record).unsafelyUnwrapped
    let old = unsafe UnsafeMutablePointer<ProgramContext>(bitPattern: last).unsafelyUnwrapped
    #if arch(i386)
      block.gate.task = record
      unsafe block.setKernelStack(next.pointee.kernelStack)
      if unsafe next.pointee.areaCount | old.pointee.areaCount != 0 {
        for index in 0..<3 { unsafe block.setArea(index, next.pointee.areas[index]) }
      }
    #else
      let now = UInt64(cpu_read_ds() | cpu_read_es() | cpu_read_fs() | cpu_read_gs())
      guard unsafe now | next.pointee.segments | UInt64(old.pointee.areaCount) == 0 else {
        return loadAll(record, after: last)
      }
      block.gate.task = record
      unsafe block.setKernelStack(next.pointee.kernelStack)
      unsafe old.pointee.clearSelectors()
      // A program may have changed what the registers hold by loading a selector and then none: to a base of 0, since
      // neither has descriptors of its own.
      if unsafe next.pointee.fsBase | old.pointee.fsBase != 0 {
        cpu_wrmsr(ModelRegister.fsBase, UInt64(unsafe next.pointee.fsBase))
      }
      if unsafe next.pointee.gsBase | old.pointee.gsBase != 0 {
        cpu_wrmsr(ModelRegister.kernelGSBase, UInt64(unsafe next.pointee.gsBase))
      }
    #endif
  }

  /// The same where nothing is known.
  ///
  /// - Parameter last: the record that was loaded, or 0.
  @inline(never)
  private static func loadAll(_ record: UInt, after last: UInt) {
    guard let next = unsafe UnsafePointer<ProgramContext>(bitPattern: record) else { return }
    // SAFETY: as above.
    block.gate.task = record
    unsafe block.setKernelStack(next.pointee.kernelStack)
    for index in 0..<3 { unsafe block.setArea(index, next.pointee.areas[index]) }
    #if !arch(i386)
      if let old = unsafe UnsafeMutablePointer<ProgramContext>(bitPattern: last) {
        unsafe saveSegments(&old.pointee)
      }
      unsafe loadSegments(next.pointee)
    #endif
  }

  /// Forgets the loaded thread's segments: the thread ends, or has changed its context.
  @export(interface)
  public static func unloadProgram() { block.gate.task = 0 }

  /// Loads what the current thread's context says, after a change to it.
  @export(interface)
  public static func reloadProgram() {
    guard let context = unsafe UnsafePointer<ProgramContext>(bitPattern: block.gate.task) else { return }
    // SAFETY: as for `load(program:)`.
    for index in 0..<3 { unsafe block.setArea(index, context.pointee.areas[index]) }
    #if !arch(i386)
      unsafe loadSegments(context.pointee)
    #endif
  }

  #if !arch(i386)
    /// The selectors that the running program has loaded.
    public static var programSelectors: (ds: UInt16, es: UInt16, fs: UInt16, gs: UInt16) {
      (cpu_read_ds(), cpu_read_es(), cpu_read_fs(), cpu_read_gs())
    }

    /// Loads selectors for the running program; each must be 0 or name a data segment of ring 3.
    public static func setProgramSelectors(_ selectors: (ds: UInt16, es: UInt16, fs: UInt16, gs: UInt16)) {
      cpu_load_ds(selectors.ds)
      cpu_load_es(selectors.es)
      cpu_load_fs(selectors.fs)
      cpu_load_program_gs(selectors.gs)
    }

    /// Sets the base of `fs` or `gs` of the running program of x86_64.
    public static func setProgramBase(_ base: UInt, isFS: Bool) {
      cpu_wrmsr(isFS ? ModelRegister.fsBase : ModelRegister.kernelGSBase, UInt64(base))
    }
  #endif

  // On i686 the selectors are in the trap frame.
  #if !arch(i386)
    @inline(never)
    private static func saveSegments(_ context: inout ProgramContext) {
      context.setSelectors(cpu_read_ds(), cpu_read_es(), cpu_read_fs(), cpu_read_gs())
    }

    @inline(never)
    private static func loadSegments(_ context: ProgramContext) {
      cpu_load_ds(context.ds)
      cpu_load_es(context.es)
      // A selector brings its own base; without one the base is a register of its own.
      cpu_load_fs(context.fs)
      if context.fs == 0 { cpu_wrmsr(ModelRegister.fsBase, UInt64(context.fsBase)) }
      cpu_load_program_gs(context.gs)
      if context.gs == 0 { cpu_wrmsr(ModelRegister.kernelGSBase, UInt64(context.gsBase)) }
    }
  #endif
}
