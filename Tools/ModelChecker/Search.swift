/// Visits every state that can be reached from one, whatever the states are.

/// What an exploration found.
public struct Exploration: Sendable, CustomStringConvertible {
  /// Different states.
  public internal(set) var states = 0
  /// Steps between them.
  public internal(set) var transitions = 0
  /// Final states: nothing more can happen.
  public internal(set) var endings = 0
  /// The first broken invariant.
  public internal(set) var violation: String?
  /// Whether the limit on states ended the search.
  public internal(set) var isCut = false

  /// What shows as violation if somebody may wait for ever.
  public static var hang: String { "a state from which no end can be reached" }

  /// The numbers in a line.
  public var description: String {
    "\(states) states, \(transitions) transitions, \(endings) endings\(violation.map { ": " + $0 } ?? "")"
  }
}

/// Explores all that can follow from a state.
///
/// - Parameters:
///   - successors: all states that one step leads to; a state without any is an end.
///   - invariant: what must hold in every state; answers what is wrong.
///   - ending: what must hold in every end.
/// - Returns: the counts; a state from which no end can be reached by any steps shows as `violation` too.
public func search<State: Hashable>(
  from start: State, limit: Int = 2_000_000, successors: (State) -> [State],
  invariant: (State) -> String? = { _ in nil }, ending: (State) -> String? = { _ in nil }
) -> Exploration {
  var result = Exploration()
  var numbers = [start: 0]
  var predecessors: [[Int32]] = [[]]
  var ends: [Int] = []
  var open = [(start, 0)]

  while let (state, number) = open.popLast() {
    let following = successors(state)
    if following.isEmpty {
      result.endings += 1
      ends.append(number)
      if let problem = ending(state) { result.violation = problem }
    }
    for next in following {
      result.transitions += 1
      let known = numbers[next]
      if let known {
        predecessors[known].append(Int32(number))
        continue
      }
      if let problem = invariant(next) { result.violation = problem }
      numbers[next] = predecessors.count
      open.append((next, predecessors.count))
      predecessors.append([Int32(number)])
    }
    result.states = numbers.count
    if result.violation != nil { return result }
    if numbers.count > limit {
      result.isCut = true
      return result
    }
  }
  if !allReach(ends, predecessors) { result.violation = Exploration.hang }
  return result
}

/// Goes backwards from the ends: whatever is not met is a state in which everybody waits for ever.
private func allReach(_ ends: [Int], _ predecessors: [[Int32]]) -> Bool {
  var reached = Array(repeating: false, count: predecessors.count)
  var rest = ends
  for end in ends { reached[end] = true }
  while let number = rest.popLast() {
    for before in predecessors[number] where !reached[Int(before)] {
      reached[Int(before)] = true
      rest.append(Int(before))
    }
  }
  return !reached.contains(false)
}
