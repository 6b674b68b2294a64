/// How entries of the table begin and end, and what stops do to them.

extension ProcessTable {
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

  mutating func free(_ index: Int16) {
    self[index] = ProcessEntry()
    count -= 1
  }

  func adopt(_ child: Int16, by parent: Int16) {
    self[child].parent = parent
    self[child].previous = -1
    self[child].next = self[parent].firstChild
    if self[child].next >= 0 { self[self[child].next].previous = child }
    self[parent].firstChild = child
  }

  func leaveParent(_ child: Int16) {
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
}
