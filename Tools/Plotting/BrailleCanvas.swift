/// A raster of dots for a terminal: each character cell holds 2 x 4 dots as one Unicode braille pattern.
struct BrailleCanvas {
  let columns: Int
  let rows: Int
  private var cells: [UInt8]

  /// Bit of each dot in a pattern, `[row][column]`; Unicode Standard, section 21.1 (U+2800).
  private static let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]

  init(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
    cells = Array(repeating: 0, count: columns * rows)
  }

  /// Sets the dot at (`x`, `y`), counted from the upper left; a dot outside is ignored.
  mutating func set(_ x: Int, _ y: Int) {
    guard x >= 0, y >= 0, x < columns * 2, y < rows * 4 else { return }
    cells[(y / 4) * columns + x / 2] |= Self.bits[y % 4][x % 2]
  }

  /// Joins two dots; every `gap`-th dot is left out when `gap` is positive, which makes dashes.
  mutating func line(from: (Int, Int), to: (Int, Int), gap: Int) {
    let steps = max(abs(to.0 - from.0), abs(to.1 - from.1), 1)
    for step in 0...steps where gap == 0 || step % gap != gap - 1 {
      set(from.0 + (to.0 - from.0) * step / steps, from.1 + (to.1 - from.1) * step / steps)
    }
  }

  /// The characters of one row; an empty cell is a space.
  func text(row: Int) -> [Character] {
    cells[(row * columns)..<((row + 1) * columns)].map { cell in
      cell == 0 ? " " : Character(Unicode.Scalar(0x2800 + UInt32(cell)) ?? " ")
    }
  }
}
