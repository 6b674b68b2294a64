/// All processes of a node: numbers, families, groups, sessions, and what parents are told.
///
///     number 4711 ──▶ entry 4711 mod capacity        A number is given out only while the entry that it leads to is
///                                                     free, so finding a process is one look. The next number is
///     parent ──▶ first child ⇄ next child ⇄ …         tried first, as programs expect numbers to rise.
///
/// Nothing here knows memory, files or registers: those hang at an entry's payload.

/// Why a call on processes is refused.
public enum ProcessError: UInt8, Error, BitwiseCopyable, Hashable, Sendable {
  /// No entry is free: EAGAIN.
  case tableFull
  /// Nobody has the number: ESRCH.
  case noSuchProcess
  /// There is no child that could be waited for: ECHILD.
  case noChild
  /// The rules of groups and sessions forbid it: EPERM.
  case notPermitted
  /// The child has run another program already: EACCES.
  case hasExecuted
  /// A number that can't be one: EINVAL.
  case badNumber
}

/// Which children a wait is about.
public enum WaitTarget: BitwiseCopyable, Hashable, Sendable {
  case any
  case process(Int32)
  case group(Int32)

  /// The meaning of the first argument of `wait4`.
  public init(argument: Int32, callersGroup: Int32) {
    self =
      switch argument {
      case ..<(-1): .group(argument == .min ? .max : -argument)
      case -1: .any
      case 0: .group(callersGroup)
      default: .process(argument)
      }
  }
}

/// What a wait is told besides ends.
public struct WaitOptions: OptionSet, BitwiseCopyable, Hashable, Sendable {
  /// The bits as a program gives them.
  public let rawValue: UInt32
  /// Makes a set of its bits.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// WNOHANG.
  public static let noHang = WaitOptions(rawValue: 1)
  /// WUNTRACED, WSTOPPED.
  public static let stopped = WaitOptions(rawValue: 2)
  /// WEXITED; `wait4` always means it.
  public static let exited = WaitOptions(rawValue: 4)
  /// WCONTINUED.
  public static let continued = WaitOptions(rawValue: 8)
  /// WNOWAIT: leave what is told to be told again.
  public static let keep = WaitOptions(rawValue: 0x0100_0000)
}

/// What a wait has found.
public struct WaitReport: BitwiseCopyable, Hashable, Sendable {
  /// The child.
  public var number: Int32
  /// What became of it.
  public var status: ExitStatus
  /// The processor time of it and its children, in ticks.
  public var ticks: UInt64
  /// Its payload, if the child is no more now, else 0.
  public var payload: UInt
  /// Whether the child is no more.
  public var isGone: Bool
}

/// The table; its memory is the owner's.
///
/// Safe to use because every index is checked, and whoever makes a table promises its memory.
@safe public struct ProcessTable: ~Copyable {
  /// Processes that are stopped: nearly always none, and then nobody need be looked at.
  private var stoppedCount = 0
  /// The largest number of a process.
  public static var largestNumber: Int32 { 32_767 }
  /// The bytes that the memory of a table with so many entries needs.
  public static func byteCount(capacity: Int) -> Int { capacity * MemoryLayout<ProcessEntry>.stride }

  private let entries: UnsafeMutablePointer<ProcessEntry>
  /// The most processes and threads.
  public let capacity: Int
  /// The entries in use.
  public private(set) var count = 0
  private var last: Int32 = 0
  /// The number of the process that orphans become children of.
  public private(set) var initialProcess: Int32 = 0

  /// Makes an empty table.
  ///
  /// - Safety: `memory` must be aligned to 8, have `byteCount(capacity:)` bytes, and be the table's alone while it lives.
  @unsafe public init(memory: UnsafeMutableRawPointer, capacity: Int) {
    precondition(capacity >= 2 && capacity <= 4096, "a process table has 2 to 4096 entries")
    self.capacity = capacity
    unsafe entries = memory.bindMemory(to: ProcessEntry.self, capacity: capacity)
    for index in 0..<capacity { unsafe (entries + index).initialize(to: ProcessEntry()) }
  }

  // MARK: Finding

  private subscript(_ index: Int16) -> ProcessEntry {
    @inline(__always) unsafeAddress {
      precondition(index >= 0 && Int(index) < capacity, "an index of the process table is wrong")
      // SAFETY: the index was compared with the capacity, for which the maker gave memory.
      return unsafe UnsafePointer(entries + Int(index))
    }
    @inline(__always) nonmutating unsafeMutableAddress {
      precondition(index >= 0 && Int(index) < capacity, "an index of the process table is wrong")
      // SAFETY: as above.
      return unsafe entries + Int(index)
    }
  }

