import ABI
import FileSystemImage
import Foundation
import HostSupport

/// The root file system that a run has left in the machine's memory.
public enum SavedRoot {
  /// Where a kernel has said that its root lies: the last complete line of its kind on the debug port.
  public static func record(in text: String) -> SavedTree? {
    let prefix = String(describing: SavedTree.recordPrefix)
    guard let mark = text.ranges(of: prefix).last else { return nil }
    let line = text[mark.upperBound...].prefix { $0 != "\n" && $0 != "\r" && $0 != "\r\n" }
    let words = line.split(separator: " ")
    guard words.count == 2, let address = UInt64(words[0]), let count = UInt64(words[1]) else { return nil }
    return SavedTree(address: address, byteCount: count)
  }

  /// Reads the image out of the file that was the machine's memory.
  ///
  /// - Throws: `ToolError` when the run has left none, or one that the checker does not let pass.
  public static func image(from memoryFile: String, report: Session.Report) throws -> [UInt8] {
    guard let record = record(in: report.debug) else {
      throw ToolError("there is nothing to save: the run did not end in order (\(report.outcome.sentence))")
    }
    let handle = try FileHandle(forReadingFrom: URL(filePath: memoryFile))
    defer { try? handle.close() }
    let size = try handle.seekToEnd()
    guard record.address <= size, record.byteCount <= size - record.address,
      let count = Int(exactly: record.byteCount)
    else { throw ToolError("the root lies outside the machine's memory, at \(record.address)") }
    try handle.seek(toOffset: record.address)
    let image = Array(try handle.read(upToCount: count) ?? Data())
    if let finding = ImageReader.check(image).findings.first {
      throw ToolError("the root that was left is inconsistent: \(finding.line)")
    }
    return image
  }

  /// Writes the tree into a new folder; returns the paths of what a folder of the host can't have.
  public static func extract(
    from memoryFile: String, report: Session.Report, to folder: String
  ) throws -> [String] {
    let image = try image(from: memoryFile, report: report)
    do {
      return try ImageReader.extract(image, to: folder)
    } catch let error as ImageError {
      throw ToolError("\(error)")
    }
  }
}
