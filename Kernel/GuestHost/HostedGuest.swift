/// A guest that runs: a thread that enters it again and again.

import Arch
import Base
import BootInformation
import CMachine
import GuestImage
import GuestInterface
import Hypervisor
import Log
import Paging
import Runtime
import Scheduling
import ShadowPaging
import Sync

/// One guest and what the machine has of it.
///
/// It is made where it stays, on the heap: with its storage it is larger than a thread's stack would like.
struct HostedGuest: ~Copyable {
  var guest: Guest<PAEFormat>
  var memory: MachineGuestMemory
  let pages: WorldPages
  let number: UInt32
  /// Exits after which the shadow tables are looked through; 0 for never.
  private var auditInterval: UInt32 = 0
  private var exitsToAudit: UInt32 = 0
  /// How often that was done.
  private(set) var audits: UInt64 = 0
  /// The root of the shadow that the state page names.
  private var shownRoot: UInt32 = .max
  /// When others of the level are to run.
  private var turnEnd: UInt64 = 0
  /// Places that the way into the guest needs each time.
  private let switchEntry: UInt
  private let stateAddress: UInt
  private let registersAddress: UInt

  /// Memory for a guest and its storage.
  static var byteCount: Int { storageOffset + MemoryLayout<GuestStorage>.stride }
  private static var storageOffset: Int { (MemoryLayout<HostedGuest>.stride + 63) & ~63 }

  /// Makes a guest at an address, with nothing in its memory yet.
  ///
  /// - Safety: `place` must be `byteCount` bytes aligned to 64, that nobody else uses.
  @unsafe static func make(
    at place: UnsafeMutableRawPointer, megabytes: UInt32, slot: Int, number: UInt32
  ) throws(GuestStartError) -> UnsafeMutablePointer<HostedGuest> {
    let pages: WorldPages
    do { pages = try WorldPages(slot: slot) } catch { throw .memory }
    var memory: MachineGuestMemory
    do { memory = try MachineGuestMemory(megabytes: megabytes, pages: pages) } catch {
      pages.release()
      throw .memory
    }
    let hosted = unsafe place.assumingMemoryBound(to: HostedGuest.self)
    do {
      // SAFETY: the caller gives the memory; the registers' page is this guest's, and the switch keeps them there.
      let guest = try unsafe Guest(
        entry: 0, registers: pages.registerPointer,
        storage: (place + storageOffset).assumingMemoryBound(to: GuestStorage.self), clock: clock,
        format: WorldPages.format, in: &memory)
      unsafe hosted.initialize(
        to: HostedGuest(guest: guest, memory: memory, pages: pages, number: number))
    } catch {
      memory.release()
      pages.release()
      throw .memory
    }
    return unsafe hosted
  }

  private init(
    guest: consuming Guest<PAEFormat>, memory: consuming MachineGuestMemory, pages: WorldPages, number: UInt32
  ) {
    self.guest = guest
    self.memory = memory
    self.pages = pages
    self.number = number
    switchEntry = WorldPages.entry
    stateAddress = pages.state
    registersAddress = pages.registers
  }

  private static var clock: GuestClock {
    GuestClock(ticksPerMillisecond: NodeReference().node.clock.ticksPerMillisecond, startSeconds: 0)
  }

  /// Fills the guest's memory from a boot module, and from the one behind it if that is its ramdisk.
  mutating func load(module index: Int, _ start: GuestStart) throws(GuestStartError) {
    auditInterval = start.description.auditInterval
    let reference = NodeReference()
    let module = reference.node.boot.module(at: index)
    do throws(GuestImageError) {
      guard let image = Ramdisk.span(of: module) else {
        throw .init(.segmentOutsideMemory, module.start.rawValue)
      }
      let entry = try GuestImage(image).load(into: &memory)
      try reference.node.boot.prepareGuest(
        module: index, start, ramdisk: try BootModules.ramdisk(behind: index), in: &memory)
      guest.registers = GuestRegisters(entry: entry)
    } catch {
      throw .image(error)
    }
  }

  /// Gives back everything.
  mutating func release() {
    guest.release(in: &memory)
    memory.release()
    pages.release()
  }

  /// Runs the guest until it ends.
  ///
  /// - Parameter alarm: leaves the guest when its clock is due.
  mutating func run(_ alarm: GuestAlarm) -> GuestEnd {
    var deadline: UInt64 = .max
    while true {
      if alarm.fields.isDue || !guest.isReady {
        alarm.fields.isDue = false
        switch guest.prepareEntry(in: &memory) {
        case .end(let end): return end
        case .wait:
          waitForInterrupt()
          continue
        default: deadline = nextLook
        }
        harden()
        alarm.set(deadline)
      }
      enter()
      if guest.handleShortExit(in: &memory) { continue }
      if case .end(let end) = serve() { return end }
      harden()
      endTurn()
      if auditInterval != 0 { countAudit() }
      if guest.clockDeadline < deadline {
        deadline = guest.clockDeadline
        alarm.set(deadline)
      }
    }
  }

  /// Lets other threads of the level run after 10 ms.
  ///
  /// The scheduler's slices begin anew whenever a more urgent thread has run, and a guest has one that it wakes at will:
  /// its clock's.
  @inline(__always)
  private mutating func endTurn() {
    let now = cpu_rdtsc()
    guard now >= turnEnd else { return }
    turnEnd = now &+ 10 &* NodeReference().node.clock.ticksPerMillisecond
    Threads.yield()
  }