  private func index(of number: Int32) -> Int16? {
    guard number > 0 else { return nil }
    let index = Int16(truncatingIfNeeded: Int(number) % capacity)
    return self[index].number == number ? index : nil
  }

  private func process(_ number: Int32) throws(ProcessError) -> Int16 {
    guard let index = index(of: number), self[index].leader == number else { throw .noSuchProcess }
    return index
  }

  /// The payload of a living process or thread, or `nil`; that of a zombie is 0.
  @export(interface)
  public func payload(of number: Int32) -> UInt? {
    guard let index = index(of: number) else { return nil }
    return self[index].isZombie ? 0 : self[index].payload
  }

  /// Changes the payload.
  @export(interface)
  public func setPayload(_ payload: UInt, of number: Int32) {
    if let index = index(of: number) { self[index].payload = payload }
  }

  /// Whether the number is a process's, living or zombie.
  public func isProcess(_ number: Int32) -> Bool { (try? process(number)) != nil }

  /// Calls `body` with the number and payload of each process that lives, or only those of a group.
  @export(interface)
  public func forEachProcess(inGroup group: Int32 = 0, _ body: (Int32, UInt) -> Void) {
    for index in 0..<Int16(capacity) {
      let entry = self[index]
      guard entry.number != 0, entry.leader == entry.number, !entry.isZombie else { continue }
      if group == 0 || entry.group == group { body(entry.number, entry.payload) }
    }
  }

  /// The number after `number` that a process has, living or zombie, in rising order; `nil` at the end.
  @export(interface)
  public func nextProcess(after number: Int32) -> Int32? {
    var best: Int32?
    for index in 0..<Int16(capacity) {
      let entry = self[index]
      guard entry.number > number, entry.leader == entry.number else { continue }
      if let found = best, found < entry.number { continue }
      best = entry.number
    }
    return best
  }

  // MARK: Life

  private mutating func takeEntry() throws(ProcessError) -> Int16 {
    guard count < capacity else { throw .tableFull }
    var number = last
    // Groups and sessions keep the number of a leader that is gone: it must not be given out again.
    for _ in 0..<Self.largestNumber {
      number = number >= Self.largestNumber ? 2 : number + 1
      let index = Int16(truncatingIfNeeded: Int(number) % capacity)
      guard self[index].number == 0, !isGroupOrSession(number) else { continue }
      last = number
      count += 1
      self[index] = ProcessEntry()
      self[index].number = number
      self[index].leader = number
      return index
    }
    throw .tableFull
  }

  private func isGroupOrSession(_ number: Int32) -> Bool {
    // Only once the numbers have come round can one be in use without its entry.
    guard number < last else { return false }
    for index in 0..<Int16(capacity) where self[index].number != 0 {
      if self[index].group == number || self[index].session == number { return true }
    }
    return false
  }

  /// Makes a process, or the first one if `parent` is 0.
  ///
  /// - Returns: its number.
  @export(interface)
  public mutating func makeProcess(parent: Int32, exitSignal: Int32 = 17) throws(ProcessError) -> Int32 {
    let parentIndex: Int16 = parent == 0 ? -1 : try process(parent)
    let index = try takeEntry()
    let number = self[index].number
    self[index].exitSignal = exitSignal
    if parentIndex >= 0 {
      self[index].group = self[parentIndex].group
      self[index].session = self[parentIndex].session
      adopt(index, by: parentIndex)
    } else {
      self[index].group = number
      self[index].session = number
      if initialProcess == 0 { initialProcess = number }
    }
    return number
  }

  /// Gives a further thread of a process a number.
  @export(interface)
  public mutating func makeThread(of leader: Int32) throws(ProcessError) -> Int32 {
    _ = try process(leader)
    let index = try takeEntry()
    self[index].leader = leader
    return self[index].number
  }

  /// Takes a thread's number back.
  @export(interface)
  public mutating func endThread(_ number: Int32) {
    guard let index = index(of: number), self[index].leader != number else { return }
    free(index)
  }

  private mutating func free(_ index: Int16) {
    self[index] = ProcessEntry()
    count -= 1
  }

