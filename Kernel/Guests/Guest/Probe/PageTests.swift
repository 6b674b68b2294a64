/// The life of page tables, as the host shows them.

import CGuest
import GuestInterface
import GuestSupport

private let place: UInt32 = 0x4000_0000

func testPageTables(_ tests: inout TestLines) {
  testPages(&tests)
  testRights(&tests)
  testRoots(&tests)
}

private func testPages(_ tests: inout TestLines) {
  let tables = Tables.first
  let (one, other) = (Pages.take(), Pages.take())
  Pages.write(one, 1_111)
  Pages.write(other, 2_222)
  tests.check(Attempt.read(place) == nil && Attempt.was(14, error: 0), "a page that no table shows faults")
  tests.check(State().fields.fault_address == place, "the shared page tells where")
  tables.map(place, to: one)
  tests.check(Attempt.read(place) == 1_111, "a new entry is seen without a call that says more")
  let entry = tables.entry(of: place)
  tests.check(Pages.read(entry) & Entry.accessed != 0, "reading marks the guest's entry as used")
  tests.check(Pages.read(entry) & Entry.dirty == 0, "and not as written")
  tests.check(Attempt.write(place, 3_333) && Pages.read(one) == 3_333, "a write reaches the page")
  tests.check(Pages.read(entry) & Entry.dirty != 0, "and marks the entry as written")
  tables.map(place, to: other)
  tests.check(Attempt.read(place) == 2_222, "SET_PTE shows another page")
  tables.map(place, to: one, Entry.kernel | Entry.accessed | Entry.dirty)
  tests.check(Attempt.read(place) == 3_333, "SET_PTE of a used page shows it at once")
  tables.map(place + Pages.size, to: one)
  _ = Attempt.write(place + Pages.size, 4_444)
  tests.check(Attempt.read(place) == 4_444, "two addresses may show one page")
  tables.setSilently(place, 0)
  Host.call(.flushTranslations, 0)
  tests.check(Attempt.read(place) == nil, "FLUSH_TLB 0 forgets what programs see")
  tables.map(place, to: one)
  tables.map(place, to: 0, 0)
  tests.check(Attempt.read(place) == nil, "an entry that was taken away is gone")
  let kernel: UInt32 = 0xD000_0000
  tables.map(kernel, to: one)
  tests.check(Attempt.read(kernel) == 4_444, "the kernel's part has its pages too")
  tables.setSilently(kernel, other | Entry.kernel)
  Host.call(.flushTranslations, 1)
  tests.check(Attempt.read(kernel) == 2_222, "FLUSH_TLB 1 forgets what the kernel sees")
  let device = Pages.ram
  tables.map(kernel, to: device)
  tests.check(Attempt.write(kernel, 7) && Attempt.read(kernel) == 7, "pages of devices lie above RAM")
}

private func testRights(_ tests: inout TestLines) {
  let tables = Tables.first
  let page = Pages.take()
  tables.map(place, to: page, Entry.kernelReadOnly)
  tests.check(Attempt.read(place) == 0, "a page to be read can be read")
  tests.check(!Attempt.write(place, 1) && Attempt.was(14, error: 3), "and writing there faults as it should")
  tables.map(place, to: page, Entry.kernel)
  tests.check(Attempt.write(place, 1), "once it may be written, it can")
  tables.map(place, to: page, Entry.kernelReadOnly | Entry.accessed | Entry.dirty)
  tests.check(!Attempt.write(place, 1), "the mark of a write gives no right to write")
  let top = tables.root + (place >> 22) * 4
  tables.map(place, to: page, Entry.kernel)
  Pages.write(top, Pages.read(top) & ~2)
  Host.call(.setRootEntry, tables.root, place >> 22)
  tests.check(!Attempt.write(place, 1), "an entry of the root may forbid writing for all of its pages")
  Pages.write(top, Pages.read(top) | 2)
  Host.call(.setRootEntry, tables.root, place >> 22)
  tests.check(Attempt.write(place, 5) && Pages.read(page) == 5, "and allow it again")
  let saved = Pages.read(top)
  Pages.write(top, 0)
  Host.call(.setRootEntry, tables.root, place >> 22)
  tests.check(Attempt.read(place) == nil, "an entry of the root that was taken away takes its pages along")
  Pages.write(top, saved)
  Host.call(.setRootEntry, tables.root, place >> 22)
  tests.check(Attempt.read(place) == 5, "and they come back with it")
}

private func testRoots(_ tests: inout TestLines) {
  var isRight = true
  var first: UInt32 = 0
  // More than the host keeps: the oldest give way and come back.
  for round in 0..<UInt32(2) {
    for index in 0..<UInt32(20) {
      let root = first + index * 3 * Pages.size
      if round == 0 {
        let tables = Tables.make()
        if index == 0 { first = tables.root }
        let page = Pages.take()
        Pages.write(page, 100 + index)
        tables.map(place, to: page)
        tables.use()
      } else {
        Host.call(.newPageTable, root)
      }
      isRight = isRight && Attempt.read(place) == 100 + index
    }
  }
  tests.check(isRight, "20 roots show each its own page, one after the other and again")
  Host.call(.newPageTable, first)
  let shared: UInt32 = 0xD100_0000
  let page = Pages.take()
  Pages.write(page, 77)
  Tables.first.use()
  Tables.first.map(shared, to: page)
  _ = Attempt.read(shared)
  Host.call(.newPageTable, first)
  let top = first + (shared >> 22) * 4
  Pages.write(top, Pages.read(Tables.first.root + (shared >> 22) * 4))
  tests.check(Attempt.read(shared) == 77, "the kernel's part is the same in all roots")
  Tables.first.use()
}
