/// A guest that runs: a thread that enters it again and again.

import Arch
import Base
import BootInformation
import CMachine
import Clocks
import GuestImage
import GuestInterface
import GuestPages
import GuestRecords
import Hypervisor
import Log
import Paging
import Runtime
import Scheduling
import ShadowPaging
import Sync
import Virtio

/// One guest and what the machine has of it.
///
/// It is made where it stays, on the heap: with its storage it is larger than a thread's stack would like.
@safe struct HostedGuest: ~Copyable {
  var guest: Guest<PAEFormat>
  var memory: MachineGuestMemory
  let pages: WorldPages
  let number: UInt32
  /// Its devices, on the heap: too large to be moved over a thread's stack.
  var devices: UnsafeMutablePointer<GuestDevices>?
  /// Exits after which the shadow tables are looked through; 0 for never.
  private var auditInterval: UInt32 = 0
  private var exitsToAudit: UInt32 = 0
  /// How often that was done.
  private(set) var audits: UInt64 = 0
  /// The root of the shadow that the state page names.
  private var shownRoot: UInt32 = .max
  /// When it must have ended; `UInt64.max` for never.
  private var lifeEnd: UInt64 = .max
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
    at place: UnsafeMutableRawPointer, megabytes: UInt32, record: GuestReference
  ) throws(GuestStartError) -> UnsafeMutablePointer<HostedGuest> {
    let pages: WorldPages
    do { pages = try WorldPages(slot: Int(record.fields.number - 1), record.fields.allocations) } catch {
      throw .memory
    }
    var memory: MachineGuestMemory
    do {
      memory = try MachineGuestMemory(
        megabytes: megabytes, pages: pages, behind: record.windowPagesBefore, record.fields.allocations)
    } catch {
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
        to: HostedGuest(guest: guest, memory: memory, pages: pages, number: record.fields.number))
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
    let rate = NodeReference().node.clock.ticksPerMillisecond
    let date = RealTimeClock.read()
    let seconds = Calendar.seconds(
      year: date.year, month: date.month, day: date.day, hour: date.hour, minute: date.minute,
      second: date.second)
    return GuestClock(
      ticksPerMillisecond: rate, startSeconds: UInt64(max(0, seconds)) &- cpu_rdtsc() / max(1, rate) / 1_000)
  }

  /// Fills the guest's memory from a boot module, and from the one behind it if that is its ramdisk.
  ///
  /// - Parameter start: how often the guest was started before.
  mutating func load(
    module index: Int, _ description: GuestDescription, start: UInt32
  ) throws(GuestStartError) {
    auditInterval = description.auditInterval
    let reference = NodeReference()
    if description.life != 0 {
      lifeEnd = cpu_rdtsc() &+ UInt64(description.life) &* reference.node.clock.ticksPerMillisecond
    }
    let module = reference.node.boot.module(at: index)
    do throws(GuestImageError) {
      guard let image = Ramdisk.span(of: module) else {
        throw .init(.segmentOutsideMemory, module.start.rawValue)
      }
      let entry = try GuestImage(image).load(into: &memory)
      try reference.node.boot.prepareGuest(
        module: index, description, start: start, ramdisk: try BootModules.ramdisk(behind: index), in: &memory
      )
      guest.registers = GuestRegisters(entry: entry)
    } catch {
      throw .image(error)
    }
  }

  /// Gives the guest its devices.
  mutating func attachDevices(_ record: GuestReference) throws(GuestStartError) {
    guard !record.refuses(),
      let address = Processor.withoutInterrupts({
        KernelHeap.tryAllocate(MemoryLayout<GuestDevices>.size, alignment: 16)
      }), let place = unsafe UnsafeMutablePointer<GuestDevices>(bitPattern: address.rawValue)
    else { throw .memory }
    // SAFETY: the heap has just given the memory; `release` gives it back.
    unsafe place.initialize(to: GuestDevices(in: memory))
    unsafe devices = place
    unsafe place.pointee.add(.console, in: &memory)
    for index in 0..<record.fields.diskCount {
      let sectors = UInt64(record.fields.disks[index].sectorCount)
      unsafe place.pointee.add(.block, configuration: sectors, in: &memory)
    }
    unsafe place.pointee.add(.entropy, in: &memory)
    let card = Network.address(ofGuest: UInt8(record.fields.number))
    unsafe place.pointee.add(.network, configuration: card, in: &memory)
    let balloon = UInt64(record.fields.description.balloon) << 8
    unsafe place.pointee.add(.balloon, configuration: balloon, in: &memory)
  }

  /// A device by its number, for those who look at a guest.
  func device(_ index: Int) -> DeviceSlot? { unsafe devices?.pointee.slot(index) }
  /// Pages that the guest has given up.
  var balloonPages: UInt32 { unsafe devices?.pointee.balloonPages ?? 0 }

  /// Gives back everything.
  mutating func release() {
    if let place = unsafe devices {
      unsafe place.deinitialize(count: 1)
      KernelHeap.free(VirtualAddress(UInt(bitPattern: place)))
      unsafe devices = nil
    }
    guest.release(in: &memory)
    memory.release()
    pages.release()
  }

  /// Runs the guest until it ends.
  ///
  /// - Parameters:
  ///   - record: what others want of the guest.
  ///   - alarm: leaves the guest when its clock is due, or its share used up.
  mutating func run(_ record: GuestReference, _ alarm: GuestAlarm) -> GuestOutcome {
    var share = ProcessorShare()
    var deadline = guest.clockDeadline
    while true {
      if alarm.fields.isDue || !guest.isReady {
        alarm.fields.isDue = false
        if record.fields.request != .none { return .asked(record.fields.request) }
        if lifeEnd != .max, cpu_rdtsc() >= lifeEnd { return .outlived }
        if record.fields.isPaused {
          pause(record)
          continue
        }
        switch attend(record, alarm, &share) {
        case .end(let end): return .ended(end)
        case .wait:
          if !alarm.fields.isDue {
            record.wait(until: min(guest.clockDeadline, lifeEnd))
            beginTurn()
          }
          continue
        default: deadline = guest.clockDeadline
        }
        harden()
        // A guest that only makes short exits comes by here and nowhere else.
        endTurn()
      }
      enter()
      if guest.handleShortExit(in: &memory) { continue }
      if case .end(let end) = serve(record) { return .ended(end) }
      harden()
      endTurn()
      if auditInterval != 0 { countAudit() }
      if guest.clockDeadline != deadline {
        deadline = guest.clockDeadline
        alarm.set(min(nextLook, share.end))
      }
    }
  }

  /// Lets other threads of the level run after 10 ms.
  ///
  /// The scheduler's slices begin anew whenever a more urgent thread has run, and a guest has one that it wakes at will:
  /// its clock's.
  @inline(__always)
  private mutating func endTurn() {
    guard cpu_rdtsc() >= turnEnd else { return }
    Threads.yield()
    beginTurn()
  }

  /// Has 10 ms from now on: others have had the processor meanwhile.
  private mutating func beginTurn() {
    turnEnd = cpu_rdtsc() &+ 10 &* NodeReference().node.clock.ticksPerMillisecond
  }

  /// Looks through all shadow tables, now and then; what it finds is our mistake and no guest's.
  @inline(never)
  private mutating func countAudit() {
    exitsToAudit += 1
    guard exitsToAudit >= auditInterval else { return }
    exitsToAudit = 0
    audits += 1
    let frames = memory.frames
    // Millions of instructions, if a guest shows as much as it may: others of the level have their turns in between.
    let turn = 2 &* NodeReference().node.clock.ticksPerMillisecond
    var yieldTick = cpu_rdtsc() &+ turn
    let found = guest.shadow.firstViolation(in: memory) { frame in
      if cpu_rdtsc() >= yieldTick {
        Threads.yield()
        yieldTick = cpu_rdtsc() &+ turn
      }
      return !frames.contains(frame)
    }
    if let found {
      panic(
        "a guest sees frame \(found.frame.rawValue) at \(hexadecimal: found.address), which is not its own")
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

  /// When the guest is to be left at the latest: its clock is due, its life over, or it may have come to take what waits for it.
  private var nextLook: UInt64 {
    let end = min(guest.clockDeadline, lifeEnd)
    guard guest.hasWaitingInterrupt else { return end }
    return min(end, cpu_rdtsc() &+ NodeReference().node.clock.ticksPerMillisecond)
  }

  /// Waits until somebody lets the guest go on, or ends it.
  private mutating func pause(_ record: GuestReference) {
    record.fields.state = .paused
    while record.fields.isPaused, record.fields.request == .none { record.wait(until: .max) }
    record.fields.state = .running
  }

  /// Looks at all that may have come for the guest: its share of the processor, its devices, its clock.
  @inline(never)
  private mutating func attend(
    _ record: GuestReference, _ alarm: GuestAlarm, _ share: inout ProcessorShare
  ) -> GuestStep {
    while let end = waitEnd(of: &share, percent: record.fields.share) {
      record.wait(until: end)
      beginTurn()
      if record.fields.request != .none || record.fields.isPaused {
        alarm.fields.isDue = true
        return .wait
      }
    }
    var host = MachineDevices(record: record)
    if let place = unsafe devices {
      let outcome = unsafe place.pointee.pump(in: &memory, for: &host)
      if outcome.hasMore { alarm.fields.isDue = true }
      if case .end(let end) = take(outcome) { return .end(end) }
    }
    let step = guest.prepareEntry(in: &memory)
    alarm.set(min(nextLook, share.end))
    return step
  }

  /// The tick until which the guest must wait for its share of the processor, or `nil` if it may go on.
  private func waitEnd(of share: inout ProcessorShare, percent: UInt32) -> UInt64? {
    guard percent < 100 else {
      share.lift()
      return nil
    }
    cpu_cli()
    let now = cpu_rdtsc()
    let used = Threads.current.runTicks(isCurrent: true, at: now)
    cpu_sti()
    let window = NodeReference().node.clock.ticksPerMillisecond * 100
    return share.waitEnd(percent: percent, used: used, at: now, window: window)
  }

  /// Deals with an exit, and with the devices that it is for.
  @inline(never)
  private mutating func serve(_ record: GuestReference) -> GuestStep {
    var step = guest.handleExit(faultAddress: pages.faultAddress, in: &memory)
    while true {
      switch step {
      case .notify(let address):
        if case .end(let end) = notify(address, record) { return .end(end) }
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
    if guest.hasStackChange {
      pages.setStack(segment: guest.stackSegment, top: guest.stackTop)
      guest.forgetStackChange()
    }
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

  /// A text that the guest ends with.
  func text(at address: UInt32) -> Text {
    var text = Text()
    for offset: UInt32 in 0..<128 {
      guard memory.contains(address &+ offset, byteCount: 1) else { break }
      let byte = memory.load8(address &+ offset)
      if byte == 0 { break }
      text.append(printable: byte)
    }
    return text
  }
}