  private func adopt(_ child: Int16, by parent: Int16) {
    self[child].parent = parent
    self[child].previous = -1
    self[child].next = self[parent].firstChild
    if self[child].next >= 0 { self[self[child].next].previous = child }
    self[parent].firstChild = child
  }

  private func leaveParent(_ child: Int16) {
    let (next, previous, parent) = (self[child].next, self[child].previous, self[child].parent)
    if next >= 0 { self[next].previous = previous }
    if previous >= 0 {
      self[previous].next = next
    } else if parent >= 0 {
      self[parent].firstChild = next
    }
  }

  /// What the end of a process brings about.
  public struct EndReport: BitwiseCopyable {
    /// The parent that is to be told, or 0.
    public var parent: Int32
    /// The signal that it is told by, or 0.
    public var signal: Int32
    /// Whether children were given to the initial process, among them ended ones, which it should wait for.
    public var initialProcessHasZombies: Bool
    /// Whether the process left nothing behind: nobody waits for it.
    public var isGone: Bool
  }

  /// Ends a process: it becomes a zombie, its children the initial process's.
  ///
  /// - Parameters:
  ///   - isIgnored: whether the parent ignores the signal of ended children, and so wants no zombie.
  @export(interface)
  public mutating func end(
    _ number: Int32, _ status: ExitStatus, ticks: UInt64, parentIgnores isIgnored: Bool
  ) throws(ProcessError) -> EndReport {
    let index = try process(number)
    var report = EndReport(parent: 0, signal: 0, initialProcessHasZombies: false, isGone: false)
    if let initial = self.index(of: initialProcess), initial != index {
      while self[index].firstChild >= 0 {
        let child = self[index].firstChild
        leaveParent(child)
        adopt(child, by: initial)
        self[child].isAdopted = true
        if self[child].isZombie { report.initialProcessHasZombies = true }
      }
    }
    self[index].isZombie = true
    if self[index].isStopped { stoppedCount -= 1 }
    self[index].isStopped = false
    self[index].stopReport = false
    self[index].continueReport = false
    self[index].status = status
    self[index].ownTicks = ticks
    self[index].payload = 0
    let parent = self[index].parent
    if parent >= 0 {
      report.parent = self[parent].number
      report.signal = self[index].exitSignal
    }
    if parent < 0 || isIgnored {
      if parent >= 0 { leaveParent(index) }
      free(index)
      report.isGone = true
    }
    return report
  }

  /// Notes that a process has stopped or goes on; answers the parent's number if it is to be told.
  @export(interface)
  public mutating func noteStop(of number: Int32, by signal: Int32?) -> Int32? {
    guard let index = index(of: number), !self[index].isZombie else { return nil }
    if let signal {
      if !self[index].isStopped { stoppedCount += 1 }
      self[index].isStopped = true
      self[index].stopReport = true
      self[index].continueReport = false
      self[index].status = .stopped(by: signal)
    } else {
      guard self[index].isStopped else { return nil }
      self[index].isStopped = false
      stoppedCount -= 1
      self[index].stopReport = false
      self[index].continueReport = true
    }
    let parent = self[index].parent
    return parent >= 0 ? self[parent].number : nil
  }

  /// Whether a process is stopped.
  public func isStopped(_ number: Int32) -> Bool {
    guard let index = index(of: number) else { return false }
    return self[index].isStopped
  }

  /// Whether a process has ended and waits for its parent.
  public func isZombie(_ number: Int32) -> Bool {
    guard let index = index(of: number) else { return false }
    return self[index].isZombie
  }

  // MARK: Waiting

  /// Looks for a child that has something to tell.
  ///
  /// - Returns: the report, or `nil` if there are children but none has anything to tell yet.
  /// - Throws: `.noChild`.
  @export(interface)
  public mutating func wait(
    by number: Int32, for target: WaitTarget, _ options: WaitOptions
  ) throws(ProcessError) -> WaitReport? {
    let parent = try process(number)
    var hasCandidate = false
    var child = self[parent].firstChild
    while child >= 0 {
      let entry = self[child]
      if matches(entry, target) {
        hasCandidate = true
        if let report = report(of: child, to: parent, options) { return report }
      }
      child = entry.next
    }
    if !hasCandidate { throw .noChild }
    return nil
  }

  private func matches(_ entry: ProcessEntry, _ target: WaitTarget) -> Bool {
    switch target {
    case .any: true
    case .process(let number): entry.number == number
    case .group(let group): entry.group == group
    }
  }

