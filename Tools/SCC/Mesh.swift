/// The mesh of the Single-chip Cloud Computer: 6 by 4 tiles of two cores, a memory controller at four of them.
public enum Mesh {
  /// Tiles in a row.
  public static let columns = 6
  /// Rows of tiles.
  public static let rows = 4
  /// Cores in a tile.
  public static let coresInTile = 2
  /// All cores.
  public static let coreCount = columns * rows * coresInTile
  /// Memory controllers.
  public static let controllerCount = 4

  /// The tile of a core.
  public static func tile(ofCore core: Int) -> (column: Int, row: Int) {
    let tile = core / coresInTile
    return (tile % columns, tile / columns % rows)
  }

  /// The memory controller of a core: that of its quarter of the mesh.
  public static func controller(ofCore core: Int) -> Int {
    let (column, row) = tile(ofCore: core)
    return (column < columns / 2 ? 0 : 1) + (row < rows / 2 ? 0 : 2)
  }

  /// The mesh with a mark of three characters for each core; the first row of tiles is at the bottom, as the original's
  /// drawings have it.
  ///
  /// - Parameter mark: the mark of a core, or `nil` for a core that the machine has not got.
  public static func drawing(_ mark: (Int) -> String?) -> String {
    let line = String(repeating: "+---------", count: columns) + "+"
    var text = "       " + line + "\n"
    for row in (0..<rows).reversed() {
      var numbers = "", marks = ""
      for column in 0..<columns {
        let first = (row * columns + column) * coresInTile
        numbers += "| " + [first, first + 1].map { pad("\($0)", 3) }.joined(separator: " ") + " "
        marks += "| " + [first, first + 1].map { pad(mark($0) ?? "", 3) }.joined(separator: " ") + " "
      }
      let isController = row == 0 || row == rows / 2
      let left = isController ? "MC\(row == 0 ? 0 : 2) ---" : "       "
      let right = isController ? "--- MC\(row == 0 ? 1 : 3)" : ""
      text += "       " + numbers + "|\n" + left + marks + "|" + right + "\n       " + line + "\n"
    }
    return text
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
