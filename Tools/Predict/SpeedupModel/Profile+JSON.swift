// The profile as a file; Docs/predict.md describes the schema. A change that an older reader would misread raises
// `version`.

extension Profile {
  /// The name in the member `schema`.
  public static let schema = "apus-profile"
  /// The version written, and the newest one read.
  public static let version = 1

  /// Reads a profile; errors name `place` with line and column.
  public init(json bytes: [UInt8], place: String) throws(InputError) {
    let root = JSONFields(try JSONNode.parse(bytes, place: place), place: place)
    try root.open(
      allowed: [
        "schema", "version", "program", "source", "computationSeconds", "userSeconds", "systemSeconds",
        "wallSeconds", "threads", "calls", "notes",
      ])
    let schema = try root.string("schema")
    guard schema == Self.schema else {
      throw root.failure("schema", found: InputError.quoted(schema), allowed: "\"\(Self.schema)\"")
    }
    let version = try root.integer("version", 1...1_000_000)
    guard version == Self.version else {
      throw root.failure("version", found: "version \(version)", allowed: "version \(Self.version)")
    }
    var calls: [CallRecord] = []
    var names: Set<String> = []
    var left = Self.mostInvocations
    for node in try root.array("calls") {
      let call = JSONFields(node, place: place)
      try call.open(allowed: ["name", "count", "seconds", "localSeconds", "bytes"])
      let record = CallRecord(
        try call.string("name"), count: try call.integer("count", 0...Self.mostInvocations),
        seconds: try call.number("seconds"), localSeconds: try call.optionalNumber("localSeconds"),
        bytes: try call.optionalNumber("bytes") ?? 0)
      guard record.count <= left else {
        throw call.failure(
          "count", found: "more than 2^53 invocations", allowed: "at most so many of all calls together")
      }
      left -= record.count
      guard names.insert(record.name).inserted else {
        throw call.failure("name", found: "a second record of \(record.name)", allowed: "one for each call")
      }
      calls.append(record)
    }
    var notes: [String] = []
    for node in try root.optionalArray("notes") {
      guard case .string(let text) = node.value else {
        throw InputError(place, line: node.line, column: node.column, found: "no text", allowed: "a string")
      }
      notes.append(text)
    }
    try self.init(
      program: try root.string("program"), source: try root.optionalString("source") ?? "unknown",
      computationSeconds: try root.number("computationSeconds"),
      userSeconds: try root.optionalNumber("userSeconds"),
      systemSeconds: try root.optionalNumber("systemSeconds"),
      wallSeconds: try root.optionalNumber("wallSeconds"),
      threads: try root.optionalInteger("threads", 1...1_000_000) ?? 1, calls: calls, notes: notes,
      place: place)
  }

  /// The profile as JSON text; `init(json:place:)` reads an equal profile back.
  public func json() -> String {
    var lines = [
      "  \"schema\": \"\(Self.schema)\"", "  \"version\": \(Self.version)",
      "  \"program\": \(JSONNode.quoted(program))", "  \"source\": \(JSONNode.quoted(source))",
      "  \"computationSeconds\": \(computationSeconds)",
    ]
    let times = [
      ("userSeconds", userSeconds), ("systemSeconds", systemSeconds), ("wallSeconds", wallSeconds),
    ]
    for (name, value) in times { if let value { lines.append("  \"\(name)\": \(value)") } }
    lines.append("  \"threads\": \(threads)")
    if !notes.isEmpty {
      lines.append("  \"notes\": [\n    " + notes.map(JSONNode.quoted).joined(separator: ",\n    ") + "\n  ]")
    }
    let records = calls.map { call in
      var text =
        "    {\"name\": \(JSONNode.quoted(call.name)), \"count\": \(call.count), \"seconds\": \(call.seconds)"
      if let local = call.localSeconds { text += ", \"localSeconds\": \(local)" }
      if call.bytes > 0 { text += ", \"bytes\": \(call.bytes)" }
      return text + "}"
    }
    lines.append(
      records.isEmpty ? "  \"calls\": []" : "  \"calls\": [\n" + records.joined(separator: ",\n") + "\n  ]")
    return "{\n" + lines.joined(separator: ",\n") + "\n}\n"
  }
}
