/// All processes of a node: numbers, families, groups, sessions, and what parents are told.
///
///     number 4711 ──▶ entry 4711 mod capacity        A number is given out only while the entry that it leads to is
///                                                     free, so finding a process is one look. The next number is
///     parent ──▶ first child ⇄ next child ⇄ …         tried first, as programs expect numbers to rise.
///
/// Nothing here knows memory, files or registers: those hang at an entry's payload.

/// Why a call on processes is refused.
public enum ProcessError: UInt8, Error, BitwiseCopyable, Hashable, Sendable {
  /// No entry is free: EAGAIN.
  case tableFull
  /// Nobody has the number: ESRCH.
  case noSuchProcess
  /// There is no child that could be waited for: ECHILD.
  case noChild
  /// The rules of groups and sessions forbid it: EPERM.
  case notPermitted
  /// The child has run another program already: EACCES.
  case hasExecuted
  /// A number that can't be one: EINVAL.
  case badNumber
}

/// The table; its memory is the owner's.
///
/// Safe to use because every index is checked, and whoever makes a table promises its memory.
@safe public struct ProcessTable: ~Copyable {
  /// Processes that are stopped: nearly always none, and then nobody need be looked at.
  var stoppedCount = 0
  /// The largest number of a process.
  public static var largestNumber: Int32 { 32_767 }
  /// The bytes that the memory of a table with so many entries needs.
  public static func byteCount(capacity: Int) -> Int { capacity * MemoryLayout<ProcessEntry>.stride }

  private let entries: UnsafeMutablePointer<ProcessEntry>
  /// The most processes and threads.
  public let capacity: Int
  /// The entries in use.
  public internal(set) var count = 0
  var last: Int32 = 0
  /// The number of the process that orphans become children of.
  public internal(set) var initialProcess: Int32 = 0

  /// Makes an empty table.
  ///
  /// - Safety: `memory` must be aligned to 8, have `byteCount(capacity:)` bytes, and be the table's alone while it lives.
  @unsafe public init(memory: UnsafeMutableRawPointer, capacity: Int) {
    precondition(capacity >= 2 && capacity <= 4096, "a process table has 2 to 4096 entries")
    self.capacity = capacity
    unsafe entries = memory.bindMemory(to: ProcessEntry.self, capacity: capacity)
    for index in 0..<capacity { unsafe (entries + index).initialize(to: ProcessEntry()) }
  }

  // MARK: - Finding

  subscript(_ index: Int16) -> ProcessEntry {
    @inline(__always) unsafeAddress {
      precondition(index >= 0 && Int(index) < capacity, "an index of the process table is wrong")
      // SAFETY: the index was compared with the capacity, for which the maker gave memory.
      return unsafe UnsafePointer(entries + Int(index))
    }
    @inline(__always) nonmutating unsafeMutableAddress {
      precondition(index >= 0 && Int(index) < capacity, "an index of the process table is wrong")
      // SAFETY: as above.
      return unsafe entries + Int(index)
    }
  }

  func index(of number: Int32) -> Int16? {
    guard number > 0 else { return nil }
    let index = Int16(truncatingIfNeeded: Int(number) % capacity)
    return self[index].number == number ? index : nil
  }

  func process(_ number: Int32) throws(ProcessError) -> Int16 {
    guard let index = index(of: number), self[index].leader == number else { throw .noSuchProcess }
    return index
  }

  /// The payload of a living process or thread, or `nil`; that of a zombie is 0.
  @export(interface)
  public func payload(of number: Int32) -> UInt? {
    guard let index = index(of: number) else { return nil }
    return self[index].isZombie ? 0 : self[index].payload
  }

  /// Changes the payload.
  @export(interface)
  public func setPayload(_ payload: UInt, of number: Int32) {
    if let index = index(of: number) { self[index].payload = payload }
  }

  /// Whether the number is a process's, living or zombie.
  public func isProcess(_ number: Int32) -> Bool { (try? process(number)) != nil }

  /// Calls `body` with the number and payload of each process that lives, or only those of a group.
  @export(interface)
  public func forEachProcess(inGroup group: Int32 = 0, _ body: (Int32, UInt) -> Void) {
    for index in 0..<Int16(capacity) {
      let entry = self[index]
      guard entry.number != 0, entry.leader == entry.number, !entry.isZombie else { continue }
      if group == 0 || entry.group == group { body(entry.number, entry.payload) }
    }
  }

  /// The number after `number` that a process has, living or zombie, in rising order; `nil` at the end.
  @export(interface)
  public func nextProcess(after number: Int32) -> Int32? {
    var best: Int32?
    for index in 0..<Int16(capacity) {
      let entry = self[index]
      guard entry.number > number, entry.leader == entry.number else { continue }
      if let found = best, found < entry.number { continue }
      best = entry.number
    }
    return best
  }
}
