/// The unit that answers a program of another node, where no program asks to be it.

import Arch
import Base
import CMachine
import NodeSync
import NodeTable
import PeerLinks
import RCCE
import Runtime
import Scheduling
import Window

extension LinksReference {
  /// What the other nodes do in a program's session: a barrier, then every message of 64 bytes goes back with 1 added to
  /// each byte, until another session begins or the program's node dies.
  @inline(never)
  func runPartner(_ trial: Trial, _ result: inout TrialResult) {
    guard
      let layout = UnitLayout(start: links.plan.units.start, count: trial.size, in: links.window.byteCount),
      var unit = Unit(UInt8(trial.rank(of: links.number)), of: layout, session: trial.session)
    else { return }
    let window = links.window
    var requests = Requests()
    var memory = ThreadMemory()
    let place = KernelHeap.allocate(64, alignment: 64).rawValue
    defer { KernelHeap.free(VirtualAddress(place)) }
    var hasMet = false
    var isSending = false
    var number = (try? requests.receive(unit, from: Requests.any, address: place, count: 64)) ?? 0
    while links.trial.current?.session == trial.session, links.lost >> UInt64(trial.starter) & 1 == 0 {
      if !hasMet { hasMet = unit.stepBarrier(window) == .passed }
      let isMoving = requests.push(unit, &memory, dead: lostUnits(trial), window)
      if let state = try? requests.test(number), state != .pending {
        guard case .done(let peer) = state else { return }
        if isSending {
          number = (try? requests.receive(unit, from: Requests.any, address: place, count: 64)) ?? 0
        } else {
          for byte in 0..<64 as Range<UInt> { cpu_store8(place + byte, cpu_load8(place + byte) &+ 1) }
          number = (try? requests.send(unit, to: peer, address: place, count: 64)) ?? 0
          result.values.0 &+= 1
        }
        isSending.toggle()
      }
      if !isMoving { _ = try? Threads.sleep(nanoseconds: 100_000) }
    }
  }
}
