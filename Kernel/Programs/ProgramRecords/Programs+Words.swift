/// Words of memory at which threads wait (`futex`), and mutexes that a thread leaves locked at its end.

import Base
import Futex
import LinuxABI
import Runtime
import Scheduling
import UserMemory

extension Programs {
  /// The name of a word that threads wait at.
  public func key(_ address: UInt, of process: ProcessReference, isPrivate: Bool) -> FutexKey {
    // The frame stays the same as long as anybody has the page; a word of it may have other addresses elsewhere.
    if !isPrivate, let frame = UserMemory.sharedFrame(at: address, in: &process.fields.space.space) {
      return FutexKey(space: UInt(frame.rawValue), address: address & 4095, isShared: true)
    }
    return FutexKey(space: process.fields.space.payload, address: address, isShared: false)
  }

  /// Wakes threads that wait at a word.
  @discardableResult
  public func wake(word address: UInt, of process: ProcessReference, count: Int, bits: UInt32 = .max) -> Int {
    system.futexes.wake(key(address, of: process, isPrivate: false), count: count, bits: bits) { record in
      Self.wakeThread(record)
    }
  }

  /// Ends the wait of the thread with a record.
  @inline(__always)
  public static func wakeThread(_ record: UInt) {
    guard let pointer = unsafe UnsafeMutablePointer<ProgramThread>(bitPattern: record) else { return }
    // SAFETY: a record that waits at a word is in use.
    let thread = unsafe ProgramThreadReference(pointer)
    if let waiting = thread.fields.thread { NodeReference().node.threads.scheduler.wake(waiting) }
  }

  /// Marks the mutexes that a thread leaves locked (`set_robust_list`).
  @inline(never)
  package func releaseMutexes(of thread: ProgramThreadReference) {
    let head = thread.fields.robustList
    guard head != 0 else { return }
    thread.fields.robustList = 0
    let process = thread.fields.process
    let word = UInt(process.fields.abi.wordSize)
    func load(_ address: UInt) -> UInt? { ProgramMemory.readWord(address, process.fields.abi) }
    guard let first = load(head), let offset = load(head &+ word), let pending = load(head &+ 2 &* word)
    else { return }
    // Addresses of i386 have 32 bits, wherever they are reckoned with: the distance may be a negative number.
    let bits: UInt = process.fields.abi == .i386 ? 0xFFFF_FFFF : .max
    func place(_ entry: UInt) -> UInt { ((entry & ~1) &+ offset) & bits }
    var entry = first
    var count = 0
    while entry & ~1 != head & ~1, count < RobustWord.longestList {
      if entry & ~1 != pending & ~1 { release(place(entry), of: thread) }
      guard let next = load(entry & ~1) else { break }
      entry = next
      count += 1
    }
    if pending & ~1 != 0 { release(place(pending), of: thread) }
  }

  private func release(_ address: UInt, of thread: ProgramThreadReference) {
    guard address & 3 == 0, let word = ProgramMemory.readWord32(address),
      let new = RobustWord.afterEnd(of: UInt32(bitPattern: thread.fields.number), word),
      ProgramMemory.write(new, to: address)
    else { return }
    if word & RobustWord.waiters != 0 { wake(word: address, of: thread.fields.process, count: 1) }
  }
}
