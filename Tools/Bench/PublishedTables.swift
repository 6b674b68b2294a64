/// The tables of the paper on paravirtual guests, with a column of ours beside them; and Linux's own host of the same guest.

import Foundation

/// What was published, and what we have measured of it.
public struct PublishedTables: Sendable {
  /// One line of a table: what was measured, with Linux and with MetalSVM as the host, in ticks.
  struct Row: Sendable {
    var name: String
    var linux: Double
    var metal: Double
    /// Ours that is the same, the best first: what a Linux in the guest sees, if one was measured.
    var ours: [Figure]
  }

  /// A figure of a report.
  struct Figure: Hashable, Sendable {
    /// Who measured it: a guest kernel of our own, or a Linux in a guest.
    var system: String
    /// The benchmark's path.
    var path: String

    /// What a guest of our own measured.
    static func own(_ path: String) -> Figure { Figure(system: "apus", path: path) }
    /// What a Linux in a guest measured.
    static func linux(_ path: String) -> Figure { Figure(system: LinuxGuest.name, path: path) }
  }

  /// A table of the paper.
  struct Published: Sendable {
    var title: String
    var rows: [Row]
  }

  /// Medians, in instructions.
  private let medians: [Figure: Int]

  /// Tables with what a report holds.
  public init(_ report: BenchmarkReport) {
    medians = Dictionary(
      report.results.filter { $0.unit == .instructions }.map {
        (Figure(system: $0.system, path: $0.name), $0.median)
      },
      uniquingKeysWith: { first, _ in first })
  }

  /// The groups that a Linux in a guest measures for the tables.
  public static let linuxGroups = ["syscall", "memory", "pipe", "process", "clone"]

  private static func table(_ title: String, grid: String, _ values: [(Double, Double)]) -> Published {
    let names: [(String, [Figure])] = [
      ("host-guest switch", [.own("guest/null-hypercall")]),
      ("page fault", [.linux("memory/first-touch"), .own("guest/page-fill")]),
      ("getpid", [.linux("syscall/getpid")]), ("fork", [.linux("process/fork-exit-wait")]),
      ("vfork", [.linux("process/vfork-exit-wait")]),
      ("pthread_create", [.linux("clone/create-run-exit-join")]),
      ("Jacobi, grid of \(grid)", [.own("guest/jacobi-1")]),
      ("the same, two instances", [.own("guest/jacobi-2")]),
    ]
    return Published(
      title: title,
      rows: zip(names, values).map { Row(name: $0.0, linux: $1.0, metal: $1.1, ours: $0.1) })
  }

  /// The three tables.
  static let published = [
    table(
      "Table I: Celeron, Linux 2.6.32 in the guest", grid: "128 x 128",
      [
        (1_406, 1_347), (40_426, 31_978), (1_039, 626), (446_224, 301_831), (163_421, 117_536),
        (3_678_968, 40_022_838), (156e9, 99e9), (317e9, 199e9),
      ]),
    table(
      "Table II: SCC, Linux 2.6.38 in the guest", grid: "32 x 32",
      [
        (2_042, 2_113), (918_679, 867_676), (191, 191), (3_216_767, 3_101_387), (220_317, 236_207),
        (16_256_988, 10_883_839), (3.74e9, 3.74e9), (7.51e9, 7.48e9),
      ]),
    table(
      "Table III: Celeron, Linux 2.6.38 in the guest", grid: "32 x 32",
      [
        (3_020, 2_590), (40_388, 43_985), (607, 595), (351_907, 371_381), (132_142, 137_366),
        (1_020_630, 40_049_784), (2.04e9, 2.03e9), (4.08e9, 4.13e9),
      ]),
  ]

  /// A line of the comparison with Linux's own host, in instructions.
  struct Comparison: Sendable {
    var name: String
    /// The reference host as it is, and without its fault of calling for interrupts that are not there; `nil` if that
    /// changes nothing.
    var reference: Int
    var corrected: Int?
    var ours: Figure
  }

  /// Linux 3.2.65 in a guest of Linux 3.2.65, in the same emulator and the same unit as ours.
  static let comparisons = [
    Comparison(name: "null hypercall", reference: 502, ours: .own("guest/null-hypercall")),
    Comparison(name: "emulated inb", reference: 697, ours: .own("guest/inb")),
    Comparison(name: "getpid", reference: 86, ours: .linux("syscall/getpid")),
    Comparison(
      name: "first write to an anonymous page", reference: 7_334, corrected: 6_856,
      ours: .linux("memory/first-touch")),
    Comparison(
      name: "pipe, round trip", reference: 10_353, corrected: 7_433, ours: .linux("pipe/round-trip-1")),
    Comparison(
      name: "vfork, exit, wait", reference: 38_879, corrected: 24_878, ours: .linux("process/vfork-exit-wait")
    ),
    Comparison(
      name: "fork, exit, wait", reference: 264_434, corrected: 221_259, ours: .linux("process/fork-exit-wait")
    ),
    Comparison(
      name: "fork, exec, exit, wait", reference: 413_447, corrected: 350_219,
      ours: .linux("process/fork-exec-wait")),
  ]

