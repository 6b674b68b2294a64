/// The call ports of programs, by number: who may serve each, and whether it still means what it meant.
///
///     number   31 30              8 7      0
///             ┌──┬─────────────────┬────────┐     A port that was closed leaves its entry to a later one, whose number
///             │0 │ life, 1 or more │ entry  │     differs by the life: an old number finds nobody.
///             └──┴─────────────────┴────────┘

import Scheduling

/// Why a port can't be had.
public enum PortError: UInt8, Error, BitwiseCopyable, Sendable, CaseIterable {
  /// The owner has as many as anybody may have.
  case tooManyOfOwner
  /// There are as many as there may be.
  case tooMany
  /// No port has the number, or it is another's.
  case notOwner
}

/// Ports in memory that does not move, because threads wait in it.
///
/// - Invariant: an entry has a number and an owner exactly while its record is alive.
@safe public struct PortTable: BitwiseCopyable {
  /// The most ports of all owners.
  @inlinable public static var capacity: Int { 128 }
  /// The most ports of one owner.
  public static var mostOfOwner: Int { 16 }
  static var lifeShift: UInt { 8 }
  static var mostLives: UInt32 { 1 << 23 - 1 }

  struct Entry: BitwiseCopyable {
    var record: CallPort.Record
    // The number while it is open, else one that leads to another entry.
    var number: UInt
    // Whoever serves it; 0 while it is closed.
    var owner: UInt
    var life: UInt32
  }

  private let entries: UnsafeMutablePointer<Entry>

  /// The bytes that a table takes.
  public static var byteCount: Int { MemoryLayout<Entry>.stride * capacity }

  /// Makes a table without ports.
  ///
  /// - Safety: the memory must be writable, aligned to 16, `byteCount` long, and stay with the table.
  @unsafe public init(memory: UnsafeMutableRawPointer) {
    unsafe entries = memory.bindMemory(to: Entry.self, capacity: Self.capacity)
    for index in 0..<Self.capacity {
      let entry = unsafe entries + index
      unsafe UnsafeMutableRawPointer(entry).initializeMemory(
        as: UInt8.self, repeating: 0, count: MemoryLayout<Entry>.size)
      unsafe entry.pointee.number = UInt(index ^ 1)
    }
  }

  /// Makes a port for an owner, a number that is not 0.
  public func open(for owner: UInt) throws(PortError) -> UInt {
    var free: Int?
    var count = 0
    for index in 0..<Self.capacity {
      // SAFETY: the index is below the capacity.
      let entry = unsafe entries + index
      let other = unsafe entry.pointee.owner
      if other == owner { count += 1 }
      // The entry that was used least, so that numbers come back late.
      if other == 0 {
        if let best = free, unsafe entries[best].life <= entry.pointee.life { continue }
        free = index
      }
    }
    guard count < Self.mostOfOwner else { throw .tooManyOfOwner }
    guard let free else { throw .tooMany }
    // SAFETY: as above; nobody waits in an entry without an owner.
    let entry = unsafe entries + free
    let life = unsafe entry.pointee.life % Self.mostLives + 1
    unsafe entry.pointee.life = life
    unsafe entry.pointee.owner = owner
    _ = unsafe CallPort(at: record(free))
    let number = UInt(life) << Self.lifeShift | UInt(free)
    unsafe entry.pointee.number = number
    return number
  }

  /// The port with a number, while it is open.
  @inline(__always)
  public func port(_ number: UInt) -> CallPort? {
    let entry = unsafe entry(number)
    guard unsafe entry.pointee.number == number else { return nil }
    // SAFETY: an entry with a number has a record that was initialised, as its first field.
    return unsafe CallPort(
      existing: UnsafeMutableRawPointer(entry).assumingMemoryBound(to: CallPort.Record.self))
  }

  /// The port with a number if it is open and an owner's.
  @inline(__always)
  public func port(_ number: UInt, of owner: UInt) -> CallPort? {
    guard let port = port(number), unsafe entry(number).pointee.owner == owner else { return nil }
    return port
  }

  @inline(__always)
  private func entry(_ number: UInt) -> UnsafeMutablePointer<Entry> {
    // SAFETY: the index is below the capacity.
    unsafe entries + Int(bitPattern: number & UInt(Self.capacity - 1))
  }

  /// Closes a port: everybody who waits goes on, cancelled.
  public func close(
    _ number: UInt, of owner: UInt, in scheduler: inout Scheduler
  ) throws(PortError) {
    guard let port = port(number, of: owner) else { throw .notOwner }
    close(Int(number & UInt(Self.capacity - 1)), port, in: &scheduler)
  }

  /// Closes all ports of an owner.
  public func closeAll(of owner: UInt, in scheduler: inout Scheduler) {
    // SAFETY: the index is below the capacity; an entry with an owner has a record that was initialised.
    for index in 0..<Self.capacity where unsafe entries[index].owner == owner {
      close(index, unsafe CallPort(existing: record(index)), in: &scheduler)
    }
  }

  private func close(_ index: Int, _ port: CallPort, in scheduler: inout Scheduler) {
    // An open port is alive.
    try? port.close(in: &scheduler)
    unsafe entries[index].owner = 0
    unsafe entries[index].number = UInt(index ^ 1)
  }

  @inline(__always)
  private func record(_ index: Int) -> UnsafeMutablePointer<CallPort.Record> {
    // SAFETY: the record is an entry's first field, and the index is below the capacity.
    unsafe UnsafeMutableRawPointer(entries + index).assumingMemoryBound(to: CallPort.Record.self)
  }
}
