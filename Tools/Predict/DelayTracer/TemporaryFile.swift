import SpeedupModel

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An empty file that is this program's alone, for others it starts to write to.
///
/// Its name cannot be guessed and it exists before anyone hears of it, so no one can put a link in its place.
public struct TemporaryFile: Sendable {
  /// Where it is.
  public let path: String

  /// Makes a file in /tmp.
  public init() throws(InputError) {
    var template = Array("/tmp/apus-predict-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else {
      throw InputError(
        "/tmp", found: String(cString: strerror(errno)), allowed: "a place for a temporary file")
    }
    close(descriptor)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Removes it.
  public func remove() { unlink(path) }
}
