/// The guests that the boot loader brought.
///
/// This module runs guests: a thread for each, which makes the guest, enters it again and again and gives everything back at
/// its end, so that a guest ends without harm to anybody else. It holds no guest's memory itself (`GuestPages`), and what
/// outlives an end is in the record (`GuestRecords`).

import ABI
import Arch
import Base
import BootInformation
import CMachine
import FrameAllocator
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

/// Starts guests and tells of their ends.
public enum GuestHost {
  /// Makes a table for the guests that the boot modules describe; returns whether there are any.
  @export(interface)
  public static func prepare() -> Bool {
    let reference = NodeReference()
    var hasGuests = false
    for index in 0..<reference.node.boot.moduleCount where isGuest(index) { hasGuests = true }
    if hasGuests { GuestTableReference.create() }
    return hasGuests
  }

  /// Starts the guests.
  ///
  /// - Parameter isBesidePrograms: whether programs have the terminal, whose end is the run's. Else it ends when the last
  ///   guest has ended and the kernel's console has not the terminal.
  @export(interface)
  public static func start(besidePrograms isBesidePrograms: Bool) {
    let reference = NodeReference()
    reference.node.takeInput = { GuestHost.takeInput($0) }
    reference.node.isMonitorActive = false
    if isBesidePrograms, let guests = GuestTableReference() {
      guests.table.isBesidePrograms = true
      guests.table.focus = 0
      reference.node.guestText = { GuestHost.write(line: $0, to: $1) }
      reference.node.obeyGuestCommand = { GuestHost.obey(verb: $0, guest: $1, value: $2) }
    }
    do {
      try Threads.create(ThreadName("guests"), level: PriorityLevel(truncating: 16), isDetached: true) { _ in
        GuestHost.startAll()
        GuestHost.waitForEnds()
      }
    } catch {
      log(.error, "guest", "no memory for the thread of the guests")
      endRun(.failed, status: 1)
    }
  }

  /// Whether a module is a guest's kernel; a wrong description counts as one, and is reported when it is started.
  private static func isGuest(_ index: Int) -> Bool {
    do { return try BootModules.description(at: index)?.kind == .kernel } catch { return true }
  }

  /// Starts the guests of all boot modules.
  private static func startAll() {
    guard let guests = GuestTableReference() else { return }
    var isComplete = true
    for index in 0..<NodeReference().node.boot.moduleCount {
      do throws(GuestImageError) {
        guard let description = try BootModules.description(at: index), description.kind == .kernel else {
          continue
        }
        guard let guest = guests.add(module: index, description) else {
          log(.error, "guest", "module \(index) is left out: there are \(GuestTable.capacity) guests already")
          isComplete = false
          continue
        }
        try guest.findDisks(guests)
      } catch {
        report(error, ofModule: index)
        isComplete = false
      }
    }
    // A guest that lacks something is not started, nor are its neighbours: who started them wanted all.
    guard isComplete else { endRun(.failed, status: 1) }
    for number in 1...UInt32(max(1, guests.table.count)) {
      if let guest = guests.guest(number) { begin(guest) }
    }
  }

  static func report(_ error: GuestImageError, ofModule index: Int) {
    log(.error, "guest", "\(error.reason.sentence) \(error.value) (boot module \(index))")
  }

  /// Ends the run when no guest is left, and neither the kernel's console nor programs have the terminal.
  private static func waitForEnds() -> Never {
    guard let guests = GuestTableReference() else { preconditionFailure("there is a table") }
    while true {
      var isOver = guests.table.focus != 0
      var hasFailed = false
      for number in 1...UInt32(max(1, guests.table.count)) {
        guard let guest = guests.guest(number) else { continue }
        if guest.fields.state != .ended { isOver = false }
        if guest.fields.hasFailed { hasFailed = true }
      }
      if isOver { endRun(hasFailed ? .failed : .passed, status: hasFailed ? 1 : 0) }
      _ = try? guests.table.ended.wait()
    }
  }

  // MARK: - A guest's thread

