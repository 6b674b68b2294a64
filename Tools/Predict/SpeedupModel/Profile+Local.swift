extension Profile {
  /// The profile with g'(s) taken from a run on the light kernel: its mean time of call s, times n(s).
  ///
  /// Calls that `measured` does not have keep what they had. Both must be in seconds of one machine: instructions
  /// under an emulator beside seconds of Linux would say nothing.
  public func local(as measured: Profile) throws(InputError) -> Profile {
    let means = Dictionary(
      uniqueKeysWithValues: measured.calls.filter { $0.count > 0 }.map {
        ($0.name, $0.seconds / Double($0.count))
      })
    let merged = calls.map { call in
      var call = call
      if let mean = means[call.name] { call.localSeconds = mean * Double(call.count) }
      return call
    }
    return try Profile(
      program: program, source: source, computationSeconds: computationSeconds, userSeconds: userSeconds,
      systemSeconds: systemSeconds, wallSeconds: wallSeconds, threads: threads, calls: merged,
      notes: notes + ["calls served locally take as long as in \(measured.program) (\(measured.source))"])
  }

  /// Whether any call is known to move bytes.
  public var knowsBytes: Bool { calls.contains { $0.bytes > 0 } }
}
