import Foundation
import HostSupport

/// The loop that serves one emulator until it is gone.
///
/// Confined to the thread that calls `run`.
final class SessionLoop {
  /// Our ends of the emulator's streams.
  struct Ends: @unchecked Sendable {
    /// Where the guest's output is read.
    var serialIn: OwnedDescriptor
    /// Where its input is written.
    var serialOut: OwnedDescriptor
    /// The far side of the serial terminal: kept open so that it outlives the emulator's own opening of it.
    var keep: OwnedDescriptor?
    /// The emulator's screen, if it needs one.
    var screen: OwnedDescriptor?
    /// The emulator's complaints.
    var errors: OwnedDescriptor
    /// Where QEMU connects for its machine protocol.
    var listener: OwnedDescriptor?
  }

  /// What was seen.
  struct Record: Sendable {
    var serial: [UInt8] = []
    var screen: [UInt8] = []
    var errors: [UInt8] = []
    var shutdownReasons: [String] = []
    var intervention: RunEvidence.Intervention?
  }

  private(set) var record = Record()

  private let ends: Ends
  private let options: Session.Options
  private let process: pid_t
  private let log: String?
  private let begin = ContinuousClock.now

  private var connection: OwnedDescriptor?
  private var line: [UInt8] = []
  private var hang: HangDetector
  private var lastSign = 0.0
  private var lastSample = 0.0
  private var sampleIsDue = true
  private var pendingInput: [UInt8]
  private var inputIsOpen: Bool
  /// When the end of input was told last; `nil` if there is still input.
  private var endTold: Double?
  private var keys = EscapeKeys()
  private var terminal: RawTerminal?
  private var killAt: Double?

  /// Seconds of silence before the guest's registers are looked at, and between two looks.
  private static let sampleInterval = 0.25
  /// Seconds that the emulator has to end by itself after it was asked to.
  private static let grace = 1.0
  /// Seconds of silence before the end of input is told once more.
  private static let endInterval = 2.0

  init(ends: Ends, options: Session.Options, process: pid_t, log: String?) {
    self.ends = ends
    self.options = options
    self.process = process
    self.log = log
    hang = HangDetector(patience: options.hangPatience)
    pendingInput = options.input.map { $0 + [Session.endOfInput] } ?? []
    inputIsOpen = options.relaysInput
    if options.input != nil, !options.relaysInput { endTold = 0 }
  }

  /// Seconds since the start.
  private var now: Double { (ContinuousClock.now - begin) / .seconds(1) }

  /// Serves the emulator until its streams end.
  func run() {
    guard let signals = try? Descriptors.makePipe() else { return }
    Signals.listen(signals.write.number)
    defer { Signals.stopListening(signals.write.number) }
    Descriptors.makeNonblocking(ends.serialOut)
    if options.relaysInput { terminal = RawTerminal() }
    defer { terminal = nil }

    // The stream that lives exactly as long as the emulator.
    var life = ends.screen == nil ? ends.serialIn.number : ends.screen?.number ?? -1
    var errorsAreOpen = true
    while life >= 0 {
      // Input is offered once the guest has spoken: bytes that reach a serial port before its driver has set it
      // up are lost.
      let mayType = !record.serial.isEmpty
      var waits: [pollfd] = []
      func wait(_ descriptor: Int32?, _ events: Int32) -> Int? {
        guard let descriptor, descriptor >= 0 else { return nil }
        waits.append(pollfd(fd: descriptor, events: Int16(events), revents: 0))
        return waits.count - 1
      }
      let serial = wait(ends.serialIn.number, POLLIN)
      let screen = wait(ends.screen?.number, POLLIN)
      let errors = wait(errorsAreOpen ? ends.errors.number : nil, POLLIN)
      let signal = wait(signals.read.number, POLLIN)
      let listener = wait(connection == nil ? ends.listener?.number : nil, POLLIN)
      let messages = wait(connection?.number, POLLIN)
      let keyboard = wait(inputIsOpen && mayType && pendingInput.count < 4096 ? STDIN_FILENO : nil, POLLIN)
      let typing = wait(mayType && !pendingInput.isEmpty ? ends.serialOut.number : nil, POLLOUT)
      guard poll(&waits, nfds_t(waits.count), 100) >= 0 || errno == EINTR else { break }
      func ready(_ index: Int?) -> Bool { index.map { waits[$0].revents != 0 } ?? false }

      if ready(serial) {
        if let bytes = ends.serialIn.readAvailable() {
          sign()
          record.serial += bytes
          options.output(bytes)
        } else if ends.screen == nil {
          life = -1
        }
      }
      if ready(screen) {
        if let bytes = ends.screen?.readAvailable() { record.screen += bytes } else { life = -1 }
      }
      if ready(errors) {
        if let bytes = ends.errors.readAvailable() { record.errors += bytes } else { errorsAreOpen = false }
      }
      if ready(signal) {
        _ = signals.read.readAvailable()
        intervene(.interruption)
      }
      if ready(listener), let socket = ends.listener { connection = Descriptors.accept(socket) }
      if ready(messages) { receive() }
      if ready(keyboard) { typeAhead() }
      if ready(typing) { pendingInput.removeFirst(ends.serialOut.writeAvailable(pendingInput)) }
      watchClocks()
    }
    // Whatever the emulator still had to say.
    while errorsAreOpen, let bytes = ends.errors.readAvailable() { record.errors += bytes }
    if let screen = ends.screen {
      drainSerialTerminal()
      _ = screen
    }
  }

