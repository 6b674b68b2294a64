/// What is remembered of a process or of one of its further threads: who it is, not what it has.

/// An entry of the table: a process, or one of its threads but the first.
///
/// - Invariant: `parent`, `firstChild`, `next` and `previous` are indices of entries, or -1. Children of a process are
///   in its list, zombies too; threads are in no list. A free entry has the number 0.
struct ProcessEntry: BitwiseCopyable {
  /// The number by which programs name it, 1 to `ProcessTable.largestNumber`.
  var number: Int32 = 0
  /// The process that a thread belongs to; its own number for a process.
  var leader: Int32 = 0
  /// The process group and the session.
  var group: Int32 = 0
  var session: Int32 = 0
  var parent: Int16 = -1
  var firstChild: Int16 = -1
  var next: Int16 = -1
  var previous: Int16 = -1
  /// Whether it has ended and waits for its parent.
  var isZombie = false
  /// Whether a stop, or the end of one, has not been told to the parent.
  var stopReport = false
  var continueReport = false
  var isStopped = false
  /// Whether it has run another program since it was made: its parent may no longer choose its group.
  var hasExecuted = false
  /// Whether its parent is the first process only because its own has ended.
  var isAdopted = false
  /// The signal that its parent gets at its end, 0 for none.
  var exitSignal: Int32 = 17
  /// How it ended or stopped.
  var status = ExitStatus(rawValue: 0)
  /// Processor time in ticks of itself and of its children that were waited for.
  var ownTicks: UInt64 = 0
  var childTicks: UInt64 = 0
  /// A word for the owner of the table: where it keeps the rest.
  var payload: UInt = 0
}
