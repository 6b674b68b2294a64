/// What a program's pages cost, measured by a program of 28 bytes in ring 3.

import AddressSpace
import Arch
import Base
import CMachine
import Log
import Paging
import Regions
import Runtime
import Scheduling
import UserMemory
import X86

/// What a run of the program does with pages.
enum PageBenchmark {
  /// It writes pages that nobody has touched, with frames that idle time has cleared.
  case cleared
  /// The same without such frames.
  case uncleared
  /// It writes pages that it has in common with a copy of itself.
  case common
}

/// Touches pages in ring 3; a sample is one touch, read from the tick counter before and after.
func benchmarkPages(_ name: Text, _ kind: PageBenchmark) {
  startUserMemory()
  let samples = Samples(wanted: 960)
  while !samples.isComplete {
    let program = BenchProgram()
    var copy: UserSpace?
    if kind == .common {
      cpu_cli()
      program.prepare(write: true)
      copy = try? unsafe UserMemory.fork(&program.space.pointee)
      cpu_sti()
    }
    switch kind {
    case .cleared: while UserMemory.clearOneFrame() {}
    default: UserMemory.giveClearedFramesBack()
    }
    program.run()
    // The first touches make tables: of a page's price that is a share of 1 in 512.
    for index in 2..<BenchProgram.pages { samples.add(program.sample(index)) }
    program.end()
    if var copy { UserMemory.destroy(&copy) }
  }
  samples.report(name)
}

/// Copies an address space with 48 pages of data and gives the copy back: the memory's part of a fork and an exit.
func benchmarkFork(_ name: Text) {
  startUserMemory()
  let samples = Samples(wanted: 200)
  let program = BenchProgram()
  cpu_cli()
  program.prepare(write: true)
  while !samples.isComplete {
    samples.begin()
    guard var copy = try? unsafe UserMemory.fork(&program.space.pointee) else {
      preconditionFailure("no copy of a space")
    }
    UserMemory.destroy(&copy)
    samples.end()
  }
  cpu_sti()
  program.end()
  samples.report(name)
}

private func startUserMemory() {
  guard NodeReference().node.userMemory == 0 else { return }
  var hooks = UserMemoryHooks()
  hooks.currentSpace = { BenchProgram.currentSpace }
  do { try UserMemory.start(hooks) } catch { preconditionFailure("programs' memory does not start") }
  Processor.block.gate.exceptionHandler = { BenchProgram.exception($0) }
}

/// The program: it touches one page after the other and writes down how long each touch took, then stops.
///
///     again:  rdtsc
///             mov     esi, eax
///             mov     byte [edi], 1
///             rdtsc
///             sub     eax, esi
///             mov     [ebx], eax
///             add     ebx, 4
///             add     edi, 4096
///             dec     ecx
///             jnz     again
///             ud2
///
/// The same bytes mean the same in 32-bit and in 64-bit code.
@safe private struct BenchProgram {
  static let pages: UInt = 48
  private static let code: [28 of UInt8] = [
    0x0F, 0x31, 0x89, 0xC6, 0xC6, 0x07, 0x01, 0x0F, 0x31, 0x29, 0xF0, 0x89, 0x03, 0x83, 0xC3, 0x04,
    0x81, 0xC7, 0x00, 0x10, 0x00, 0x00, 0xFF, 0xC9, 0x75, 0xE6, 0x0F, 0x0B,
  ]
  private static let data: UInt = 0x1000_0000
  private static let times: UInt = 0x2000_0000

  /// A page of the heap: the record, then the space's address, then whether the program has ended.
  private let record: UInt
  let space: UnsafeMutablePointer<UserSpace>
  private let entry: UInt

  init() {
    cpu_cli()
    record = KernelHeap.allocate(4096).rawValue
    cpu_clear_page(record)
    #if arch(i386)
      let layout = UserLayout.i386
    #else
      let layout = UserLayout.x86_64
    #endif
    unsafe space =
      UnsafeMutablePointer(
        bitPattern: KernelHeap.allocate(MemoryLayout<UserSpace>.size).rawValue
      ).unsafelyUnwrapped
    do {
      // SAFETY: the heap has just given memory for it.
      unsafe space.initialize(to: try UserMemory.makeSpace(layout))
      guard let frame = UserMemory.takeFrame() else { preconditionFailure("no frame") }
      for index in 0..<28 { cpu_store8(NodeSpaceMemory.address(of: frame) + UInt(index), Self.code[index]) }
      entry = unsafe try UserMemory.mapKernelPage(frame, in: &space.pointee)
      UserMemory.release(frame)
      let data = RegionContent(.readWrite)
      let size = Self.pages << 12
      _ = unsafe try UserMemory.map(MapRequest(size, at: Self.data, .fixed, data), in: &space.pointee)
      _ = unsafe try UserMemory.map(MapRequest(4096, at: Self.times, .fixed, data), in: &space.pointee)
      unsafe try UserMemory.mapStack(in: &space.pointee)
    } catch { preconditionFailure("no space for a program") }
    cpu_sti()
    prepare(write: false)
  }