  /// Looks through all shadow tables, now and then; what it finds is our mistake and no guest's.
  @inline(never)
  private mutating func countAudit() {
    exitsToAudit += 1
    guard exitsToAudit >= auditInterval else { return }
    exitsToAudit = 0
    audits += 1
    let (run, deviceEnd) = (memory.run, memory.run.count)
    let found = guest.shadow.firstViolation(in: memory) { frame in
      frame.rawValue < run.start.rawValue || frame.rawValue - run.start.rawValue >= deviceEnd
    }
    if let found {
      panic("a guest sees frame \(found.frame.rawValue) at \(hexadecimal: found.address), which is not its own")
    }
    let pages = pages
    let strange = guest.shadow.firstViolationOfSwitcher(in: memory) { page, frame, isWritable in
      if page.rawValue == pages.registersPage { return frame == pages.registersFrame }
      if page.rawValue == pages.state { return frame == pages.stateFrame && !isWritable }
      let number = Int(page.rawValue - WorldPages.code) / pageSize
      return number < WorldPages.codePageCount && frame == WorldPages.codeFrame(number) && !isWritable
    }
    if let strange { panic("a guest sees frame \(strange.frame.rawValue) in the host's part") }
  }

  /// When the guest is to be left at the latest: its clock is due, or it may have come to take what waits for it.
  private var nextLook: UInt64 {
    guard guest.hasWaitingInterrupt else { return guest.clockDeadline }
    return min(guest.clockDeadline, cpu_rdtsc() &+ NodeReference().node.clock.ticksPerMillisecond)
  }

  /// Deals with an exit, and with the devices that it is for.
  @inline(never)
  private mutating func serve() -> GuestStep {
    var step = guest.handleExit(faultAddress: pages.faultAddress, in: &memory)
    while true {
      switch step {
      case .notify(let address):
        notify(address)
        step = guest.continueCalls(in: &memory)
      case .restoreFPU:
        cpu_cli()
        let isOpen = NodeReference().node.threads.openFloatingPoint()
        cpu_sti()
        return isOpen ? .enter : .end(.killed(GuestMistake(.unexpectedVector, 7)))
      default: return step
      }
    }
  }

  /// Lets the processor run the guest until something happens.
  @inline(__always)
  private mutating func enter() {
    if guest.hasChanges { copyTables() }
    cpu_cli()
    if shownRoot != guest.shadow.root.rawValue { showRoot() }
    let hidden = guest.isTaskSwitched && cpu_read_cr0() & Self.taskSwitched == 0
    if hidden { cpu_write_cr0(cpu_read_cr0() | Self.taskSwitched) }
    let saved = cpu_enter_world(switchEntry, stateAddress)
    if hidden { cpu_write_cr0(cpu_read_cr0() & ~Self.taskSwitched) }
    if saved != registersAddress {
      noteSegmentFault(saved)
    } else if guest.registers.vector >= 32 {
      takeInterrupt()
    }
    cpu_sti()
  }

  /// The machine's own interrupt was taken in the guest: its handler is entered as the processor would have done.
  @inline(never)
  private mutating func takeInterrupt() {
    let vector = guest.registers.vector
    guard vector < 256, vector != GuestData.linuxSystemCallVector else { return }
    cpu_raise(UInt(cpu_load32(symbol_interrupt_stub_table() + UInt(vector * 4))))
  }

  private static var taskSwitched: UInt { 1 << 3 }

  @inline(never)
  private mutating func showRoot() {
    pages.setRoot(guest.shadow.root)
    shownRoot = guest.shadow.root.rawValue
  }

  @inline(never)
  private mutating func copyTables() {
    for vector in guest.changedGates { pages.setGate(vector, guest.gate(vector)) }
    for index in guest.changedSegments where !GuestSegments.isReserved(UInt32(index)) {
      pages.setSegment(index, guest.segment(index))
    }
    pages.setStack(segment: guest.stackSegment, top: guest.stackTop)
    guest.forgetChanges()
  }

  /// Makes harmless what the guest goes on with: never ring 0, interrupts on, ports closed.
  ///
  /// Wherever the host has changed registers; what the processor saved is what it allowed the guest.
  @inline(__always)
  private mutating func harden() {
    guest.registers.cs |= 1
    guest.registers.ss |= 1
    guest.registers.eflags = guest.registers.eflags & ~Self.hostFlags | GuestRegisters.interruptFlag
  }

  /// I/O privilege, nested task, virtual 8086 mode and its interrupt flags.
  private static var hostFlags: UInt32 { 0x3000 | 0x4000 | 0x2_0000 | 0x18_0000 }

  /// A fault of the switch itself: what the guest was to go on with is not to be had any more.
  @inline(never)
  private mutating func noteSegmentFault(_ saved: UInt) {
    guest.registers.vector = cpu_load32(saved + 11 * 4)
    guest.registers.errorCode = cpu_load32(saved + 12 * 4)
  }

  /// Sleeps until the guest's clock is due.
  private mutating func waitForInterrupt() { _ = try? Threads.sleep(until: guest.clockDeadline) }

  // MARK: - Devices

  /// Shows a text of the guest's first console.
  private mutating func notify(_ address: UInt32) {
    let reference = NodeReference()
    var place = address
    var left = 256
    // In one piece: other guests speak too.
    cpu_cli()
    defer { cpu_sti() }
    while left > 0, memory.contains(place, byteCount: 1) {
      let byte = memory.load8(place)
      if byte == 0 { return }
      reference.node.log.output.write(byte)
      place += 1
      left -= 1
    }
  }
}
