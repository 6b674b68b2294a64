import Foundation

/// Files as the tools write them: whole or not at all.
public enum Files {
  /// Writes `content` to `path` so that a reader sees the old file or the new one, never a part.
  ///
  /// The parent folder is made if it is missing. A file whose content would not change is left alone, so that
  /// whoever compares times sees no change either.
  ///
  /// - Throws: `ToolError` naming the path.
  public static func write(_ content: [UInt8], to path: String, evenIfEqual: Bool = false) throws {
    if !evenIfEqual, let old = try? read(path), old == content { return }
    try replace(path) { temporary in
      guard FileManager.default.createFile(atPath: temporary, contents: Data(content)) else {
        throw ToolError("cannot write \(temporary): \(String(cString: strerror(errno)))")
      }
    }
  }

  /// Writes text to `path`; see `write(_:to:evenIfEqual:)`.
  public static func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

  /// Lets `make` produce a file under a temporary name beside `path`, then renames it to `path`.
  ///
  /// If `make` throws, the temporary file is removed and `path` is as it was.
  public static func replace(_ path: String, make: (_ temporary: String) throws -> Void) throws {
    let temporary = try temporaryName(beside: path)
    do {
      try make(temporary)
      try move(temporary, to: path)
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// As `replace(_:make:)`, for a file that an external program makes.
  public static func replace(_ path: String, make: (_ temporary: String) async throws -> Void) async throws {
    let temporary = try temporaryName(beside: path)
    do {
      try await make(temporary)
      try move(temporary, to: path)
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// The bytes of a file.
  ///
  /// - Throws: `ToolError` naming the path.
  public static func read(_ path: String) throws -> [UInt8] {
    do {
      return [UInt8](try Data(contentsOf: URL(filePath: path)))
    } catch {
      let reason = FileManager.default.fileExists(atPath: path) ? "cannot be read" : "does not exist"
      throw ToolError("\(path) \(reason)")
    }
  }

  /// Makes a folder and the folders above it.
  public static func makeFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw ToolError("cannot make the folder \(path): \(error.localizedDescription)")
    }
  }

  /// Makes a fresh folder that only this user can look into; the caller removes it.
  public static func makeTemporaryFolder() throws -> String {
    var template = Array((FileManager.default.temporaryDirectory.path + "/apus-XXXXXX").utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) } != nil
    }
    guard made else {
      throw ToolError("cannot make a temporary folder: \(String(cString: strerror(errno)))")
    }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Removes a file or folder; it is no error if there is none.
  public static func remove(_ path: String) throws {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      throw ToolError("cannot remove \(path): \(error.localizedDescription)")
    }
  }

  private static func temporaryName(beside path: String) throws -> String {
    try makeFolder(URL(filePath: path).deletingLastPathComponent().path)
    return "\(path).\(getpid())-\(UInt32.random(in: 0...UInt32.max)).new"
  }

  private static func move(_ temporary: String, to path: String) throws {
    guard rename(temporary, path) == 0 else {
      throw ToolError("cannot replace \(path): \(String(cString: strerror(errno)))")
    }
  }
}
