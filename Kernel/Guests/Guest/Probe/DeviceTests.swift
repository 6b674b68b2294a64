/// The terminal and a disk, through virtio.

import CGuest
import CMachine
import GuestInterface
import GuestSupport
import Log

func testDevices(_ tests: inout TestLines) {
  testTerminal(&tests)
  testDisk(&tests)
  testLines(&tests)
  testBalloon(&tests)
}

private func testTerminal(_ tests: inout TestLines) {
  let isThere = Console.useDevice()
  tests.check(isThere, "the terminal is a device, and shows lines from here on")
  guard isThere, let device = Device(.console) else { return }
  let output = device.queue(1)
  let before = output.usedCount
  Console.line("# by the device")
  tests.check(output.usedCount == (before + 1) & 0xFFFF, "what it has shown comes back as used")
  tests.check(Device(.console, number: 1) == nil, "there is one")
}

private func testDisk(_ tests: inout TestLines) {
  guard let disk = Disk() else { return tests.skip("a disk", "the guest was given none") }
  let count = disk.sectorCount
  tests.check(count >= 2, "a disk says how large it is")
  tests.check(disk.read(0) == 0 && Pages.read(disk.data) == 0x6B73_6964, "the first sector is the file's")
  for offset in stride(from: UInt32(0), to: 512, by: 4) {
    Pages.write(disk.data + offset, offset &* 0x9E37_79B1)
  }
  tests.check(disk.write(count - 1) == 0, "the last sector is written")
  for offset in stride(from: UInt32(0), to: 512, by: 4) { Pages.write(disk.data + offset, 0) }
  let isRead = disk.read(count - 1) == 0
  var isSame = isRead
  for offset in stride(from: UInt32(0), to: 512, by: 4)
  where Pages.read(disk.data + offset) != offset &* 0x9E37_79B1 { isSame = false }
  tests.check(isSame, "and read again as it was written")
  tests.check(disk.flush() == 0, "a flush is done")
  tests.check(disk.read(count) == 1, "there is no sector behind the last")
  tests.check(disk.read(0xFFFF_FFFF) == 1, "nor far behind it")
  // What earlier requests have raised comes first.
  Interrupts.turnOn()
  _ = wait { Interrupts.count(of: disk.line) != 0 }
  Interrupts.turnOff()
  let before = Interrupts.count(of: disk.line)
  _ = disk.read(0)
  tests.check(Interrupts.count(of: disk.line) == before, "a disk's interrupt waits while they are off")
  Interrupts.turnOn()
  tests.check(wait { Interrupts.count(of: disk.line) == before + 1 }, "and comes on its line")
  Interrupts.turnOff()
}

/// Pages that were given up have nothing of what was there, once they are taken back; their neighbours keep it.
private func testBalloon(_ tests: inout TestLines) {
  guard let device = Device(.balloon) else { return tests.skip("a balloon", "there is no such device") }
  device.start()
  let list = Pages.take()
  let pages: InlineArray<3, UInt32> = [Pages.take(), Pages.take(), Pages.take()]
  for index in 0..<3 { Pages.write(pages[index], 0x1234_5678) }
  Pages.write(list, pages[0] >> 12)
  Pages.write(list + 4, pages[2] >> 12)
  var queue = device.queue(0)
  queue.setBuffer(0, at: list, byteCount: 8, isWritten: false, isLast: true)
  tests.check(queue.perform() == 0, "pages are given up")
  tests.check(Pages.read(pages[1]) == 0x1234_5678, "the page between them is as it was")
  Pages.write(pages[0], 0x8765_4321)
  tests.check(Pages.read(pages[1]) == 0x1234_5678, "a write to one that was given up is for nobody")
  queue = device.queue(1)
  queue.setBuffer(0, at: list, byteCount: 8, isWritten: false, isLast: true)
  tests.check(queue.perform() == 0, "and taken back")
  tests.check(
    Pages.read(pages[0]) == 0 && Pages.read(pages[2] + 4_092) == 0, "with zeros in them")
  Pages.write(pages[0], 1)
  Pages.write(pages[2], 2)
  tests.check(
    Pages.read(pages[0]) == 1 && Pages.read(pages[2]) == 2 && Pages.read(pages[1]) == 0x1234_5678,
    "each is a page of its own again")
}

/// The clock's line is 0, devices' follow: of two that wait, the lower is delivered first.
private func testLines(_ tests: inout TestLines) {
  guard let device = Device(.entropy) else { return tests.skip("random bytes", "there is no such device") }
  device.start()
  let queue = device.queue(0)
  let page = Pages.take()
  queue.setBuffer(0, at: page, byteCount: 16, isWritten: true, isLast: true)
  tests.check(queue.perform() == 16, "random bytes fill their buffer")
  var words: UInt32 = 0
  for offset in stride(from: UInt32(0), to: 16, by: 4) { words |= Pages.read(page + offset) }
  tests.check(words != 0, "and are not all zeros")
  Interrupts.turnOn()
  _ = wait { Interrupts.count(of: queue.line) != 0 }
  Interrupts.turnOff()
  let before = Interrupts.count(of: queue.line)
  Interrupts.block(0)
  queue.post()
  Clock.set(nanoseconds: 1_000)
  let start = cpu_rdtsc()
  while cpu_rdtsc() - start < 10_000_000 {}
  State().fields.first_vector = 0
  Interrupts.turnOn()
  tests.check(State().fields.first_vector == 32, "of several lines that wait the lowest comes first")
  tests.check(wait { Interrupts.count(of: queue.line) == before + 1 }, "and the other one after it")
  Interrupts.turnOff()
  Interrupts.block(1)
}