  /// Starts the thread of a guest that does not run.
  static func begin(_ guest: GuestReference) {
    guest.fields.state = .starting
    guest.fields.request = .none
    guest.fields.isPaused = false
    guest.fields.hasFailed = false
    do {
      guest.fields.thread = try Threads.create(
        ThreadName("guest"), level: PriorityLevel(truncating: Int(guest.fields.level)),
        argument: guest.address, isDetached: true, space: kernelRoot
      ) { address in
        if let guest = GuestReference(at: address) { GuestHost.live(guest) }
        return 0
      }
    } catch {
      log(.error, "guest", "no memory for the thread of guest \(guest.fields.number)")
      end(guest, failed: true)
    }
  }

  /// The kernel's own tables, 0 before they are made: a program that starts a guest does not lend it its own.
  private static var kernelRoot: UInt { NodeReference().node.tables.map { hardwareRoot($0.root) } ?? 0 }

  private static func end(_ guest: GuestReference, failed: Bool) {
    guest.fields.hasFailed = failed
    guest.fields.thread = nil
    guest.fields.state = .ended
    passTerminalOn(from: guest)
    _ = try? GuestTableReference()?.table.ended.signal()
  }

  /// The life of a guest, from its start to its last end.
  private static func live(_ guest: GuestReference) {
    while true {
      guard let outcome = runOnce(guest) else {
        if guest.wasRefused { continue }
        return end(guest, failed: true)
      }
      if guest.isSeries {
        if guest.goesOn(after: outcome) { continue }
        guest.reportSeries()
        return end(guest, failed: guest.hasSeriesFailed(outcome))
      }
      switch outcome {
      case .asked(.restart):
        try? Threads.setLevel(of: Threads.current, to: PriorityLevel(truncating: Int(guest.fields.level)))
        guest.fields.request = .none
      case .ended(.restart): guest.fields.request = .none
      case .asked(.kill), .ended(.killed), .outlived: return end(guest, failed: true)
      case .asked, .ended: return end(guest, failed: false)
      }
    }
  }

  /// Makes a guest, runs it and gives everything back; returns how it ended, or `nil` if it never began.
  private static func runOnce(_ record: GuestReference) -> GuestOutcome? {
    guard let hosted = unsafe make(record) else { return nil }
    let alarm: GuestAlarm
    do { alarm = try GuestAlarm(of: record, level: PriorityLevel(truncating: 17)) } catch {
      log(.error, "guest", "no memory for the clock of guest \(record.fields.number)")
      unsafe discard(hosted)
      return nil
    }
    unsafe record.hosted = hosted
    record.fields.alarm = alarm
    record.fields.startCount += 1
    record.fields.state = record.fields.isPaused ? .paused : .running
    let outcome = unsafe hosted.pointee.run(record, alarm)
    record.flush()
    unsafe report(outcome, of: record, &hosted.pointee)
    unsafe record.fields.series.add(hosted)
    cpu_cli()
    record.fields.alarm = nil
    unsafe record.hosted = nil
    cpu_sti()
    alarm.release()
    unsafe discard(hosted)
    return outcome
  }

  private static func make(_ record: GuestReference) -> UnsafeMutablePointer<HostedGuest>? {
    do throws(GuestStartError) {
      record.fields.allocations.begin(
        refusing: record.fields.description.isRefusing ? record.fields.startCount + 1 : 0)
      let hosted = try unsafe makeGuest(record)
      do throws(GuestStartError) { try unsafe hosted.pointee.attachDevices(record) } catch {
        unsafe discard(hosted)
        throw error
      }
      return unsafe hosted
    } catch {
      switch error {
      case .image(let error): report(error, ofModule: record.fields.module)
      case .memory: log(.error, "guest", "no memory for a guest of module \(record.fields.module)")
      case .floatingPoint: log(.error, "guest", "the processor cannot save a guest's floating-point state")
      }
      return nil
    }
  }

