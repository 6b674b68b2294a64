/// Units for programs: the device `/dev/rcce`, whose control requests are RCCE's calls.
///
/// No request waits; as on the SCC, a program that waits for another unit asks again. A request's argument points to
/// eight words of 32 bits; addresses take two of them, so both kinds of programs use the same form (Docs/messages.md).
/// A node has one unit for programs: who begins a session takes it.

import Arch
import Base
import CMachine
import NodeSync
import NodeTable
import PeerLinks
import RCCE
import Runtime
import Scheduling
import Sync
import UserMemory
import Window

/// The unit of this node's program.
struct ProgramUnit {
  var unit: Unit
  var requests = Requests()
  var trial: Trial
}

/// What a program asks for, in the low byte of the request.
private enum UnitRequest: UInt32 {
  case begin, send, receive, test, testAny, cancel, barrier, lock, unlock, put, get, join
}

/// Linux's numbers for what can go wrong.
private enum UnitErrno {
  static var again: Int { -11 }
  static var fault: Int { -14 }
  static var busy: Int { -16 }
  static var noDevice: Int { -19 }
  static var invalid: Int { -22 }

  static func number(_ error: UnitError) -> Int {
    switch error {
    case .memory: fault
    case .dead: -112
    case .length: -90
    case .full: -12
    case .unit, .range, .request, .malformed: invalid
    }
  }
}

/// The memory of the program that calls, by way of a page of the kernel's.
private struct ProgramUnitMemory: UnitMemory {
  let page: UInt

  mutating func read<Window: SharedWindow & ~Copyable>(
    _ address: UInt, count: Int, to offset: UInt32, _ window: borrowing Window
  ) -> Bool {
    guard let place = unsafe UnsafeMutableRawPointer(bitPattern: page), count <= 4096,
      unsafe UserCopy.copyIn(place, from: address, UInt(count)) == 0
    else { return false }
    // SAFETY: the page has so many bytes.
    window.write(unsafe RawSpan(_unsafeStart: place, byteCount: count), from: 0, to: count, at: offset)
    return true
  }

  mutating func write<Window: SharedWindow & ~Copyable>(
    _ address: UInt, count: Int, from offset: UInt32, _ window: borrowing Window
  ) -> Bool {
    guard let place = unsafe UnsafeMutableRawPointer(bitPattern: page), count <= 4096 else { return false }
    // SAFETY: the page has so many bytes.
    var span = unsafe MutableRawSpan(_unsafeStart: place, byteCount: count)
    window.read(into: &span, from: 0, to: count, at: offset)
    return unsafe UserCopy.copyOut(address, from: place, UInt(count)) == 0
  }
}

/// Called for a control request of `/dev/rcce`, with interrupts off; answers a result or a negated error number.
func controlUnit(_ request: UInt32, _ address: UInt) -> Int {
  guard let reference = LinksReference() else { return UnitErrno.noDevice }
  guard let request = UnitRequest(rawValue: request & 0xFF) else { return UnitErrno.invalid }
  var words = InlineArray<8, UInt32>(repeating: 0)
  for index in 0..<8 {
    guard let word = UserCopy.load32(address + UInt(4 * index)) else { return UnitErrno.fault }
    words[index] = word
  }
  if request == .begin { return reference.beginProgramUnit() }
  if request == .join { return reference.joinProgramUnit() }
  guard let place = unsafe reference.programUnit else { return UnitErrno.invalid }
  // A session that another one has followed is over.
  guard unsafe place.pointee.trial.session == reference.links.trial.current?.session else {
    return UnitErrno.busy
  }
  do throws(UnitError) {
    return try unsafe reference.perform(request, words, address, &place.pointee)
  } catch {
    return UnitErrno.number(error)
  }
}

extension LinksReference {
  /// The program's unit, once one was asked for.
  fileprivate var programUnit: UnsafeMutablePointer<ProgramUnit>? {
    unsafe UnsafeMutablePointer(bitPattern: links.programUnit)
  }

  /// Asks for a session with all nodes, or answers the unit's number and how many there are once it has begun.
  fileprivate func beginProgramUnit() -> Int {
    if links.isUnitWanted, let current = links.trial.current, current.kind == .partner,
      current.starter == links.number, current.session != links.unitSession
    {
      links.isUnitWanted = false
      return takeUnit(in: current)
    }
    if !links.isUnitWanted {
      links.isUnitWanted = true
      links.request = .trial(.partner, count: 0)
      wakeLater(links.wake)
    }
    return UnitErrno.again
  }

