/// The dearest that NOTIFY can be made: a request just below what one call may move, and behind it the longest one.

import CGuest
import CMachine
import GuestInterface
import GuestSupport

private let sampleCount = 4
/// Bytes after which no further request is begun.
private let budget: UInt32 = 256 << 10
private let longestRequest: UInt32 = 1 << 20
/// Memory that nobody uses: a text of line ends, then numbers of pages.
private let unused: UInt32 = 0x30_0000

func measureNotify() {
  // The start has shown 8 MiB; the devices' pages lie above.
  for number in 0..<UInt32(64) {
    let page = Pages.ram + number * Pages.size
    Tables.first.map(page + Pages.offset, to: page)
  }
  measureDisk()
  measureTerminal()
  measureBalloon()
  measureRandomness()
  measureNetwork()
}

/// From the call that tells of what was offered until it comes back.
private func notify(_ queue: Queue) -> UInt32 {
  probe_measure_call(HypercallNumber.notify.rawValue, queue.address)
}

/// Writes from memory to a disk, so that nothing of the guest's is overwritten.
private func measureDisk() {
  guard let device = Device(.block) else { return }
  device.start()
  let queue = device.queue(0)
  let header = Pages.take()
  Pages.write(header, 1)
  for offset in stride(from: UInt32(4), to: 16, by: 4) { Pages.write(header + offset, 0) }
  let sizes: InlineArray<2, UInt32> = [budget - 512, longestRequest - 512]
  for index in sizes.indices {
    let first = UInt32(index) * 3
    queue.setBuffer(first, at: header, byteCount: 16, isWritten: false, isLast: false)
    queue.setBuffer(first + 1, at: unused, byteCount: sizes[index], isWritten: false, isLast: false)
    queue.setBuffer(first + 2, at: header + 16, byteCount: 1, isWritten: true, isLast: true)
  }
  measure("guest/notify-disk", count: sampleCount) {
    queue.offer(0)
    queue.offer(3)
    return notify(queue)
  }
}

private func measureTerminal() {
  guard let device = Device(.console) else { return }
  for place in stride(from: unused, to: unused + 0x8000, by: 4) { Pages.write(place, 0x0A0A_0A0A) }
  let queue = device.queue(1)
  measure("guest/notify-terminal", count: sampleCount) {
    // Of 32 for each byte that is shown.
    queue.setBuffer(0, at: unused, byteCount: budget / 32 - 1, isWritten: false, isLast: true)
    queue.setBuffer(1, at: unused, byteCount: 0x8000, isWritten: false, isLast: true)
    queue.offer(0)
    queue.offer(1)
    return notify(queue)
  }
}

/// Gives pages up and takes them back; the dearer of the two.
private func measureBalloon() {
  guard let device = Device(.balloon) else { return }
  device.start()
  let list = unused
  let firstPage: UInt32 = 0x80_0000 >> 12
  for index in 0..<UInt32(512) { Pages.write(list + index * 4, firstPage + index) }
  let counts: InlineArray<2, UInt32> = [budget / 1_028 - 1, 256]
  for number in 0..<UInt32(2) {
    let queue = device.queue(number)
    queue.setBuffer(0, at: list, byteCount: counts[0] * 4, isWritten: false, isLast: true)
    queue.setBuffer(1, at: list + counts[0] * 4, byteCount: counts[1] * 4, isWritten: false, isLast: true)
  }
  measure("guest/notify-balloon", count: sampleCount) {
    var cost: UInt32 = 0
    for number in 0..<UInt32(2) {
      let queue = device.queue(number)
      queue.offer(0)
      queue.offer(1)
      cost = max(cost, notify(queue))
    }
    return cost
  }
}

private func measureRandomness() {
  guard let device = Device(.entropy) else { return }
  device.start()
  let queue = device.queue(0)
  // Of 16 for each byte: four requests, of which the last leaves a little, and one more.
  for index in 0..<UInt32(5) {
    queue.setBuffer(
      index, at: unused, byteCount: index == 3 ? 4_095 : 4_096, isWritten: true, isLast: true)
  }
  measure("guest/notify-random", count: sampleCount) {
    for index in 0..<UInt32(5) { queue.offer(index) }
    return notify(queue)
  }
}

/// As many of the longest frames as a ring has entries, for all.
private func measureNetwork() {
  guard let device = Device(.network) else { return }
  device.start()
  let queue = device.queue(1)
  for place in stride(from: unused, to: unused + 2_048, by: 4) { Pages.write(place, 0xFFFF_FFFF) }
  for index in 0..<UInt32(64) {
    queue.setBuffer(index, at: unused, byteCount: 10 + 1_514, isWritten: false, isLast: true)
  }
  measure("guest/notify-network", count: sampleCount) {
    for index in 0..<UInt32(64) { queue.offer(index) }
    return notify(queue)
  }
}
