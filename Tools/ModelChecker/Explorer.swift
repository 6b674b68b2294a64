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
///   - stride: of a copy of bytes only the words at multiples of so many bytes are accessed: a payload of a repeated
///     pattern is then few words, and steps.
///   - invariant: what must hold of the nodes in every state; answers what is wrong.
///   - ending: what must hold when all are done.
/// - Returns: the counts; a state from which no end can be reached by any schedule shows as `violation` too.
public func explore<Node: ModelNode>(
  _ nodes: [Node], words: Int, initial: [Int: UInt32] = [:], mutation: WindowMutation = .none,
  stride: Int = 4, limit: Int = 2_000_000,
  invariant: ([Node]) -> String? = { _ in nil }, ending: ([Node]) -> String? = { _ in nil }
) -> Exploration {
  let rules = WindowRules(places: WordPlaces(words: words), mutation: mutation, stride: stride)
  var memory = ModelMemory(nodes: nodes.count)
  for (word, value) in initial.sorted(by: { $0.key < $1.key }) {
    memory.write(value, rules.places.place(word))
  }
  let start = ModelState(
    memory: memory, nodes: nodes, answers: Array(repeating: [], count: nodes.count))
  return search(
    from: start, limit: limit, successors: { successors($0, rules) }, invariant: { invariant($0.nodes) },
    ending: { ending($0.nodes) })
}

private func successors<Node: ModelNode>(
  _ state: ModelState<Node>, _ rules: WindowRules
) -> [ModelState<Node>] {
  var successors: [ModelState<Node>] = []
  for index in state.nodes.indices {
    // A buffered store reaches memory; stores to one word keep their order, because a buffer holds one per word.
    for place in state.memory.buffers[index].indices {
      var next = state
      next.memory.flush(index, at: place)
      successors.append(next)
    }
    guard !state.nodes[index].isDone else { continue }
    successors.append(step(state, index, rules))
    if let crashed = state.nodes[index].crashed() {
      var next = state
      next.nodes[index] = crashed
      next.answers[index] = []
      // Some of what was on its way arrives, which the flushes before this step cover; the rest is lost.
      next.memory.drop(index)
      successors.append(next)
    }
  }
  return successors
}

/// One access of one node, or its last and the end of the operation.
private func step<Node: ModelNode>(
  _ state: ModelState<Node>, _ index: Int, _ rules: WindowRules
) -> ModelState<Node> {
  var next = state
  let window = ModelWindow(
    memory: state.memory, node: index, answers: state.answers[index], rules: rules)
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
