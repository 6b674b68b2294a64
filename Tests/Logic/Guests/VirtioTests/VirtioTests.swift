/// What a guest's driver does, and what a hostile guest does instead.

import GuestFixture
import GuestInterface
import SeededRandomness
import Testing

@testable import Virtio

@Suite struct DevicePageTests {
  @Test func descriptorsArePackedOneBehindTheOther() {
    let rig = Rig()
    let page: UInt32 = 16 * 4096
    // The reference: 5 + 8 bytes a queue + features twice + configuration.
    #expect(rig.read(page, 5) == [3, 2, 4, 0, 0])
    let second = page + 5 + 16 + 8
    #expect(rig.read(second, 5) == [2, 1, 4, 16, 0])
    #expect(rig.machine.load32(second + 5) == 64 | 3 << 16, "64 entries, line 3")
    #expect(rig.machine.load32(second + 9) == (page + 4096) >> 12 + 4, "behind the console's two rings")
    #expect(rig.machine.load32(second + 5 + 8) == 1 << 2 | 1 << 9)
    #expect(rig.machine.load32(second + 5 + 8 + 8) == 16, "sectors")
    let third = second + 5 + 8 + 8 + 16
    #expect(rig.read(third, 5) == [4, 1, 4, 0, 0])
    let fourth = third + 5 + 8 + 8
    #expect(rig.read(fourth + 5 + 16 + 8, 6) == [0x02, 0x61, 0x70, 0x75, 0x73, 3])
    let fifth = fourth + 5 + 16 + 8 + 6
    #expect(rig.read(fifth + 5 + 16 + 8 + 8, 1) == [0], "a type of 0 ends the list")
  }

  @Test func noticesAreToldApart() {
    let rig = Rig()
    #expect(rig.devices.notice(0x1234) == .text)
    #expect(rig.devices.notice(16 * 4096) == .status(0))
    #expect(rig.devices.notice(16 * 4096 + 29) == .status(1))
    #expect(rig.devices.notice(16 * 4096 + 30) == .text)
    #expect(rig.devices.notice(17 * 4096) == .queue(0, 0))
    #expect(rig.devices.notice(19 * 4096) == .queue(0, 1))
    #expect(rig.devices.notice(18 * 4096) == .text, "the second page of a ring is no ring")
  }

  @Test func aGuestHasAtMostFifteenLinesAndEightDevices() {
    var machine = FakeMachine(ramPages: 16, devicePages: 64)
    var devices = GuestDevices(in: machine)
    for _ in 0..<7 { #expect(devices.add(.console, in: &machine)) }
    #expect(!devices.add(.console, in: &machine), "lines 15 and 16")
    #expect(devices.add(.block, in: &machine))
    #expect(!devices.add(.entropy, in: &machine))
    var small = FakeMachine(ramPages: 16, devicePages: 4)
    var few = GuestDevices(in: small)
    #expect(!few.add(.console, in: &small), "no room for two rings")
    #expect(few.add(.block, in: &small))
  }

  @Test func resetForgetsAll() {
    var rig = Rig()
    rig.machine.store8(3, 16 * 4096 + 4)
    rig.devices.changeStatus(of: 0, in: &rig.machine)
    #expect(rig.devices.slot(0)?.isRunning == true)
    rig.post(0, 1, [GuestBuffer(address: 0x2000, byteCount: 3)])
    #expect(rig.serve(0, 1).lines == 1 << 2)
    rig.machine.store8(0, 16 * 4096 + 4)
    rig.devices.changeStatus(of: 0, in: &rig.machine)
    #expect(rig.devices.slot(0)?.isRunning == false)
    #expect(rig.used(0, 1).count == 0)
    #expect(rig.serve(0, 1) == DeviceOutcome())
    rig.machine.store8(0x83, 16 * 4096 + 4)
    rig.devices.changeStatus(of: 0, in: &rig.machine)
    #expect(rig.devices.slot(0)?.isRunning == false, "the driver has given up")
  }
}

@Suite struct DeviceTests {
  @Test func theTerminalShowsAndTakesBytes() {
    var rig = Rig()
    rig.write(Array("hello".utf8), 0x2000)
    rig.post(
      0, 1, [GuestBuffer(address: 0x2000, byteCount: 2), GuestBuffer(address: 0x2002, byteCount: 3)])
    #expect(rig.serve(0, 1) == DeviceOutcome(lines: 1 << 2))
    #expect(rig.host.shown == Array("hello".utf8))
    #expect(rig.host.outputEnds == 1)

    rig.machine.store8(3, 16 * 4096 + 4)
    rig.devices.changeStatus(of: 0, in: &rig.machine)
    rig.host.input = Array("abcdef".utf8)
    #expect(rig.pump() == DeviceOutcome(), "there is no buffer")
    #expect(rig.host.input.count == 6)
    rig.post(0, 0, [GuestBuffer(address: 0x3000, byteCount: 4, isWritable: true)])
    #expect(rig.pump() == DeviceOutcome(lines: 1 << 1))
    #expect(rig.read(0x3000, 5) == Array("abcd".utf8) + [0])
    #expect(rig.used(0) == (1, 4))
    rig.post(0, 0, [GuestBuffer(address: 0x3000, byteCount: 4, isWritable: true)])
    #expect(rig.serve(0).lines == 1 << 1)
    #expect(rig.used(0) == (2, 2))
    #expect(rig.read(0x3000, 4) == Array("efcd".utf8))
  }

