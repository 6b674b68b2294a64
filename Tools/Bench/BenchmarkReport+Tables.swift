import HostSupport

extension BenchmarkReport {
  /// What was measured, a line each result.
  public var table: String {
    Table(
      ["name", "system", "arch", "unit", "samples", "min", "median", "p99", "max", "runs", "spread"],
      results.map {
        [
          $0.name, $0.system, $0.arch, $0.unit.rawValue, "\($0.samples.count)", "\($0.min)", "\($0.median)",
          "\($0.p99)", "\($0.max)", "\($0.runs.count)", $0.spreadText,
        ]
      }, rightAligned: [4, 5, 6, 7, 8, 9, 10]
    ).text
  }

  /// The hardware's switch against the software's, in ticks; empty if one of them is missing.
  ///
  /// Medians of boots that took turns: what slowed the host for a while slowed both.
  public var switchRatios: String {
    let rows = results.filter { $0.unit == .ticks && $0.name.contains("/hardware") }.compactMap {
      hardware -> [String]? in
      let name = hardware.name.replacing("/hardware", with: "/software")
      guard
        let software = results.first(where: {
          $0.name == name && $0.unit == .ticks && $0.system == hardware.system
            && $0.arch == hardware.arch
        }), software.median > 0, software.min > 0
      else { return nil }
      return [
        hardware.name, "\(hardware.median)", "\(software.median)",
        Text.ratio(Double(hardware.median) / Double(software.median)),
        Text.ratio(Double(hardware.min) / Double(software.min)),
      ]
    }
    guard !rows.isEmpty else { return "" }
    return Table(
      ["in ticks", "hardware", "software", "ratio of medians", "of least"], rows,
      rightAligned: [1, 2, 3, 4]
    ).text
  }

  /// The round trip of messages between nodes against that of a bare word in the same run; empty without both.
  public var messageRatios: String {
    let rows = results.filter { $0.name.hasPrefix("node/") && $0.name.contains("round-trip") }.compactMap {
      result -> [String]? in
      guard
        let ball = results.first(where: {
          $0.name == "node/ball-round-trip" && $0.arch == result.arch && $0.unit == result.unit
        }), ball.median > 0, ball.min > 0, result.name != ball.name
      else { return nil }
      return [
        result.name, "\(result.median)", "\(ball.median)",
        Text.ratio(Double(result.median) / Double(ball.median)),
        Text.ratio(Double(result.min) / Double(ball.min)),
      ]
    }
    guard !rows.isEmpty else { return "" }
    return Table(
      ["in ticks", "messages", "bare word", "ratio of medians", "of least"], rows, rightAligned: [1, 2, 3, 4]
    ).text
  }

  /// What was measured in ticks beside a peer, least against least: where the host has few processors, medians are its turns.
  ///
  /// Empty without results of the peer in ticks.
  public func leastComparison(with peer: String) -> String {
    let rows = results.filter { $0.system != peer && $0.unit == .ticks }.compactMap { ours -> [String]? in
      guard let name = Catalogue.entry(ours.name)?.peerName, ours.min > 0,
        let other = results.first(where: {
          $0.system == peer && $0.name == name && $0.unit == .ticks && $0.arch == ours.arch
        })
      else { return nil }
      return [
        ours.name, "\(ours.min)", "\(other.min)", Text.ratio(Double(other.min) / Double(ours.min)), name,
      ]
    }
    guard !rows.isEmpty else { return "" }
    return Table(
      ["in ticks", "least", "\(peer)'s", "times", "measured there as"], rows, rightAligned: [1, 2, 3]
    ).text
  }

  /// Apus beside a peer, median against median; empty without results of the peer.
  public func comparison(with peer: String) -> String {
    let theirs = results.filter { $0.system == peer }
    var shown: Set<String> = []
    var rows = results.filter { $0.system != peer }.compactMap { ours -> [String]? in
      guard let entry = Catalogue.entry(ours.name), let name = entry.isOurs ? entry.peerName : entry.name,
        let other = theirs.first(where: {
          $0.name == name && $0.unit == ours.unit && $0.arch == ours.arch
        })
      else { return nil }
      shown.insert(name)
      let ratio = ours.median > 0 ? Text.ratio(Double(other.median) / Double(ours.median)) : ""
      return [ours.name, ours.arch, ours.unit.rawValue, "\(ours.median)", "\(other.median)", ratio, name]
    }
    rows += theirs.filter { !shown.contains($0.name) }.map {
      ["", $0.arch, $0.unit.rawValue, "", "\($0.median)", "", $0.name]
    }
    guard !theirs.isEmpty else { return "" }
    return Table(
      ["apus", "arch", "unit", "median", peer, "times", "measured there as"], rows, rightAligned: [3, 4, 5]
    ).text
  }
}