  /// Gives back all of a guest.
  private static func discard(_ hosted: UnsafeMutablePointer<HostedGuest>) {
    // SAFETY: the guest was initialised by `makeGuest`, and its thread alone knows it.
    unsafe hosted.pointee.release()
    unsafe hosted.deinitialize(count: 1)
    KernelHeap.free(VirtualAddress(UInt(bitPattern: hosted)))
  }

  /// Makes a guest of a boot module and of those behind it.
  private static func makeGuest(
    _ record: GuestReference
  ) throws(GuestStartError) -> UnsafeMutablePointer<HostedGuest> {
    let description = record.fields.description
    guard !record.refuses(),
      let address = Processor.withoutInterrupts({
        KernelHeap.tryAllocate(HostedGuest.byteCount, alignment: 64)
      }), let place = unsafe UnsafeMutableRawPointer(bitPattern: address.rawValue)
    else { throw .memory }
    let hosted: UnsafeMutablePointer<HostedGuest>
    do throws(GuestStartError) {
      // SAFETY: the heap has just given this memory.
      unsafe hosted = try HostedGuest.make(
        at: place, megabytes: description.megabytes, record: record)
    } catch {
      KernelHeap.free(address)
      throw error
    }
    do throws(GuestStartError) {
      try unsafe hosted.pointee.load(
        module: record.fields.module, description, start: record.fields.startCount)
      do { try Threads.resetFloatingPoint(of: Threads.current) } catch { throw .floatingPoint }
    } catch {
      unsafe discard(hosted)
      throw error
    }
    return unsafe hosted
  }

  /// Says on the log how a guest ended.
  private static func report(_ outcome: GuestOutcome, of record: GuestReference, _ hosted: inout HostedGuest)
  {
    let number = record.fields.number
    switch outcome {
    case .ended(.powerOff(let message)):
      log(.info, "guest", "ended: \(hosted.text(at: message)) (guest \(number), power off)")
    case .ended(.restart(let message)):
      let text = hosted.text(at: message)
      if text.count == 0 {
        log(.info, "guest", "ended: without a message (guest \(number), to be started again)")
      } else {
        log(.info, "guest", "ended: \(text) (guest \(number), to be started again)")
      }
    case .ended(.killed(let mistake)):
      var text: Text = "killed: \(mistake.kind.sentence) \(hexadecimal: mistake.value)"
      append(mistake.call, to: &text)
      appendPlace(hosted.guest.registers.eip, of: record, to: &text)
      log(.error, "guest", text)
    case .outlived:
      var text: Text = "killed: its life was over after \(record.fields.description.life) ms"
      appendPlace(hosted.guest.registers.eip, of: record, to: &text)
      log(.error, "guest", text)
    case .asked(.kill): log(.error, "guest", "killed: from the console (guest \(number))")
    case .asked(.restart):
      log(.info, "guest", "ended: from the console, to be started again (guest \(number))")
    case .asked(.stop), .asked(.none):
      log(.info, "guest", "ended: from the console (guest \(number))")
    }
  }
}

extension GuestHost {
  /// The call by which a guest made its mistake, if by one.
  private static func append(_ call: UInt32?, to text: inout Text) {
    guard let call else { return }
    text.append(", by call ")
    text.append(decimal: UInt64(call))
    if let number = HypercallNumber(rawValue: call) {
      text.append(" ")
      text.append(number.name)
    }
  }

  /// Where a guest was, with the place's name, and which guest it is.
  private static func appendPlace(_ place: UInt32, of record: GuestReference, to text: inout Text) {
    text.append(", at 0x")
    text.append(hexadecimal: UInt64(place))
    text.append(" (guest ")
    text.append(decimal: UInt64(record.fields.number))
    text.append(")")
    // Last: a long name may be cut.
    BootModules.appendSymbol(of: place, module: record.fields.module, to: &text)
  }
}

/// How a guest's run ended.
enum GuestOutcome {
  /// The guest itself did it.
  case ended(GuestEnd)
  /// Somebody asked for it.
  case asked(GuestRequest)
  /// It was not over when its life was to be.
  case outlived
}