  @Test func aGuestThatWantsNoInterruptsGetsNone() {
    var rig = Rig()
    rig.machine.store32(1, rig.ring(0, 1).address + 1024)
    rig.post(0, 1, [GuestBuffer(address: 0x2000, byteCount: 1)])
    #expect(rig.serve(0, 1) == DeviceOutcome())
    #expect(rig.used(0, 1).count == 1)
  }

  @Test func aDiskReadsWritesAndFlushes() {
    var rig = Rig()
    let content = (0..<1024).map { UInt8(truncatingIfNeeded: $0 * 7) }
    rig.writeHeader(1, sector: 3, 0x2000)
    rig.write(content, 0x3000)
    rig.post(
      1, 0,
      [
        GuestBuffer(address: 0x2000, byteCount: 16), GuestBuffer(address: 0x3000, byteCount: 1_021),
        GuestBuffer(address: 0x3000 + 1_021, byteCount: 3),
        GuestBuffer(address: 0x2100, byteCount: 1, isWritable: true),
      ])
    rig.write([0xFF], 0x2100)
    #expect(rig.serve(1).lines == 1 << 3)
    #expect(rig.read(0x2100, 1) == [0])
    #expect(Array(rig.host.disk[1536..<2560]) == content)

    rig.writeHeader(0, sector: 3, 0x2000)
    rig.post(
      1, 0,
      [
        GuestBuffer(address: 0x2000, byteCount: 16),
        GuestBuffer(address: 0x5001, byteCount: 1_025, isWritable: true),
      ])
    #expect(rig.serve(1).mistake == nil)
    #expect(rig.read(0x5001, 1_025) == content + [0], "the status is the last byte")
    #expect(rig.used(1) == (2, 1_025))

    rig.writeHeader(4, sector: 0, 0x2000)
    rig.post(
      1, 0,
      [
        GuestBuffer(address: 0x2000, byteCount: 16),
        GuestBuffer(address: 0x2100, byteCount: 1, isWritable: true),
      ])
    rig.write([0xFF], 0x2100)
    #expect(rig.serve(1).mistake == nil)
    #expect(rig.read(0x2100, 1) == [0])
  }

