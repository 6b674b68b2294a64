import Foundation

/// What a build step depends on, in a form that can be compared with the last time.
///
/// Size, inode, and the times of the last change of content and of state, in nanoseconds, of every input: a file that
/// was edited, replaced, added or removed changes it, and so does one whose modification time was set back, because
/// the kernel keeps the change time itself. Reading no content keeps it at some milliseconds for a thousand files.
public struct Fingerprint: Equatable, Sendable {
  /// The lines that stand for the inputs, in the order in which they were added.
  public private(set) var text = ""

  /// A fingerprint of nothing.
  public init() {}

  /// Adds a word that the result depends on: a flag, a version.
  public mutating func add(word: String) { text += "word \(word)\n" }

  /// Adds a file, or the fact that it is not there.
  public mutating func add(file path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      text += "none \(path)\n"
      return
    }
    text +=
      "file \(path) \(status.st_size) \(status.st_ino) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
      + " \(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec)\n"
  }

  /// Adds every file below a folder whose extension is one of `extensions` (all files if empty), sorted by path.
  public mutating func add(folder: String, extensions: Set<String> = []) {
    guard let walk = FileManager.default.enumerator(atPath: folder) else {
      text += "none \(folder)\n"
      return
    }
    var files: [String] = []
    while let name = walk.nextObject() as? String {
      if extensions.isEmpty || extensions.contains(URL(filePath: name).pathExtension) { files.append(name) }
    }
    for name in files.sorted() { add(file: "\(folder)/\(name)") }
  }

  /// Whether the stamp at `path` was written for these same inputs.
  public func matches(stamp path: String) -> Bool {
    (try? Files.read(path)).map { $0 == Array(text.utf8) } ?? false
  }

  /// Remembers these inputs at `path`.
  public func write(stamp path: String) throws { try Files.write(text, to: path) }
}
