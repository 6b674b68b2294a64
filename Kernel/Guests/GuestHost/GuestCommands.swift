/// What the kernel's console and programs can do with guests.

import Arch
import Base
import BootInformation
import CMachine
import Core
import GuestImage
import GuestInterface
import GuestRecords
import Hypervisor
import Log
import Runtime
import Scheduling
import ShadowPaging
import Virtio

extension GuestHost {
  /// Obeys a command for guests; answers whether it could.
  @export(interface)
  public static func obey(_ command: GuestCommand) -> Bool {
    guard let guests = GuestTableReference() else { return false }
    if command.verb == .list {
      list(guests)
      return true
    }
    guard let guest = guests.guest(command.guest) else { return false }
    switch command.verb {
    case .list: break
    case .show: show(guest)
    case .start:
      guard guest.fields.state == .ended else { return false }
      begin(guest)
      wait(for: guest) { $0 != .starting }
    case .pause, .resume:
      guard guest.fields.state != .ended else { return false }
      guest.fields.isPaused = command.verb == .pause
      guest.poke()
      wait(for: guest) { $0 == .ended || $0 == (command.verb == .pause ? .paused : .running) }
    case .stop: return ask(.stop, guest)
    case .kill: return ask(.kill, guest)
    case .restart: return ask(.restart, guest)
    case .level: return setLevel(command.value, guest)
    case .share:
      guard (1...100).contains(command.value) else { return false }
      guest.fields.share = command.value
      guest.poke()
    case .console: return give(terminalTo: command.guest)
    }
    return true
  }

  private static func ask(_ request: GuestRequest, _ guest: GuestReference) -> Bool {
    guard guest.fields.state != .ended else { return false }
    guest.fields.request = request
    // A pause is of one life.
    if request == .restart { guest.fields.isPaused = false }
    let count = guest.fields.startCount
    guest.poke()
    // It is as urgent now as who asks: a more urgent guest that computes does not keep it from its end.
    let asking = Threads.current.baseLevel
    if let thread = guest.fields.thread, thread.baseLevel < asking {
      try? Threads.setLevel(of: thread, to: asking)
    }
    wait(for: guest) {
      $0 == .ended || request == .restart && guest.fields.request == .none && guest.fields.startCount != count
    }
    return true
  }

  /// Waits until a guest has done what it was told, a second at most: it may have to be made anew, or wait for its turn.
  private static func wait(for guest: GuestReference, _ isDone: (GuestState) -> Bool) {
    for _ in 0..<100 where !isDone(guest.fields.state) { _ = try? Threads.sleep(nanoseconds: 10_000_000) }
  }

  private static func setLevel(_ level: UInt32, _ guest: GuestReference) -> Bool {
    guard (1...15).contains(level) else { return false }
    guest.fields.level = level
    if let thread = guest.fields.thread {
      try? Threads.setLevel(of: thread, to: PriorityLevel(truncating: Int(level)))
    }
    return true
  }

  // MARK: - Lists

  /// A line for each guest.
  private static func list(_ guests: GuestTableReference) {
    let log = NodeReference()
    log.node.log.show(GuestFacts.heading)
    for number in 1...UInt32(max(1, guests.table.count)) {
      if let guest = guests.guest(number) { log.node.log.show(facts(of: guest).line) }
    }
  }

  private static func facts(of guest: GuestReference) -> GuestFacts {
    var facts = GuestFacts(number: guest.fields.number, state: guest.fields.state.name)
    facts.level = guest.fields.level
    facts.share = guest.fields.share
    facts.megabytes = guest.fields.description.megabytes
    facts.starts = guest.fields.startCount
    NodeReference().node.boot.setName(&facts, module: guest.fields.module)
    facts.counts = Processor.withoutInterrupts { counts(of: guest) }
    return facts
  }