  @Test(
    arguments: [
      (0, 16, 512, 1), (0, 15, 1_024, 1), (0, UInt64.max, 512, 1), (0, 1 << 55, 512, 1), (0, 0, 100, 1),
      (9, 0, 512, 2), (0xFFFF_FFFF, 0, 512, 2),
    ] as [(UInt32, UInt64, UInt32, UInt8)])
  func aDiskRefusesWhatItHasNot(kind: UInt32, sector: UInt64, byteCount: UInt32, status: UInt8) {
    var rig = Rig()
    rig.writeHeader(kind, sector: sector, 0x2000)
    rig.post(
      1, 0,
      [
        GuestBuffer(address: 0x2000, byteCount: 16),
        GuestBuffer(address: 0x3000, byteCount: byteCount + 1, isWritable: true),
      ])
    #expect(rig.serve(1).mistake == nil)
    #expect(rig.read(0x3000 + byteCount, 1) == [status])
    #expect(rig.used(1) == (1, 1))
  }

  @Test func whatTakesLongIsServedInParts() {
    var rig = Rig()
    rig.writeHeader(0, sector: 0, 0x2000)
    rig.post(
      1, 0,
      [
        GuestBuffer(address: 0x2000, byteCount: 16),
        GuestBuffer(address: 0x3000, byteCount: 50_000, isWritable: true),
      ])
    for _ in 1..<10 { rig.offer(1, 0, 0) }
    // After six more than 256 KiB would have been moved.
    let first = rig.serve(1)
    #expect(first.hasMore && rig.used(1).count == 6 && first.lines == 1 << 3)
    let second = rig.pump()
    #expect(!second.hasMore && rig.used(1).count == 10 && second.lines == 1 << 3)
    #expect(rig.pump() == DeviceOutcome())
    // A driver that begins anew is owed nothing.
    for _ in 0..<10 { rig.offer(1, 0, 0) }
    #expect(rig.serve(1).hasMore)
    rig.devices.changeStatus(of: 1, in: &rig.machine)
    #expect(rig.pump() == DeviceOutcome())
  }

  @Test func randomBytesFillTheBuffer() {
    var rig = Rig()
    rig.post(2, 0, [GuestBuffer(address: 0x2000, byteCount: 6, isWritable: true)])
    #expect(rig.serve(2).lines == 1 << 4)
    #expect(rig.read(0x2000, 7) == [1, 2, 3, 4, 1, 1, 0])
    #expect(rig.used(2) == (1, 6))
  }

  @Test func framesGoOutAndComeIn() {
    var rig = Rig()
    let frame = (0..<61).map { UInt8($0) }
    rig.write([UInt8](repeating: 0xEE, count: 10) + frame, 0x2000)
    rig.post(
      3, 1, [GuestBuffer(address: 0x2000, byteCount: 10), GuestBuffer(address: 0x200A, byteCount: 61)])
    #expect(rig.serve(3, 1).lines == 1 << 6)
    #expect(rig.host.frames == [frame])
    for byteCount: UInt32 in [0, 10, 23, 1_529] {
      rig.post(3, 1, [GuestBuffer(address: 0x2000, byteCount: byteCount)])
      #expect(rig.serve(3, 1).mistake == nil)
    }
    #expect(rig.host.frames.count == 1, "too short and too long ones are dropped")

    rig.host.waiting = [frame, frame]
    rig.post(3, 0, [GuestBuffer(address: 0x4000, byteCount: 1_528, isWritable: true)])
    #expect(rig.serve(3).lines == 1 << 5)
    #expect(rig.used(3) == (1, 71))
    #expect(rig.read(0x4000, 72) == [UInt8](repeating: 0, count: 10) + frame + [0])
    rig.post(3, 0, [GuestBuffer(address: 0x4000, byteCount: 70, isWritable: true)])
    #expect(rig.serve(3).mistake == nil)
    #expect(rig.used(3) == (2, 0))
    #expect(rig.host.waiting.isEmpty)
  }

  @Test func theSwitchKnowsWhereFramesGo() {
    let guests: UInt16 = 0b1011
    #expect(Network.receivers(of: Network.address(ofGuest: 1), from: 0, among: guests) == 0b0010)
    #expect(Network.receivers(of: Network.address(ofGuest: 0), from: 0, among: guests) == 0, "never back")
    #expect(Network.receivers(of: Network.address(ofGuest: 2), from: 0, among: guests) == 0b1010)
    #expect(Network.receivers(of: 0xFFFF_FFFF_FFFF, from: 1, among: guests) == 0b1001)
    #expect(Network.receivers(of: 0x0000_0000_5E01, from: 3, among: guests) == 0b0011, "a group")
    #expect(Network.receivers(of: 0x1234, from: 3, among: guests) == 0b0011)
  }

