/// The threads that a moment will wake: sleeps and time-outs.
///
///                 10                  A heap in the shape of a complete binary tree, linked through the threads:
///               /    \                no parent is due after its children. The bits of a position, the root's
///             12      17              being 1, lead to it from the root: below the leading one, 0 goes left and
///            /  \    /                1 goes right. So joining, leaving and waking take steps in the logarithm
///          15    40 18                of the number of timed threads, in the worst case too; the next deadline is
///                                     the root's. No memory but the threads' own, no division, no cascade.
///
/// A timing wheel would make joining constant but rounds deadlines to its slots or pays at every turn; a pairing
/// heap is short but its worst wake-up is linear. Deadlines here are exact to the tick.

/// A heap of waiting threads by their deadlines.
///
/// - Invariant: `atWaitEnd` says so exactly in the threads of the heap.
struct TimerQueue: ~Copyable {
  /// The thread that is due first.
  private(set) var root: ThreadReference?
  /// The number of threads in the heap.
  private(set) var count: UInt = 0

  /// Makes an empty queue.
  init() {}

  /// The first deadline in ticks, or `UInt64.max` if there is none.
  @inline(__always)
  var nextDeadline: UInt64 { root?.fields.deadline ?? .max }

  /// Lets a thread join that becomes due at `deadline`.
  mutating func insert(_ thread: ThreadReference, deadline: UInt64) {
    assert(!thread.fields.atWaitEnd.contains(.leaveTimers))
    thread.fields.atWaitEnd.insert(.leaveTimers)
    thread.fields.deadline = deadline
    thread.fields.timerLeft = nil
    thread.fields.timerRight = nil
    count += 1
    guard let parent = node(at: count >> 1) else {
      thread.fields.timerParent = nil
      root = thread
      return
    }
    thread.fields.timerParent = parent
    if count & 1 == 0 { parent.fields.timerLeft = thread } else { parent.fields.timerRight = thread }
    rise(thread)
  }

  /// Takes a thread out, due or not.
  mutating func remove(_ thread: ThreadReference) {
    assert(thread.fields.atWaitEnd.contains(.leaveTimers))
    thread.fields.atWaitEnd.remove(.leaveTimers)
    guard let last = node(at: count) else { return }
    if let parent = last.fields.timerParent {
      if count & 1 == 0 { parent.fields.timerLeft = nil } else { parent.fields.timerRight = nil }
    } else {
      root = nil
    }
    count -= 1
    if last == thread { return }
    // The last thread takes the place of the one that leaves, then finds its own.
    last.fields.timerLeft = thread.fields.timerLeft
    last.fields.timerRight = thread.fields.timerRight
    last.fields.timerParent = thread.fields.timerParent
    adopt(last)
    replaceChild(thread, of: last.fields.timerParent, by: last)
    rise(last)
    sink(last)
  }

  /// Takes the root out if it is alone.
  ///
  /// - Returns: whether it was.
  @inline(__always)
  mutating func removeOnly(_ thread: ThreadReference) -> Bool {
    if count != 1 { return false }
    count = 0
    root = nil
    thread.fields.atWaitEnd = []
    return true
  }

  /// The node at a position, the root's being 1, or `nil` for 0.
  private func node(at position: UInt) -> ThreadReference? {
    guard position != 0 else { return nil }
    var node = root
    var bit = UInt.bitWidth - 2 - position.leadingZeroBitCount
    while bit >= 0 {
      node = (position >> UInt(bit)) & 1 == 0 ? node?.fields.timerLeft : node?.fields.timerRight
      bit -= 1
    }
    return node
  }

  private mutating func rise(_ thread: ThreadReference) {
    while let parent = thread.fields.timerParent, thread.fields.deadline < parent.fields.deadline {
      swap(parent, with: thread)
    }
  }

  private mutating func sink(_ thread: ThreadReference) {
    while let left = thread.fields.timerLeft {
      var child = left
      if let right = thread.fields.timerRight, right.fields.deadline < left.fields.deadline { child = right }
      guard child.fields.deadline < thread.fields.deadline else { return }
      swap(thread, with: child)
    }
  }

  /// Exchanges a parent and its child.
  private mutating func swap(_ parent: ThreadReference, with child: ThreadReference) {
    let isLeft = parent.fields.timerLeft == child
    let sibling = isLeft ? parent.fields.timerRight : parent.fields.timerLeft
    let grandparent = parent.fields.timerParent
    parent.fields.timerLeft = child.fields.timerLeft
    parent.fields.timerRight = child.fields.timerRight
    adopt(parent)
    if isLeft {
      child.fields.timerLeft = parent
      child.fields.timerRight = sibling
    } else {
      child.fields.timerLeft = sibling
      child.fields.timerRight = parent
    }
    child.fields.timerParent = grandparent
    adopt(child)
    replaceChild(parent, of: grandparent, by: child)
  }

  /// Tells a node's children who their parent is.
  private func adopt(_ node: ThreadReference) {
    node.fields.timerLeft?.fields.timerParent = node
    node.fields.timerRight?.fields.timerParent = node
  }

  private mutating func replaceChild(
    _ child: ThreadReference, of parent: ThreadReference?, by node: ThreadReference
  ) {
    guard let parent else {
      root = node
      return
    }
    if parent.fields.timerLeft == child {
      parent.fields.timerLeft = node
    } else {
      parent.fields.timerRight = node
    }
  }
}
