/// What each thread of a trace does between its calls: it computes, or waits for a processor.
///
/// Threads overlap, so the length of the run less all calls says nothing about computation. The time from each
/// thread's return to its next call does.
struct ThreadClocks {
  /// Σ over threads of the time between calls, seconds.
  private(set) var computationSeconds = 0.0
  /// When the last call of each thread ended; `nil` before the first.
  private var lastEnds: [Double?] = []
  private var indices: [Int: Int] = [:]
  /// Where a thread that has made no call yet began.
  private var beginnings: [Int: Double] = [:]
  /// The number asked for last, which is often asked for again.
  private var lastNumber = -1
  private var lastIndex = 0

  /// Threads that made calls.
  var count: Int { lastEnds.count }

  /// The index of a thread that the trace gives this number; 0 is a line without one.
  ///
  /// strace leaves the number out while there is only one thread. So the first number that no thread began with
  /// is that of the thread without.
  mutating func thread(numbered number: Int) -> Int {
    if number == lastNumber { return lastIndex }
    lastNumber = number
    if let known = indices[number] {
      lastIndex = known
    } else if number != 0, beginnings[number] == nil, let unnamed = indices[0],
      !indices.contains(where: { $0.key != 0 && $0.value == unnamed })
    {
      lastIndex = unnamed
      indices[number] = unnamed
    } else {
      lastIndex = lastEnds.count
      indices[number] = lastIndex
      lastEnds.append(beginnings[number])
    }
    return lastIndex
  }

  /// A call of `thread` begins.
  mutating func begin(_ thread: Int, at time: Double) {
    if let last = lastEnds[thread] { computationSeconds += max(0, time - last) }
  }

  /// A call of `thread` ends.
  mutating func end(_ thread: Int, at time: Double) { lastEnds[thread] = time }

  /// A thread of this number is made at `time`, unless it has made calls already.
  mutating func expect(_ number: Int, from time: Double) {
    if indices[number] == nil { beginnings[number] = time }
  }
}
