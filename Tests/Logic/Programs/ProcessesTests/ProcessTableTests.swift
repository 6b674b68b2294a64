import Processes
import Testing

/// A table in memory of its own, for a test.
final class Family {
  let memory: UnsafeMutableRawPointer
  var table: ProcessTable
  let first: Int32

  init(capacity: Int = 64) throws {
    memory = .allocate(byteCount: ProcessTable.byteCount(capacity: capacity), alignment: 8)
    table = ProcessTable(memory: memory, capacity: capacity)
    first = try table.makeProcess(parent: 0)
  }

  deinit { memory.deallocate() }

  func child(of parent: Int32) throws -> Int32 { try table.makeProcess(parent: parent) }

  @discardableResult
  func end(_ number: Int32, code: Int32 = 0, ignored: Bool = false) throws -> ProcessTable.EndReport {
    try table.end(number, .exited(code), ticks: 5, parentIgnores: ignored)
  }

  func wait(_ number: Int32, _ target: WaitTarget = .any, _ options: WaitOptions = .exited) throws
    -> WaitReport?
  {
    try table.wait(by: number, for: target, options)
  }
}

@Suite struct ProcessTableTests {
  @Test func numbersRiseFromOne() throws {
    let family = try Family()
    #expect(family.first == 1)
    #expect(try family.child(of: 1) == 2)
    #expect(try family.child(of: 1) == 3)
    #expect(family.table.parent(of: 3) == 1)
  }

  @Test func aParentLearnsOfAnEndOnce() throws {
    let family = try Family()
    let child = try family.child(of: 1)
    #expect(try family.wait(1) == nil)
    let end = try family.end(child, code: 7)
    #expect(end.parent == 1 && end.signal == 17 && !end.isGone)
    #expect(family.table.isZombie(child) == true)
    let report = try #require(try family.wait(1))
    #expect(report.number == child && report.status.code == 7 && report.isGone)
    #expect(family.table.childTicks(of: 1) == 5)
    #expect(throws: ProcessError.noChild) { try family.wait(1) }
    #expect(family.table.isProcess(child) == false)
  }

  @Test func aLookWithoutTakingLeavesTheZombie() throws {
    let family = try Family()
    let child = try family.child(of: 1)
    try family.end(child)
    #expect(try family.wait(1, .any, [.exited, .keep])?.number == child)
    #expect(try family.wait(1)?.number == child)
  }

  @Test func orphansGoToTheFirstProcess() throws {
    let family = try Family()
    let child = try family.child(of: 1)
    let grandchild = try family.child(of: child)
    let deadGrandchild = try family.child(of: child)
    try family.end(deadGrandchild)
    #expect(try family.end(child).initialProcessHasZombies)
    #expect(family.table.parent(of: grandchild) == 1)
    #expect(try family.wait(1, .process(deadGrandchild))?.number == deadGrandchild)
  }

  @Test func anIgnoredEndLeavesNothing() throws {
    let family = try Family()
    let child = try family.child(of: 1)
    #expect(try family.end(child, ignored: true).isGone)
    #expect(family.table.count == 1)
    #expect(throws: ProcessError.noChild) { try family.wait(1) }
  }

  @Test func waitsSelectByNumberAndGroup() throws {
    let family = try Family()
    let (a, b) = (try family.child(of: 1), try family.child(of: 1))
    try family.table.setGroup(0, of: b, by: 1)
    try family.end(a)
    try family.end(b)
    #expect(try family.wait(1, .group(b))?.number == b)
    #expect(throws: ProcessError.noChild) { try family.wait(1, .group(b)) }
    #expect(try family.wait(1, .process(a))?.number == a)
    #expect(WaitTarget(argument: -1, callersGroup: 5) == .any)
    #expect(WaitTarget(argument: 0, callersGroup: 5) == .group(5))
    #expect(WaitTarget(argument: -9, callersGroup: 5) == .group(9))
    #expect(WaitTarget(argument: .min, callersGroup: 5) == .group(.max))
  }

  @Test func stopsAndContinuationsAreToldOnRequestAndOnce() throws {
    let family = try Family()
    let child = try family.child(of: 1)
    #expect(family.table.noteStop(of: child, by: 20) == 1)
    #expect(try family.wait(1) == nil)
    #expect(try family.wait(1, .any, [.exited, .stopped])?.status == .stopped(by: 20))
    #expect(try family.wait(1, .any, [.exited, .stopped]) == nil)
    #expect(family.table.noteStop(of: child, by: nil) == 1)
    #expect(family.table.noteStop(of: child, by: nil) == nil)
    #expect(try family.wait(1, .any, [.exited, .continued])?.status == .continued)
    #expect(try family.wait(1, .any, [.exited, .continued]) == nil)
  }

  @Test func groupsAndSessionsKeepTheirRules() throws {
    let family = try Family()
    let (a, b) = (try family.child(of: 1), try family.child(of: 1))
    // The first process leads a session and its group; it can't change them.
    #expect(throws: ProcessError.notPermitted) { try family.table.setGroup(0, of: 1, by: 1) }
    #expect(throws: ProcessError.notPermitted) { try family.table.setGroup(99, of: a, by: 1) }
    try family.table.setGroup(a, of: a, by: 1)
    try family.table.setGroup(a, of: b, by: 1)
    #expect(try family.table.group(of: b) == a)
    #expect(throws: ProcessError.noSuchProcess) { try family.table.setGroup(0, of: b, by: a) }
    #expect(throws: ProcessError.notPermitted) { try family.table.makeSession(by: a) }
    #expect(try family.table.makeSession(by: b) == b)
    #expect(throws: ProcessError.notPermitted) { try family.table.setGroup(a, of: b, by: 1) }
    let c = try family.child(of: 1)
    family.table.noteExecution(by: c)
    #expect(throws: ProcessError.hasExecuted) { try family.table.setGroup(0, of: c, by: 1) }
    try family.table.setGroup(0, of: 0, by: c)
    #expect(throws: ProcessError.badNumber) { try family.table.setGroup(-1, of: 0, by: c) }
  }

