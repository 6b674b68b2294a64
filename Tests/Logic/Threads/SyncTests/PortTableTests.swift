import Scheduling
import SchedulingFixture
import Testing

@testable import Sync

/// A table in memory of its own.
private final class Ports {
  let table: PortTable
  private let memory = UnsafeMutableRawPointer.allocate(byteCount: PortTable.byteCount, alignment: 16)

  init() { table = unsafe PortTable(memory: memory) }
  deinit { memory.deallocate() }
}

@Test func aPortIsFoundByItsNumberAndServedByItsOwnerAlone() throws {
  let ports = Ports()
  let number = try ports.table.open(for: 7)
  #expect(number != 0 && ports.table.port(number) != nil)
  #expect(ports.table.port(number, of: 7) != nil && ports.table.port(number, of: 8) == nil)
  // Neither a number that nobody was given, nor one of another life or entry.
  for other in [0, number + 1, number ^ 1, number + 256, number | 1 << 31, UInt.max] {
    #expect(ports.table.port(other) == nil, "\(other)")
  }
}

@Test func aClosedPortsNumberNamesNobodyAgain() throws {
  let ports = Ports()
  let bench = Bench(threads: 1)
  var seen: Set<UInt> = []
  for _ in 0..<1_000 {
    let number = try ports.table.open(for: 3)
    #expect(seen.insert(number).inserted)
    #expect(throws: PortError.notOwner) {
      try ports.table.close(number, of: 4, in: &bench.scheduler)
    }
    try ports.table.close(number, of: 3, in: &bench.scheduler)
    #expect(ports.table.port(number) == nil)
    #expect(throws: PortError.notOwner) {
      try ports.table.close(number, of: 3, in: &bench.scheduler)
    }
  }
}

@Test func anOwnerHasOnlySoManyPortsAndLosesAllAtItsEnd() throws {
  let ports = Ports()
  let bench = Bench(threads: 1)
  var numbers: [UInt] = []
  for owner in 1...UInt(PortTable.capacity / PortTable.mostOfOwner) {
    for _ in 0..<PortTable.mostOfOwner { numbers.append(try ports.table.open(for: owner)) }
    #expect(throws: PortError.tooManyOfOwner) {
      _ = try ports.table.open(for: owner)
    }
  }
  #expect(Set(numbers).count == PortTable.capacity)
  #expect(throws: PortError.tooMany) { _ = try ports.table.open(for: 100) }
  ports.table.closeAll(of: 2, in: &bench.scheduler)
  let open = numbers.filter { ports.table.port($0) != nil }
  #expect(open.count == PortTable.capacity - PortTable.mostOfOwner)
  _ = try ports.table.open(for: 100)
}
