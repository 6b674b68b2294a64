/// What the kernel's console can do with guests.

import Arch
import Base
import CMachine
import Core
import GuestImage
import GuestInterface
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
      wait(for: guest) { $0 != (command.verb == .pause ? .running : .paused) }
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
    let count = guest.fields.startCount
    guest.poke()
    wait(for: guest) { $0 == .ended || guest.fields.startCount != count }
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
    log.node.log.show("guest state     level share    MiB starts  processor      calls     faults interrupts")
    for number in 1...UInt32(max(1, guests.table.count)) {
      guard let guest = guests.guest(number) else { continue }
      var line = Text()
      line.append(decimal: UInt64(number), width: 5)
      line.append(" ")
      line.append(guest.fields.state.name)
      line.pad(to: 15)
      line.append(decimal: UInt64(guest.fields.level), width: 6)
      line.append(decimal: UInt64(guest.fields.share), width: 5)
      line.append("%")
      line.append(decimal: UInt64(guest.fields.description.megabytes), width: 7)
      line.append(decimal: UInt64(guest.fields.startCount), width: 7)
      appendCounts(of: guest, to: &line)
      log.node.log.show(line)
    }
  }

  /// What a guest has done; nothing for one that is no more.
  private static func appendCounts(of guest: GuestReference, to line: inout Text) {
    cpu_cli()
    defer { cpu_sti() }
    guard let hosted = unsafe guest.fields.hosted, let thread = guest.fields.thread else { return }
    let rate = NodeReference().node.clock.ticksPerMillisecond
    let ran = thread.runTicks(isCurrent: false, at: cpu_rdtsc()) / max(1, rate)
    line.append(decimal: ran, width: 8)
    line.append(" ms")
    // SAFETY: the guest lives as long as its record names it, which changes with interrupts off.
    line.append(decimal: unsafe hosted.pointee.callCount, width: 11)
    line.append(decimal: unsafe hosted.pointee.faultCount, width: 11)
    line.append(decimal: unsafe hosted.pointee.interruptCount, width: 11)
  }

  /// All that is known of a guest.
  private static func show(_ guest: GuestReference) {
    let log = NodeReference()
    guard unsafe guest.fields.hosted != nil else {
      log.node.log.show(
        "guest \(guest.fields.number) has ended; it was started \(guest.fields.startCount) times")
      return
    }
    for index in 0..<lineCount {
      cpu_cli()
      var line: Text?
      // SAFETY: the guest lives as long as its record names it, which changes with interrupts off.
      if let hosted = unsafe guest.fields.hosted { line = unsafe hosted.pointee.line(index) }
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
  /// Page faults so far.
  var faultCount: UInt64 { guest.shadow.statistics.fills &+ guest.shadow.statistics.reflections }
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