  /// Offers the program as this node's unit in the next session that another node begins; answers as `begin` once there is
  /// one.
  ///
  /// An offer holds for two seconds, so a program that has ended is waited for by nobody for long.
  fileprivate func joinProgramUnit() -> Int {
    if let current = links.trial.current, current.kind == .partner, current.session == links.offeredSession,
      current.session != links.unitSession
    {
      links.unitOffer = 0
      return takeUnit(in: current)
    }
    links.unitOffer = cpu_rdtsc()
    return UnitErrno.again
  }

  private func takeUnit(in current: Trial) -> Int {
    links.unitSession = current.session
    guard
      let layout = UnitLayout(
        start: links.plan.units.start, count: current.size, in: links.window.byteCount),
      let unit = Unit(UInt8(current.rank(of: links.number)), of: layout, session: current.session)
    else { return UnitErrno.noDevice }
    if links.programUnit == 0 {
      links.programUnit = unsafe UInt(bitPattern: allocate(ProgramUnit.self, 1))
      links.unitPage = KernelHeap.allocate(4096, alignment: 64).rawValue
    }
    unsafe programUnit?.initialize(to: ProgramUnit(unit: unit, trial: current))
    return Int(unit.number) | Int(unit.count) << 8
  }

  fileprivate func perform(
    _ request: UnitRequest, _ words: InlineArray<8, UInt32>, _ address: UInt, _ state: inout ProgramUnit
  ) throws(UnitError) -> Int {
    let window = links.window
    let dead = lostUnits(state.trial)
    let pointer = UInt(truncatingIfNeeded: UInt64(words[4]) << 32 | UInt64(words[3]))
    let peer = UInt8(truncatingIfNeeded: words[0])
    var memory = ProgramUnitMemory(page: links.unitPage)
    switch request {
    case .begin, .join: return 0
    case .send: return try state.requests.send(state.unit, to: peer, address: pointer, count: words[2])
    case .receive:
      return try state.requests.receive(state.unit, from: peer, address: pointer, count: words[2])
    case .test:
      state.requests.push(state.unit, &memory, dead: dead, window)
      return try finish(try state.requests.test(Int(words[0] & 0xFFFF)), 1, address)
    case .testAny:
      state.requests.push(state.unit, &memory, dead: dead, window)
      guard let (number, outcome) = state.requests.testAny(words[0]) else { return 0 }
      return try finish(outcome, 1 + number, address)
    case .cancel: return try state.requests.cancel(Int(words[0] & 0xFFFF)) ? 1 : 0
    case .barrier:
      switch state.unit.stepBarrier(window, anyDead: dead != 0) {
      case .waiting: return 0
      case .passed: return 1
      case .memberDied: throw .dead
      }
    case .lock:
      switch try state.unit.tryLock(of: peer, dead: dead, window) {
      case .busy: return 0
      case .acquired: return 1
      case .ownerDied: return 2
      }
    case .unlock: return try state.unit.unlock(of: peer, window) ? 1 : 0
    case .put, .get: return try transfer(request, words, pointer, state.unit)
    }
  }

  private func finish(_ state: RequestState, _ done: Int, _ address: UInt) throws(UnitError) -> Int {
    switch state {
    case .pending: return 0
    case .failed(let error): throw error
    case .done(let peer):
      guard UserCopy.store32(address + 28, UInt32(peer)) else { throw .memory }
      return done
    }
  }

  /// Moves bytes between the program and a unit's buffer.
  private func transfer(
    _ request: UnitRequest, _ words: InlineArray<8, UInt32>, _ pointer: UInt, _ unit: Unit
  ) throws(UnitError) -> Int {
    let count = Int(words[2])
    guard count <= 4096, let page = unsafe UnsafeMutableRawPointer(bitPattern: links.unitPage) else {
      throw .range
    }
    if request == .put {
      guard unsafe UserCopy.copyIn(page, from: pointer, UInt(count)) == 0 else { throw .memory }
      // SAFETY: the page has so many bytes.
      try unit.put(
        unsafe RawSpan(_unsafeStart: page, byteCount: count), to: UInt8(truncatingIfNeeded: words[0]),
        at: words[1], links.window)
    } else {
      // SAFETY: as above.
      var span = unsafe MutableRawSpan(_unsafeStart: page, byteCount: count)
      try unit.get(&span, from: UInt8(truncatingIfNeeded: words[0]), at: words[1], links.window)
      guard unsafe UserCopy.copyOut(pointer, from: page, UInt(count)) == 0 else { throw .memory }
    }
    return count
  }
}
