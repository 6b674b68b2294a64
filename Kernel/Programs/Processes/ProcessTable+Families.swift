/// Parents, groups and sessions.

extension ProcessTable {
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
