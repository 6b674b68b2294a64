/// The members of a JSON object, taken by name with the type that is wanted; errors say where and what.
public struct JSONFields {
  private let node: JSONNode
  private let place: String

  /// The members of `node`; `place` names the file in errors.
  public init(_ node: JSONNode, place: String) {
    self.node = node
    self.place = place
  }

  private var members: [(name: String, node: JSONNode)] {
    if case .object(let members) = node.value { members } else { [] }
  }

  /// Checks that the value is an object and has no member but those allowed; `x-` begins a private name.
  public func open(allowed: [String]) throws(InputError) {
    guard case .object(let members) = node.value else {
      throw InputError(
        place, line: node.line, column: node.column, found: kind(node), allowed: "an object {...}")
    }
    for member in members where !allowed.contains(member.name) && !member.name.hasPrefix("x-") {
      throw InputError(
        place, line: member.node.line, column: member.node.column,
        found: "member \(InputError.quoted(member.name))",
        allowed: allowed.joined(separator: ", ") + ", or a name that begins with x-")
    }
  }

  /// An error at the member `name`, or at the object when it has none.
  public func failure(_ name: String, found: String, allowed: String) -> InputError {
    let at = member(name) ?? node
    return InputError(place, line: at.line, column: at.column, found: found, allowed: allowed)
  }

  private func member(_ name: String) -> JSONNode? { members.first { $0.name == name }?.node }

  private func required(_ name: String) throws(InputError) -> JSONNode {
    guard let member = member(name) else {
      throw failure(name, found: "no member \"\(name)\"", allowed: "it")
    }
    return member
  }

  private func kind(_ node: JSONNode) -> String {
    switch node.value {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let value): "the number \(value)"
    case .string(let text): "the text \(InputError.quoted(text))"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// The text of a member that must be there.
  public func string(_ name: String) throws(InputError) -> String {
    guard case .string(let text) = try required(name).value else {
      throw failure(name, found: kind(try required(name)), allowed: "\(name) as text")
    }
    return text
  }

  /// The text of a member, or `nil` without one.
  public func optionalString(_ name: String) throws(InputError) -> String? {
    member(name) == nil ? nil : try string(name)
  }

  /// A number from 0 up that must be there.
  public func number(_ name: String) throws(InputError) -> Double {
    guard case .number(let value) = try required(name).value, value >= 0, value <= 1e18 else {
      throw failure(name, found: kind(try required(name)), allowed: "\(name) as a number from 0 to 1e18")
    }
    return value
  }

  /// A number from 0 up, or `nil` without one.
  public func optionalNumber(_ name: String) throws(InputError) -> Double? {
    member(name) == nil ? nil : try number(name)
  }

  /// A whole number in `range` that must be there.
  public func integer(_ name: String, _ range: ClosedRange<Int>) throws(InputError) -> Int {
    guard case .number(let value) = try required(name).value, let whole = Int(exactly: value),
      range.contains(whole)
    else {
      throw failure(
        name, found: kind(try required(name)),
        allowed: "\(name) as a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return whole
  }

  /// A whole number in `range`, or `nil` without one.
  public func optionalInteger(_ name: String, _ range: ClosedRange<Int>) throws(InputError) -> Int? {
    member(name) == nil ? nil : try integer(name, range)
  }

  /// The elements of a member that must be there.
  public func array(_ name: String) throws(InputError) -> [JSONNode] {
    guard case .array(let elements) = try required(name).value else {
      throw failure(name, found: kind(try required(name)), allowed: "\(name) as an array [...]")
    }
    return elements
  }

  /// The elements of a member; none without one.
  public func optionalArray(_ name: String) throws(InputError) -> [JSONNode] {
    member(name) == nil ? [] : try array(name)
  }
}
