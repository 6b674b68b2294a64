/// Rows of text with aligned columns.
public struct Table: Sendable {
  private let rows: [[String]]
  private let rightAligned: Set<Int>

  /// A table with a heading; columns whose index is in `rightAligned` hold numbers.
  public init(_ heading: [String], _ rows: [[String]], rightAligned: Set<Int> = []) {
    self.rows = [heading] + rows
    self.rightAligned = rightAligned
  }

  /// The table, a line each row; the last column is not filled up.
  public var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let filling = String(repeating: " ", count: widths[column] - cell.count)
        if rightAligned.contains(column) { return filling + cell }
        return column == row.count - 1 ? cell : cell + filling
      }
      return cells.joined(separator: "  ") + "\n"
    }.joined()
  }
}