  /// Reads what is left on a serial terminal, which has no end of its own because its far side is kept open.
  private func drainSerialTerminal() {
    var wait = pollfd(fd: ends.serialIn.number, events: Int16(POLLIN), revents: 0)
    while poll(&wait, 1, 0) > 0, wait.revents & Int16(POLLIN) != 0, let bytes = ends.serialIn.readAvailable()
    {
      record.serial += bytes
      options.output(bytes)
    }
  }

  // MARK: Clocks

  private func sign() {
    lastSign = now
    hang.reset()
  }

  private func watchClocks() {
    let now = now
    if let killAt, now >= killAt {
      kill(process, SIGKILL)
      self.killAt = now + Self.grace
    }
    guard record.intervention == nil else { return }
    if let limit = options.timeout, now >= limit { return intervene(.timeout(seconds: limit)) }
    if options.repeatsEnd, let told = endTold, pendingInput.isEmpty, !record.serial.isEmpty,
      now - max(told, lastSign) >= Self.endInterval
    {
      endTold = now
      pendingInput.append(Session.endOfInput)
    }
    guard now - lastSign >= Self.sampleInterval, now - lastSample >= Self.sampleInterval else { return }
    lastSample = now
    if connection != nil, sampleIsDue {
      sampleIsDue = false
      send("human-monitor-command", id: "registers", monitorLine: "info registers -a")
    }
    if let log, let text = try? Files.read(log),
      let reason = BochsLog(String(decoding: text, as: UTF8.self)).deadEnd
    {
      intervene(reason)
    }
  }

  /// Ends the emulator, for a reason of ours.
  private func intervene(_ reason: RunEvidence.Intervention) {
    guard record.intervention == nil else { return }
    record.intervention = reason
    kill(process, SIGTERM)
    killAt = now + Self.grace
  }

  // MARK: Machine protocol

  private func receive() {
    guard let bytes = connection?.readAvailable() else {
      connection?.closeNow()
      return
    }
    line += bytes
    while let end = line.firstIndex(of: 0x0A) {
      let message = MachineMessage(line: line[..<end])
      line.removeSubrange(...end)
      switch message {
      case .greeting: send("qmp_capabilities", id: "hello")
      case .answer("hello", _): send("cont", id: "start")
      case .answer("registers", let text):
        sampleIsDue = true
        // The sample may have been overtaken by output.
        guard now - lastSign >= Self.sampleInterval, let text, let sample = RegisterSample(text) else {
          break
        }
        if let reason = hang.add(sample, at: now) { intervene(.hang(reason)) }
      case .event("SHUTDOWN", let reason), .event("RESET", let reason):
        record.shutdownReasons.append(reason ?? "unstated")
      default: break
      }
    }
  }

  private func send(_ command: String, id: String, monitorLine: String? = nil) {
    _ = connection?.writeAvailable(MachineMessage.request(command, id: id, monitorLine: monitorLine))
  }

  // MARK: Input

  private func typeAhead() {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(STDIN_FILENO, &bytes, bytes.count)
    guard count > 0 else {
      inputIsOpen = false
      endTold = now
      pendingInput.append(Session.endOfInput)
      return
    }
    let typed = Array(bytes[..<count])
    guard terminal != nil else {
      pendingInput += typed
      return
    }
    let meaning = keys.take(typed)
    pendingInput += meaning.input
    if meaning.asksForHelp { Terminal.shared.note("\nCtrl-A x ends the run, Ctrl-A Ctrl-A sends Ctrl-A") }
    if meaning.ends { intervene(.interruption) }
  }
}
