extension Figure {
  /// The figure as an SVG file.
  ///
  /// Equal figures give equal bytes.
  public func svg() -> String {
    var document = SVGDocument()
    let rows = (panels.count + columns - 1) / columns
    let used = min(columns, max(1, panels.count))
    let titleHeight = title.isEmpty ? 8.0 : 34.0
    let totalWidth = panelWidth * Double(used)
    let panelsHeight = panelHeight * Double(rows)
    let totalHeight = titleHeight + panelsHeight + 8 + 15 * Double(notes.count)
    document.heading(title, x: totalWidth / 2, y: 23, size: 16, within: totalWidth - 16)
    for (index, panel) in panels.enumerated() {
      let x = Double(index % columns) * panelWidth
      let y = titleHeight + Double(index / columns) * panelHeight
      PanelRenderer(panel, x: x, y: y, width: panelWidth, height: panelHeight)
        .draw(in: &document, clip: "panel\(index)")
    }
    for (index, note) in notes.enumerated() {
      document.text(note, x: 12, y: titleHeight + panelsHeight + 12 + 15 * Double(index), size: 10)
    }
    return document.finished(
      width: totalWidth, height: totalHeight, title: title.isEmpty ? panels.first?.title ?? "" : title)
  }
}