  @Test func aGroupIsOrphanedWithoutAParentInTheSession() throws {
    let family = try Family()
    let shell = try family.child(of: 1)
    _ = try family.table.makeSession(by: shell)
    let job = try family.child(of: shell)
    try family.table.setGroup(0, of: job, by: shell)
    #expect(family.table.isOrphaned(group: job) == false)
    try family.end(shell)
    #expect(family.table.isOrphaned(group: job) == true)
  }

  /// A job of a shell that is the first process can be stopped; one that it never made can't.
  @Test func theFirstProcessIsAShellForItsOwnChildren() throws {
    let family = try Family()
    let job = try family.child(of: 1)
    try family.table.setGroup(0, of: job, by: 1)
    let child = try family.child(of: job)
    try family.table.setGroup(0, of: child, by: job)
    #expect(family.table.isOrphaned(group: job) == false && family.table.isOrphaned(group: child) == false)
    try family.end(job)
    #expect(family.table.parent(of: child) == 1 && family.table.isOrphaned(group: child) == true)
  }

  @Test func aFullTableRefusesOneMore() throws {
    let family = try Family(capacity: 4)
    for _ in 0..<3 { _ = try family.child(of: 1) }
    #expect(throws: ProcessError.tableFull) { try family.child(of: 1) }
    try family.end(3)
    _ = try family.wait(1)
    #expect(try family.child(of: 1) == 7)
  }

  @Test func threadsHaveNumbersButAreNoProcesses() throws {
    let family = try Family()
    let thread = try family.table.makeThread(of: 1)
    #expect(family.table.isProcess(thread) == false)
    #expect(throws: ProcessError.noChild) { try family.wait(1) }
    #expect(throws: ProcessError.noSuchProcess) { try family.table.makeProcess(parent: thread) }
    family.table.endThread(thread)
    #expect(family.table.count == 1)
  }

  @Test func numbersOfGroupsAreNotGivenOutAgain() throws {
    let family = try Family(capacity: 8)
    let leader = try family.child(of: 1)
    try family.table.setGroup(0, of: leader, by: 1)
    let member = try family.child(of: leader)
    try family.end(leader)
    _ = try family.wait(1, .process(leader))
    for _ in 0..<40_000 {
      let child = try family.child(of: 1)
      #expect(child != leader && child != member)
      try family.end(child, ignored: true)
    }
  }

  /// The table against dictionaries, with random families.
  @Test func aFamilyTreeAgreesWithASlowModel() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    var random = Generator(state: seed)
    let family = try Family(capacity: 50)
    var parents: [Int32: Int32] = [1: 0]
    var zombies: Set<Int32> = []
    for _ in 0..<20_000 {
      let living = parents.keys.filter { !zombies.contains($0) }.sorted()
      let someone = living[Int(random.next() % UInt64(living.count))]
      switch random.next() % 4 {
      case 0, 1:
        if parents.count < 50 {
          let child = try family.child(of: someone)
          #expect(parents[child] == nil)
          parents[child] = someone
        } else {
          #expect(throws: ProcessError.tableFull) { try family.child(of: someone) }
        }
      case 2:
        guard someone != 1 else { continue }
        for (child, parent) in parents where parent == someone { parents[child] = 1 }
        zombies.insert(someone)
        try family.end(someone)
      default:
        let children = parents.filter { $0.value == someone }.map(\.key)
        if children.isEmpty {
          #expect(throws: ProcessError.noChild) { try family.wait(someone) }
        } else if let report = try family.wait(someone) {
          #expect(children.contains(report.number) && zombies.contains(report.number))
          zombies.remove(report.number)
          parents[report.number] = nil
        } else {
          #expect(zombies.isDisjoint(with: children))
        }
      }
      #expect(family.table.count == parents.count)
    }
    for (child, parent) in parents { #expect(family.table.parent(of: child) == parent) }
  }
}

/// A sequence that a seed determines (xorshift).
struct Generator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    if state == 0 { state = 1 }
    return state
  }
}

@Suite struct CredentialTests {
  @Test func theSuperuserGivesItsRightsAway() {
    var someone = Credentials.superuser
    #expect(someone.setUser(1000) == true)
    #expect(someone.user == 1000 && someone.savedUser == 1000 && !someone.isSuperuser)
    #expect(someone.setUser(0) == false)
    #expect(someone.setUsers(0, .max, .max) == false)
    #expect(someone.setUsers(.max, 1000, .max) == true)
  }

  @Test func aSavedUserCanBeTakenBack() {
    var someone = Credentials.superuser
    #expect(someone.setUsers(.max, 1000, .max) == true)
    #expect(!someone.isSuperuser)
    #expect(someone.setUser(0) == true)
    #expect(someone.effectiveUser == 0)
  }

  @Test func signalsNeedACommonUser() {
    let (a, b) = (Credentials(user: 1, group: 1), Credentials(user: 2, group: 1))
    #expect(a.maySignal(a) && !a.maySignal(b) && Credentials.superuser.maySignal(a))
  }
}