  /// The first of a row's figures that was measured.
  private func measured(_ row: Row) -> (figure: Figure, median: Int)? {
    for figure in row.ours {
      guard let median = medians[figure] else { continue }
      // Two at a time have taken what the later of them took.
      let other = figure == .own("guest/jacobi-2") ? medians[.own("guest/jacobi-3")] : nil
      return (figure, max(median, other ?? 0))
    }
    return nil
  }

  /// Our figure for a row in words.
  private func ours(_ row: Row) -> String {
    guard let (figure, median) = measured(row) else { return "not measured" }
    guard figure.path.hasPrefix("guest/jacobi"), let bare = medians[.own("jacobi/bare")] else {
      return Self.digits(Double(median))
    }
    let instances = figure.path == "guest/jacobi-1" ? 1.0 : 2.0
    let speed = Double(bare) * instances / Double(median) * 100
    return "\(Self.digits(Double(median))) (\(Text.fixed(speed, decimals: 1)) % of bare speed)"
  }

  private static func digits(_ value: Double) -> String {
    if value >= 1e9 { return Text.fixed(value / 1e9, decimals: 2) + "e9" }
    var text = String(Int(value))
    var place = text.count - 3
    while place > 0 {
      text.insert(",", at: text.index(text.startIndex, offsetBy: place))
      place -= 3
    }
    return text
  }

  /// The tables as Markdown.
  public var markdown: String {
    var lines: [String] = []
    for table in Self.published {
      lines += ["## \(table.title)", ""]
      lines += [
        "| | Linux as host, ticks | MetalSVM as host, ticks | ratio | Apus as host, instructions |",
        "|---|---:|---:|---:|---:|",
      ]
      for row in table.rows {
        lines.append(
          "| \(row.name) | \(Self.digits(row.linux)) | \(Self.digits(row.metal)) | \(Text.ratio(row.linux / row.metal)) | \(ours(row)) |"
        )
      }
      lines.append("")
    }
    lines += [
      "## Linux 3.2.65 as a guest: Linux's own host, and ours", "",
      "| instructions | Linux as host | corrected | Apus as host | ratio | limit |",
      "|---|---:|---:|---:|---:|---:|",
    ]
    for row in Self.comparisons {
      let corrected = row.corrected.map { Self.digits(Double($0)) } ?? ""
      let median = medians[row.ours]
      let ours = median.map { Self.digits(Double($0)) } ?? "not measured"
      let ratio = median.map { Text.ratio(Double(row.corrected ?? row.reference) / Double($0)) } ?? ""
      let limits = row.ours.system == LinuxGuest.name ? Limits.linuxGuestTable : Limits.guestTable
      let limit = limits[row.ours.path].map { Self.digits(Double($0)) } ?? ""
      lines.append(
        "| \(row.name) | \(Self.digits(Double(row.reference))) | \(corrected) | \(ours) | \(ratio) | \(limit) |"
      )
    }
    lines += [
      "",
      "Ticks of the published machines and instructions under `-icount shift=0,sleep=off` are not the same unit: compare",
      "ratios, not figures. The solver of ours takes \(GuestBenchmark.steps) steps on a grid of 128 x 128; how many the",
      "published ones took is not known. Corrected: without the fault of calling for interrupts that are not there; the",
      "ratio is to that. What takes a Linux in the guest is measured with `\(LinuxGuest.variable)=vmlinux`.",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  /// The tables as a picture: bars on a logarithmic scale.
  public var svg: String {
    var body = ""
    var y = 20.0
    func text(_ x: Double, _ y: Double, _ content: String, _ style: String = "") {
      body += "<text x=\"\(x)\" y=\"\(y)\" \(style)>\(content)</text>\n"
    }
    func bar(_ y: Double, _ value: Double, _ colour: String, _ label: String) {
      // From 100 to 1e12: ten decades of 40 units.
      let width = max(1, (log10(max(value, 100)) - 2) * 40)
      body +=
        "<rect x=\"190\" y=\"\(y)\" width=\"\(Text.fixed(width, decimals: 1))\" height=\"9\" fill=\"\(colour)\"/>\n"
      text(194 + width, y + 8, label, "font-size=\"8\"")
    }
    for table in Self.published {
      text(10, y, table.title, "font-weight=\"bold\"")
      y += 12
      for row in table.rows {
        text(10, y + 16, row.name)
        bar(y, row.linux, "#888888", Self.digits(row.linux))
        bar(y + 10, row.metal, "#4477aa", Self.digits(row.metal))
        if let (_, median) = measured(row) { bar(y + 20, Double(median), "#cc6633", ours(row)) }
        y += 36
      }
      y += 22
    }
    text(10, y, "Linux 3.2.65 as a guest, instructions: Linux's own host, and ours", "font-weight=\"bold\"")
    y += 12
    for row in Self.comparisons {
      text(10, y + 11, row.name)
      let reference = Double(row.corrected ?? row.reference)
      bar(y, reference, "#888888", Self.digits(reference))
      if let median = medians[row.ours] {
        bar(y + 10, Double(median), "#cc6633", Self.digits(Double(median)))
      }
      y += 26
    }
    y += 22
    text(10, y, "grey: Linux as host, ticks; blue: MetalSVM, ticks; orange: Apus, instructions (logarithmic)")
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 \(Text.fixed(y + 20, decimals: 0))" font-family="sans-serif" font-size="10">
      \(body)</svg>

      """
  }
}