  /// What a guest has done; nothing for one that is no more.
  ///
  /// A program asks too, in whose tables the pages of the world switch may not be: nothing here looks at registers.
  private static func counts(of guest: GuestReference) -> GuestFacts.Counts? {
    guard let hosted = unsafe guest.hosted, let thread = guest.fields.thread else { return nil }
    var counts = GuestFacts.Counts()
    let rate = NodeReference().node.clock.ticksPerMillisecond
    counts.milliseconds = thread.runTicks(isCurrent: false, at: cpu_rdtsc()) / max(1, rate)
    // SAFETY: the guest lives as long as its record names it, which changes with interrupts off.
    counts.calls = unsafe hosted.pointee.callCount
    counts.fills = unsafe hosted.pointee.guest.shadow.statistics.fills
    counts.traps = unsafe hosted.pointee.guest.storage.statistics.reflectedTraps
    counts.interrupts = unsafe hosted.pointee.interruptCount
    return counts
  }

  // MARK: - Programs

  /// Writes a line of `/proc/guests`; says whether there is one.
  static func write(line: UInt32, to place: UInt) -> Bool {
    guard let guests = GuestTableReference(),
      let text = unsafe UnsafeMutablePointer<Text>(bitPattern: place)
    else { return false }
    if line == 0 {
      // SAFETY: the caller has a text there.
      unsafe text.pointee = GuestFacts.heading
      return true
    }
    guard let guest = guests.guest(line) else { return false }
    unsafe text.pointee = facts(of: guest).line
    return true
  }

  /// Obeys what a program has written, and comes back with interrupts off, as a program's call has them.
  static func obey(verb: UInt8, guest: UInt32, value: UInt32) -> Bool {
    guard let verb = GuestCommand.Verb(rawValue: verb) else { return false }
    defer { cpu_cli() }
    return obey(GuestCommand(verb, guest: guest, value: value))
  }

  /// All that is known of a guest.
  private static func show(_ guest: GuestReference) {
    let log = NodeReference()
    guard unsafe guest.hosted != nil else {
      log.node.log.show(
        "guest \(guest.fields.number) has ended; it was started \(guest.fields.startCount) times")
      return
    }
    for index in 0..<lineCount {
      cpu_cli()
      var line: Text?
      // SAFETY: the guest lives as long as its record names it, which changes with interrupts off.
      if let hosted = unsafe guest.hosted { line = unsafe hosted.pointee.line(index) }
      cpu_sti()
      if let line { log.node.log.show(line) }
    }
    let card = guest.fields.card.lostCount
    if card > 0 { log.node.log.show("net: \(card) frames found no room") }
  }

  /// Lines about a guest: its calls, its pages, each of its devices.
  private static var lineCount: Int { 4 + GuestDevices.capacity }
}

extension HostedGuest {
  /// Calls so far.
  var callCount: UInt64 {
    mutating get {
      var sum: UInt64 = 0
      for index in 0..<32 { sum &+= guest.storage.statistics.calls[index] }
      return sum
    }
  }
  /// Interrupts so far.
  var interruptCount: UInt64 { guest.storage.statistics.interrupts }

  /// A line of what there is to say.
  mutating func line(_ index: Int) -> Text? {
    let pages = guest.shadow.statistics
    switch index {
    case 0:
      return
        "calls: \(callCount) of which \(guest.storage.statistics.ringCalls) through the ring, traps reflected: \(guest.storage.statistics.reflectedTraps), instructions emulated: \(guest.storage.statistics.emulatedInstructions)"
    case 1:
      return
        "pages: \(pages.fills) filled in, \(pages.reflections) reflected; roots: \(pages.rootHits) found, \(pages.rootMisses) not, \(pages.evictions) gave way; \(pages.flushes) times all forgotten"
    case 2: return "balloon: \(balloonPages) pages given up"
    case 3: return "at \(hexadecimal: guest.registers.eip)"
    default:
      guard let device = device(index - 4) else { return nil }
      return
        "\(device.kind.name): \(device.requestCount) requests, \(device.bytesOut) bytes out, \(device.bytesIn) bytes in"
    }
  }
}

// A borrow of the whole structure would copy it: this counts as a change.
extension BootInformation {
  fileprivate mutating func setName(_ facts: inout GuestFacts, module index: Int) {
    facts.setName(ofModule: bytes(of: module(at: index).text))
  }
}
