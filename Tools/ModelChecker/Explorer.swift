/// Visits every state that a few nodes can reach in any order of their accesses.

import Window

/// What one node does, in operations of the sources under test.
public protocol ModelNode: Hashable {
  /// Does the next operation to its end: bounded, without waiting inside.
  mutating func operate(_ window: ModelWindow)
  /// Whether the node has nothing more to do.
  var isDone: Bool { get }
  /// The node after a crash, which may strike before any access; `nil` if this configuration has none left.
  func crashed() -> Self?
}

extension ModelNode {
  /// Nodes that don't crash.
  public func crashed() -> Self? { nil }
}

/// What an exploration found.
public struct Exploration: Sendable, CustomStringConvertible {
  /// Different states.
  public internal(set) var states = 0
  /// Steps between them.
  public internal(set) var transitions = 0
  /// Final states: all nodes done.
  public internal(set) var endings = 0
  /// The first broken invariant.
  public internal(set) var violation: String?
  /// Whether the limit on states ended the search.
  public internal(set) var isCut = false

  /// The numbers in a line.
  public var description: String {
    "\(states) states, \(transitions) transitions, \(endings) endings\(violation.map { ": " + $0 } ?? "")"
  }
}

/// A state: memory, and where each node stands in its operation.
private struct ModelState<Node: ModelNode>: Hashable {
  var memory: ModelMemory
  var nodes: [Node]
  var answers: [[UInt32]]
}

/// Explores all interleavings.
///
/// - Parameters:
///   - words: the words in the window.
///   - initial: the words that are not 0 at first, by index.
///   - invariant: what must hold of the nodes in every state; answers what is wrong.
///   - ending: what must hold when all are done.
/// - Returns: the counts; a state from which no end can be reached by any schedule shows as `violation` too.
public func explore<Node: ModelNode>(
  _ nodes: [Node], words: Int, initial: [Int: UInt32] = [:], mutation: WindowMutation = .none,
  limit: Int = 2_000_000,
  invariant: ([Node]) -> String? = { _ in nil }, ending: ([Node]) -> String? = { _ in nil }
) -> Exploration {
  var result = Exploration()
  var contents = Array(repeating: UInt32(0), count: words)
  for (word, value) in initial { contents[word] = value }
  let start = ModelState(
    memory: ModelMemory(words: contents, buffers: Array(repeating: [], count: nodes.count)),
    nodes: nodes, answers: Array(repeating: [], count: nodes.count))
  var numbers = [start: 0]
  var predecessors: [[Int32]] = [[]]
  var ends: [Int] = []
  var open = [start]

  while let state = open.popLast() {
    let number = numbers[state] ?? 0
    var successors: [ModelState<Node>] = []
    for index in state.nodes.indices {
      // A buffered store reaches memory; stores to one word keep their order, because a buffer holds one per word.
      for place in state.memory.buffers[index].indices {
        var next = state
        next.memory.flush(index, at: place)
        successors.append(next)
      }
      guard !state.nodes[index].isDone else { continue }
      successors.append(step(state, index, mutation))
      if let crashed = state.nodes[index].crashed() {
        var next = state
        next.nodes[index] = crashed
        next.answers[index] = []
        // Some of what was on its way arrives, which the flushes before this step cover; the rest is lost.
        next.memory.buffers[index] = []
        successors.append(next)
      }
    }
    if successors.isEmpty {
      result.endings += 1
      ends.append(number)
      if let problem = ending(state.nodes) { result.violation = problem }
    }
    for next in successors {
      result.transitions += 1
      if let known = numbers[next] {
        predecessors[known].append(Int32(number))
        continue
      }
      if let problem = invariant(next.nodes) { result.violation = problem }
      numbers[next] = predecessors.count
      predecessors.append([Int32(number)])
      open.append(next)
    }
    result.states = numbers.count
    if result.violation != nil { return result }
    if numbers.count > limit {
      result.isCut = true
      return result
    }
  }

  // Backwards from the ends: whatever is not met is a state in which everybody waits for ever.
  var reached = Array(repeating: false, count: predecessors.count)
  var rest = ends
  for end in ends { reached[end] = true }
  while let number = rest.popLast() {
    for before in predecessors[number] where !reached[Int(before)] {
      reached[Int(before)] = true
      rest.append(Int(before))
    }
  }
  if reached.contains(false) { result.violation = "a state from which no end can be reached" }
  return result
}

/// One access of one node, or its last and the end of the operation.
private func step<Node: ModelNode>(
  _ state: ModelState<Node>, _ index: Int, _ mutation: WindowMutation
) -> ModelState<Node> {
  var next = state
  let window = ModelWindow(
    memory: state.memory, node: index, answers: state.answers[index], mutation: mutation)
  var node = state.nodes[index]
  node.operate(window)
  next.memory = window.committed ?? state.memory
  if window.accesses <= state.answers[index].count + 1 {
    next.nodes[index] = node
    next.answers[index] = []
  } else {
    next.answers[index].append(window.answer)
  }
  return next
}
