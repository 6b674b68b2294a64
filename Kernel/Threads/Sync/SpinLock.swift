/// A spin lock for a few instructions that another processor must not see half done.
///
/// It is a ticket lock: a processor takes the next number and waits until that number is served, so processors
/// enter in the order in which they came. Interrupts must be off on a processor that waits for one or holds one,
/// or an interrupt handler that wants it waits for ever; that is the caller's to see to.

/// A word that processors share: the seam to the atomic instructions of a machine.
public protocol AtomicWord: ~Copyable {
  /// Adds one, wrapping, and returns what was there before, all at once. Nothing moves across it.
  func fetchIncrement() -> UInt32
  /// Reads; what follows is not moved before it.
  func loadAcquiring() -> UInt32
  /// Writes; what precedes is not moved after it.
  func storeReleasing(_ value: UInt32)
  /// Writes `value` if the word is `expected`, all at once; whether it was. Nothing moves across it.
  func compareExchange(_ expected: UInt32, with value: UInt32) -> Bool
  /// Waits a little, while another processor works.
  func relax()
}

/// Why a spin lock was not taken or given.
public enum SpinLockError: UInt8, Error, BitwiseCopyable, Sendable, CaseIterable {
  /// The processor holds the lock: it would wait for itself.
  case alreadyHeld
  /// Another processor holds the lock, or none.
  case notHeld
  /// The lock was held by others as long as the processor tried.
  case busy
}

/// A ticket lock over three shared words.
public struct SpinLock<Word: AtomicWord & ~Copyable>: ~Copyable {
  private let next: Word
  private let served: Word
  // The number of the processor that holds it, plus one; 0 for none.
  private let holder: Word

  /// Makes a free lock of three words that are zero.
  public init(next: consuming Word, served: consuming Word, holder: consuming Word) {
    self.next = next
    self.served = served
    self.holder = holder
  }

  /// Takes the lock, however long it takes.
  ///
  /// - Parameter processor: the number of the processor that asks.
  /// - Throws: `.alreadyHeld` by this processor.
  public func lock(by processor: UInt32) throws(SpinLockError) {
    if holder.loadAcquiring() == processor &+ 1 { throw .alreadyHeld }
    let ticket = next.fetchIncrement()
    while served.loadAcquiring() != ticket { next.relax() }
    holder.storeReleasing(processor &+ 1)
  }

  /// Takes the lock if it is free, and tries again a number of times if not.
  ///
  /// Who may give up draws no number, because a number that nobody waits for would stop all behind it. So whoever
  /// waits in `lock` comes first.
  ///
  /// - Parameters:
  ///   - processor: the number of the processor that asks.
  ///   - attempts: how often to look; at least 1.
  /// - Throws: `.alreadyHeld` by this processor, or `.busy`.
  public func lock(by processor: UInt32, attempts: UInt32) throws(SpinLockError) {
    if holder.loadAcquiring() == processor &+ 1 { throw .alreadyHeld }
    var left = max(attempts, 1)
    while true {
      let ticket = served.loadAcquiring()
      if next.compareExchange(ticket, with: ticket &+ 1) { break }
      left &-= 1
      if left == 0 { throw .busy }
      next.relax()
    }
    holder.storeReleasing(processor &+ 1)
  }

  /// Gives the lock to whoever came next.
  ///
  /// - Parameter processor: the number of the processor that holds it.
  /// - Throws: `.notHeld` by this processor.
  public func unlock(by processor: UInt32) throws(SpinLockError) {
    guard holder.loadAcquiring() == processor &+ 1 else { throw .notHeld }
    holder.storeReleasing(0)
    // Only the holder writes this word, so reading and writing need not be one.
    served.storeReleasing(served.loadAcquiring() &+ 1)
  }
}
