import Foundation

/// Turns the signals that ask this process to end into bytes that the session's loop can wait for.
///
/// While a session runs, SIGINT, SIGTERM and SIGHUP do not end the process: the loop ends the emulator, restores the
/// terminal, and the run ends as interrupted. Sessions may overlap (tests); every one of them is told.
enum Signals {
  private static let watched = [SIGINT, SIGTERM, SIGHUP]
  private static let lock = NSLock()
  nonisolated(unsafe) private static var listeners: [Int32] = []
  nonisolated(unsafe) private static var previous: [Int32: sigaction] = [:]

  /// What the handler writes to: a copy of the listeners that never moves, because a handler may take no lock.
  nonisolated(unsafe) fileprivate static let slots: UnsafeMutablePointer<Int32> = {
    let slots = UnsafeMutablePointer<Int32>.allocate(capacity: slotCount)
    slots.initialize(repeating: -1, count: slotCount)
    return slots
  }()
  fileprivate static let slotCount = 64

  /// Has a byte written to `descriptor` for each signal, until `stopListening`.
  static func listen(_ descriptor: Int32) {
    lock.withLock {
      listeners.append(descriptor)
      publish()
      guard listeners.count == 1 else { return }
      signal(SIGPIPE, SIG_IGN)
      for number in watched {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
          var byte: UInt8 = 1
          for index in 0..<Signals.slotCount where Signals.slots[index] >= 0 {
            write(Signals.slots[index], &byte, 1)
          }
        }
        var old = sigaction()
        sigaction(number, &action, &old)
        previous[number] = old
      }
    }
  }

  /// Ends `listen`; the last one restores what the signals did before.
  static func stopListening(_ descriptor: Int32) {
    lock.withLock {
      listeners.removeAll { $0 == descriptor }
      publish()
      guard listeners.isEmpty else { return }
      for (number, action) in previous {
        var action = action
        sigaction(number, &action, nil)
      }
      previous = [:]
    }
  }

  private static func publish() {
    for index in 0..<slotCount { slots[index] = index < listeners.count ? listeners[index] : -1 }
  }
}
