import Plotting

/// A figure of the paper drawn anew, with its data and its origin.
public struct PaperFigure: Sendable {
  /// The paper's number.
  public var number: Int
  /// What it shows.
  public var title: String
  /// What in it is published.
  public var published: String
  /// What in it is ours.
  public var ours: String
  /// The picture.
  public var figure: Figure
  /// The numbers behind the picture, as CSV.
  public var csv: String

  /// `figure4`: the name of its files.
  public var name: String { "figure\(number)" }

  init(
    _ number: Int, _ title: String, published: String, ours: String, columns: Int, panels: [Chart],
    csv: String
  ) {
    self.number = number
    self.title = title
    self.published = published
    self.ours = ours
    self.csv = csv
    figure = Figure(
      title: "Figure \(number): \(title)", panels: panels, columns: columns,
      panelWidth: columns == 1 ? 640 : 480, panelHeight: columns == 1 ? 440 : 340,
      notes: ["Published: \(published)", "Ours: \(ours)"])
  }

  /// What is published and what is ours in each of `figures`, as a Markdown table.
  public static func index(_ figures: [PaperFigure]) -> String {
    var text = """
      # Figures of the delegate speedup model

      Drawn anew after B. R. Tauro, C. Liu, K. C. Hale, "Modeling Speedup in Multi-OS Environments". Each picture
      `figureN.svg` has its numbers in `figureN.csv`.

      | figure | shows | published | ours |
      |---|---|---|---|

      """
    for figure in figures {
      text += "| \(figure.number) | \(figure.title) | \(figure.published) | \(figure.ours) |\n"
    }
    return text
  }
}