  /// Touches the page for the times, and the data if it is to be there.
  func prepare(write: Bool) {
    _ = unsafe UserMemory.view(of: Self.times, for: .write, in: &space.pointee)
    guard write else { return }
    for page in 0..<Self.pages {
      _ = unsafe UserMemory.view(of: Self.data + page << 12, for: .write, in: &space.pointee)
    }
  }

  func run() {
    guard let place = unsafe UnsafeMutablePointer<ProgramContext>(bitPattern: record) else { return }
    // SAFETY: the record's page is the program's as long as it lives.
    unsafe place.initialize(to: ProgramContext())
    unsafe UnsafeMutablePointer<UInt>(bitPattern: record + 2048)?.pointee = UInt(bitPattern: space)
    cpu_store32(record + 2056, 0)
    var frame = TrapFrame()
    #if arch(i386)
      (frame.eip, frame.cs, frame.eflags) = (UInt32(entry), UInt32(Selectors32.userCode), 0x202)
      (frame.espOfOuterRing, frame.ssOfOuterRing) = (0xBFFF_E000, UInt32(Selectors32.userData))
      (frame.ds, frame.es) = (UInt32(Selectors32.userData), UInt32(Selectors32.userData))
      (frame.edi, frame.ebx) = (UInt32(Self.data), UInt32(Self.times))
      frame.ecx = UInt32(Self.pages)
    #else
      (frame.rip, frame.cs, frame.rflags) = (UInt64(entry), UInt64(Selectors64.userCode64), 0x202)
      (frame.rsp, frame.ss) = (0x7FFF_FFFF_D000, UInt64(Selectors64.userData))
      (frame.rdi, frame.rbx) = (UInt64(Self.data), UInt64(Self.times))
      frame.rcx = UInt64(Self.pages)
    #endif
    cpu_cli()
    guard
      (try? unsafe Threads.createProgram(
        ThreadName("program"), level: PriorityLevel(truncating: 20),
        space: UserMemory.root(of: space.pointee),
        registers: &frame, record: place)) != nil
    else { preconditionFailure("no thread for a program") }
    cpu_sti()
    while cpu_load32(record + 2056) == 0 { Threads.yield() }
  }

  /// The time of a touch.
  func sample(_ index: UInt) -> UInt32 {
    let place = unsafe UserMemory.view(of: Self.times + index * 4, for: .read, in: &space.pointee)
    return place.map { cpu_load32($0) } ?? 0
  }

  func end() {
    cpu_cli()
    unsafe UserMemory.destroy(&space.pointee)
    unsafe KernelHeap.free(VirtualAddress(UInt(bitPattern: space)))
    KernelHeap.free(VirtualAddress(record))
    cpu_sti()
  }

  /// The space of the program whose thread runs, or 0.
  static var currentSpace: UInt {
    let record = Processor.block.gate.task
    guard record != 0 else { return 0 }
    return unsafe UnsafePointer<UInt>(bitPattern: record + 2048)?.pointee ?? 0
  }

  /// A page fault is seen to; anything else ends the program.
  static func exception(_ address: UInt) {
    guard let frame = unsafe UnsafePointer<TrapFrame>(bitPattern: address) else { return }
    // SAFETY: the entry passes the frame that it has just pushed, and the space is that of the thread that runs.
    let vector = unsafe frame.pointee.vector
    if vector == 14,
      let space = unsafe UnsafeMutablePointer<UserSpace>(bitPattern: currentSpace)
    {
      // SAFETY: as above.
      let error = PageFaultError(rawValue: UInt32(truncatingIfNeeded: unsafe frame.pointee.errorCode))
      if unsafe UserMemory.fault(error, at: cpu_read_cr2(), in: &space.pointee) == .resolved { return }
    }
    cpu_store32(Processor.block.gate.task + 2056, 1)
    Processor.unloadProgram()
    Threads.exit(code: 0)
  }
}
