import SpeedupModel

/// Adds up calls by name, finding the name by its bytes: no string is made but for a name seen first.
struct CallTally {
  /// The records in order of first sight.
  private(set) var records: [CallRecord] = []
  /// Open addressing; a slot holds an index into `records` plus 1, or 0.
  private var slots = Array(repeating: 0, count: 2048)
  private var names: [[UInt8]] = []
  private var invocations = 0
  /// Kernels have some 470 calls.
  ///
  /// Far more distinct names mean that the file is something else.
  static let mostNames = 1024

  /// The index of the record for the name at `range` of `line`, made if new; `nil` when there are too many.
  mutating func index(of line: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
    // FNV-1a, 64 bits.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for position in range { hash = (hash ^ UInt64(line[position])) &* 0x100_0000_01b3 }
    var slot = Int(truncatingIfNeeded: hash ^ (hash >> 32)) & (slots.count - 1)
    while slots[slot] != 0 {
      let found = slots[slot] - 1
      if matches(names[found], line, range) { return found }
      slot = (slot + 1) & (slots.count - 1)
    }
    guard records.count < Self.mostNames else { return nil }
    let bytes = Array(line[range])
    names.append(bytes)
    records.append(CallRecord(String(decoding: bytes, as: UTF8.self), count: 0, seconds: 0))
    slots[slot] = records.count
    return records.count - 1
  }

  private func matches(_ name: [UInt8], _ line: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    guard name.count == range.count else { return false }
    for offset in 0..<name.count where name[offset] != line[range.lowerBound + offset] { return false }
    return true
  }

  /// Adds invocations to a record; refuses, and changes nothing, where all of them would be more than a profile
  /// may hold.
  mutating func add(_ index: Int, count: Int = 1, seconds: Double, bytes: Double = 0) -> Bool {
    guard count <= Profile.mostInvocations - invocations,
      records[index].seconds + seconds <= Profile.mostSeconds
    else { return false }
    invocations += count
    records[index].count += count
    records[index].seconds += seconds
    records[index].bytes += bytes
    return true
  }

  /// What `add` refuses to exceed, for messages.
  static let most = "at most 2^53 invocations in all, and 1e12 seconds of a call"
}
