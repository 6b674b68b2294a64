/// The screen in text mode, 80 columns by 25 rows, at physical address 0xB8000.

import Base
import CMachine
import Log

/// A VGA text screen with a cursor that scrolls.
public struct TextScreen: ConsoleOutput {
  private let columns = 80
  private let rows = 25
  private let blank: UInt16 = 0x0720  // grey on black
  private let base: UInt
  private var column = 0
  private var row = 0

  /// Whether characters can be shown: a loader that has set a graphics mode leaves no text screen.
  public var isPresent = true

  /// Makes a cleared screen.
  ///
  /// - Parameter base: where the screen's memory appears in the kernel's address space.
  public init(base: VirtualAddress) {
    self.base = base.rawValue
    for index in 0..<(columns * rows) { store(blank, at: index) }
  }

  /// Shows one byte; a line feed begins a new line.
  public mutating func write(_ byte: UInt8) {
    guard isPresent else { return }
    if byte == UInt8(ascii: "\n") {
      column = 0
      row += 1
    } else {
      store(0x0700 | UInt16(byte), at: row * columns + column)
      column += 1
      if column == columns {
        column = 0
        row += 1
      }
    }
    if row == rows { scroll() }
  }

  private mutating func scroll() {
    // Two cells at a time: the screen is memory of a device, and every access has its price.
    let pairsInRow = columns / 2
    for pair in 0..<((rows - 1) * pairsInRow) {
      cpu_store32(base + UInt(pair * 4), cpu_load32(base + UInt((pair + pairsInRow) * 4)))
    }
    for pair in ((rows - 1) * pairsInRow)..<(rows * pairsInRow) {
      cpu_store32(base + UInt(pair * 4), UInt32(blank) << 16 | UInt32(blank))
    }
    row = rows - 1
  }

  private func store(_ cell: UInt16, at index: Int) { cpu_store16(base + UInt(index * 2), cell) }
}