  @Test func pagesGoToTheHostAndComeBackEmpty() {
    var rig = Rig()
    for page: UInt32 in 0..<3 { rig.machine.store32(page + 4, 0x2000 + page * 4) }
    rig.post(4, 0, [GuestBuffer(address: 0x2000, byteCount: 12)])
    let given = rig.serve(4)
    #expect(given.lines == 1 << 7 && given.hasMovedPages)
    #expect(rig.devices.balloonPages == 3)
    #expect(rig.machine.pagesGivenUp == [4, 5, 6])
    rig.post(4, 0, [GuestBuffer(address: 0x2000, byteCount: 12)])
    #expect(!rig.serve(4).hasMovedPages, "they are given already")
    #expect(rig.devices.balloonPages == 3)
    rig.post(4, 1, [GuestBuffer(address: 0x2000, byteCount: 8)])
    let taken = rig.serve(4, 1)
    #expect(taken.lines == 1 << 8 && taken.hasMovedPages)
    #expect(rig.devices.balloonPages == 1)
    #expect(rig.machine.pagesGivenUp == [6])
    #expect(rig.read(0x4000, 4) == [0, 0, 0, 0])
    rig.post(4, 1, [GuestBuffer(address: 0x2000, byteCount: 8)])
    #expect(!rig.serve(4, 1).hasMovedPages, "they were taken already")
    rig.machine.store32(16, 0x2000)
    rig.post(4, 0, [GuestBuffer(address: 0x2000, byteCount: 4)])
    #expect(rig.serve(4).mistake == GuestMistake(.badBalloonPage, 16))
    rig.post(4, 0, [GuestBuffer(address: 0x2000, byteCount: 1_028)])
    #expect(rig.serve(4).mistake == GuestMistake(.balloonListTooLong, 1_028))
  }

  @Test func pagesThatAreNotToBeHadAreWaitedFor() {
    var rig = Rig()
    for page: UInt32 in 0..<3 { rig.machine.store32(page + 4, 0x2000 + page * 4) }
    rig.post(4, 0, [GuestBuffer(address: 0x2000, byteCount: 12)])
    _ = rig.serve(4)
    rig.machine.framesLeft = 2
    rig.post(4, 1, [GuestBuffer(address: 0x2000, byteCount: 12)])
    let outcome = rig.serve(4, 1)
    #expect(outcome.lines == 0 && outcome.hasMore && outcome.hasMovedPages)
    #expect(rig.devices.balloonPages == 1)
    #expect(rig.pump().hasMore)
    rig.machine.framesLeft = 1
    let last = rig.pump()
    #expect(last.lines == 1 << 8 && !last.hasMore)
    #expect(rig.used(4, 1).count == 1)
    #expect(rig.machine.pagesGivenUp.isEmpty)
  }
}

@Suite struct HostileRingTests {
  private func mistake(
    _ device: Int, _ queue: Int, _ prepare: (inout Rig) -> Void
  ) -> GuestMistake.Kind? {
    var rig = Rig()
    prepare(&rig)
    return rig.serve(device, queue).mistake?.kind
  }

