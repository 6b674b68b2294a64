/// Spin locks of the machine: three words in memory, changed by locked instructions.

import Arch
import CMachine
import Sync

/// A word that processors share, by its address.
///
/// Loads and stores of x86 are not moved across each other in the ways that matter here (Intel SDM volume 3, 8.2.2),
/// so that only the compiler must be kept from moving them.
@safe public struct MachineWord: AtomicWord, BitwiseCopyable {
  private let address: UInt

  /// Names the word at an address.
  ///
  /// - Safety: four bytes at the address must be writable, aligned to their size, and used in this way only, as long
  ///   as the value is used.
  @unsafe public init(at address: UInt) { self.address = address }

  /// Adds one and returns what was there before.
  @inline(__always)
  public func fetchIncrement() -> UInt32 { cpu_fetch_add32(address, 1) }

  /// Reads.
  @inline(__always)
  public func loadAcquiring() -> UInt32 {
    let value = cpu_load32(address)
    cpu_compiler_barrier()
    return value
  }

  /// Writes.
  @inline(__always)
  public func storeReleasing(_ value: UInt32) {
    cpu_compiler_barrier()
    cpu_store32(address, value)
  }

  /// Writes if the word is as expected.
  @inline(__always)
  public func compareExchange(_ expected: UInt32, with value: UInt32) -> Bool {
    cpu_compare_exchange32(address, expected, value) != 0
  }

  /// Waits a little.
  @inline(__always)
  public func relax() { cpu_pause() }
}

extension SpinLock where Word == MachineWord {
  /// Makes a free lock in memory.
  ///
  /// - Safety: twelve bytes at the address must be writable, aligned to four, and belong to the lock as long as it is
  ///   used.
  @unsafe public init(at address: UInt) {
    for offset in 0..<UInt(3) { cpu_store32(address + offset * 4, 0) }
    // SAFETY: the caller promises the memory.
    unsafe self.init(
      next: MachineWord(at: address), served: MachineWord(at: address + 4),
      holder: MachineWord(at: address + 8))
  }

  /// Does something while the lock is held, with interrupts off, so that no interrupt handler waits for it in vain.
  ///
  /// - Throws: `.alreadyHeld` by this processor.
  @inline(__always)
  public func withLock<Result>(by processor: UInt32, _ body: () -> Result) throws(SpinLockError) -> Result {
    let wereOn = cpu_flags() >> 9 & 1 == 1
    cpu_cli()
    defer { if wereOn { cpu_sti() } }
    try lock(by: processor)
    let result = body()
    try unlock(by: processor)
    return result
  }
}