  private mutating func report(of child: Int16, to parent: Int16, _ options: WaitOptions) -> WaitReport? {
    let entry = self[child]
    var report = WaitReport(
      number: entry.number, status: entry.status, ticks: entry.ownTicks &+ entry.childTicks, payload: 0,
      isGone: false)
    if entry.isZombie, options.contains(.exited) {
      guard !options.contains(.keep) else { return report }
      self[parent].childTicks &+= report.ticks
      leaveParent(child)
      free(child)
      report.isGone = true
      return report
    }
    if entry.stopReport, options.contains(.stopped) {
      if !options.contains(.keep) { self[child].stopReport = false }
      return report
    }
    if entry.continueReport, options.contains(.continued) {
      if !options.contains(.keep) { self[child].continueReport = false }
      report.status = .continued
      return report
    }
    return nil
  }

  /// The processor time of the children that a process has waited for.
  public func childTicks(of number: Int32) -> UInt64 {
    guard let index = index(of: number) else { return 0 }
    return self[index].childTicks
  }

  // MARK: Families

  /// The parent's number, 0 for none.
  public func parent(of number: Int32) -> Int32 {
    guard let index = index(of: number), self[index].parent >= 0 else { return 0 }
    return self[self[index].parent].number
  }

  /// The group of a process.
  public func group(of number: Int32) throws(ProcessError) -> Int32 { self[try process(number)].group }

  /// Both of a process, found once.
  public func groupAndSession(of number: Int32) throws(ProcessError) -> (Int32, Int32) {
    let index = try process(number)
    return (self[index].group, self[index].session)
  }

  /// The session of a process.
  public func session(of number: Int32) throws(ProcessError) -> Int32 { self[try process(number)].session }

  /// Notes that a process runs another program.
  public func noteExecution(by number: Int32) {
    if let index = index(of: number) { self[index].hasExecuted = true }
  }

  /// `setpgid`: puts the caller, or a child of it that has not run another program, into a group of its session.
  @export(interface)
  public func setGroup(_ wanted: Int32, of target: Int32, by caller: Int32) throws(ProcessError) {
    guard wanted >= 0 else { throw .badNumber }
    let callerIndex = try process(caller)
    let index = target == 0 ? callerIndex : try process(target)
    let group = wanted == 0 ? self[index].number : wanted
    if index != callerIndex {
      guard self[index].parent == callerIndex else { throw .noSuchProcess }
      guard self[index].session == self[callerIndex].session else { throw .notPermitted }
      guard !self[index].hasExecuted else { throw .hasExecuted }
    }
    guard self[index].session != self[index].number else { throw .notPermitted }
    if group != self[index].number {
      guard hasGroup(group, inSession: self[index].session) else { throw .notPermitted }
    }
    self[index].group = group
  }

  /// `setsid`: makes the caller the leader of a session and of a group without others.
  @export(interface)
  public func makeSession(by caller: Int32) throws(ProcessError) -> Int32 {
    let index = try process(caller)
    for other in 0..<Int16(capacity) where self[other].number != 0 && self[other].group == caller {
      throw .notPermitted
    }
    self[index].group = caller
    self[index].session = caller
    return caller
  }

  /// Whether a session has the group.
  @export(interface)
  public func hasGroup(_ group: Int32, inSession session: Int32) -> Bool {
    for index in 0..<Int16(capacity) where self[index].number != 0 {
      if self[index].group == group, self[index].session == session { return true }
    }
    return false
  }

  /// Whether no member of a group has a parent of another group in the same session: nobody would let it go on after
  /// a stop.
  ///
  /// The first process is a shell for those whom it has made itself, which Linux's never is; it does not know the others.
  @export(interface)
  public func isOrphaned(group: Int32) -> Bool {
    for index in 0..<Int16(capacity) {
      let entry = self[index]
      guard entry.number != 0, entry.leader == entry.number, entry.group == group, !entry.isZombie,
        entry.parent >= 0
      else { continue }
      let parent = self[entry.parent]
      if parent.group != group, parent.session == entry.session, !entry.isAdopted {
        return false
      }
    }
    return true
  }

  /// Whether a living process of a group is stopped.
  public func hasStopped(group: Int32) -> Bool {
    guard stoppedCount > 0 else { return false }
    for index in 0..<Int16(capacity) where self[index].number != 0 {
      if self[index].group == group, self[index].isStopped { return true }
    }
    return false
  }
}