  @Test func everyMistakeIsNamed() {
    #expect(mistake(0, 1) { $0.setCount(0, 1, 65) } == .ringOverrun)
    #expect(mistake(0, 1) { $0.setCount(0, 1, 0xFFFF) } == .ringOverrun)
    #expect(mistake(0, 1) { $0.offer(0, 1, 64) } == .badDescriptor)
    #expect(mistake(0, 1) { $0.offer(0, 1, 0xFFFF) } == .badDescriptor)
    #expect(
      mistake(0, 1) {
        $0.post(0, 1, [GuestBuffer(address: 0x2000, byteCount: 1)])
        $0.machine.store32(4, $0.ring(0, 1).address + 12)
      } == .badDescriptor, "indirect ones were not offered")
    #expect(
      mistake(0, 1) {
        $0.post(0, 1, [GuestBuffer(address: 0x2000, byteCount: 1)])
        $0.machine.store32(1, $0.ring(0, 1).address + 12)
      } == .descriptorLoop)
    for (address, byteCount) in [(48 * 4096, 1), (0xFFFF_FFFF, 2), (0, 0xFFFF_FFFF), (48 * 4096 - 1, 2)]
      as [(UInt32, UInt32)]
    {
      #expect(
        mistake(0, 1) { $0.post(0, 1, [GuestBuffer(address: address, byteCount: byteCount)]) } == .badBuffer)
    }
    #expect(
      mistake(0, 1) {
        $0.post(0, 1, [GuestBuffer(address: 0x2000, byteCount: 1)])
        $0.machine.store32(1, $0.ring(0, 1).address + 4)
      } == .badBuffer, "above 4 GiB")
    #expect(
      mistake(1, 0) {
        $0.post(
          1, 0,
          [
            GuestBuffer(address: 0x2000, byteCount: 16, isWritable: true),
            GuestBuffer(address: 0x2000, byteCount: 16),
          ])
      } == .badBufferOrder)
    let whole = [GuestBuffer](repeating: GuestBuffer(address: 0, byteCount: 48 * 4096), count: 6)
    #expect(mistake(0, 1) { $0.post(0, 1, whole) } == .requestTooLong)
    #expect(
      mistake(1, 0) { $0.post(1, 0, [GuestBuffer(address: 0x2000, byteCount: 16)]) } == .badDiskRequest)
    #expect(
      mistake(1, 0) {
        $0.post(
          1, 0,
          [
            GuestBuffer(address: 0x2000, byteCount: 15),
            GuestBuffer(address: 0x3000, byteCount: 1, isWritable: true),
          ])
      } == .badDiskRequest)
  }

  /// Rings of random words, with a few plausible ones among them: the host neither traps nor writes elsewhere.
  @Test(arguments: 0..<8 as Range<UInt64>)
  func randomRingsHurtNobody(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    print("seed \(seed)")
    var ends = 0
    for _ in 0..<60 {
      var rig = Rig()
      rig.host.input = Array(repeating: 65, count: 40)
      rig.host.waiting = Array(repeating: Array(repeating: 66, count: 60), count: 5)
      for device in 0..<5 {
        for queue in 0..<(rig.devices.slot(device)?.kind.queueCount ?? 0) {
          let ring = rig.ring(device, queue).address
          for index: UInt32 in 0..<64 {
            let isWild = UInt8.random(in: 0..<12, using: &generator) == 0
            let address: UInt32 =
              isWild ? .random(in: 0...(.max), using: &generator) : .random(in: 0..<0xF000, using: &generator)
            rig.machine.store32(address, ring + index * 16)
            rig.machine.store32(isWild && address & 3 == 0 ? address : 0, ring + index * 16 + 4)
            rig.machine.store32(
              isWild ? .random(in: 0...(.max), using: &generator) : .random(in: 0...2_000, using: &generator),
              ring + index * 16 + 8)
            rig.machine.store32(
              UInt32.random(in: 0...3, using: &generator) | .random(in: 0..<66, using: &generator) << 16,
              ring + index * 16 + 12)
          }
          for slot: UInt32 in 0..<32 {
            rig.machine.store32(
              .random(in: 0..<64, using: &generator) | .random(in: 0..<64, using: &generator) << 16,
              ring + 1028 + slot * 4)
          }
          rig.setCount(device, queue, .random(in: 0...66, using: &generator))
          let before = rig.machine.bytes.count
          if rig.serve(device, queue).mistake != nil { ends += 1 }
          if rig.pump().mistake != nil { ends += 1 }
          #expect(rig.machine.bytes.count == before)
          let slot = rig.devices.slot(device)
          #expect((slot?.requestCount ?? 0) <= 65 * 2)
        }
      }
    }
    #expect(ends > 50, "most of these guests end")
  }
}
