import Glibc
import SpeedupModel

/// Small files, read at once.
enum WholeFile {
  /// The bytes of the file at `path`, `-` for the standard input; refuses more than 64 MiB.
  static func read(_ path: String) throws(InputError) -> [UInt8] {
    func failure() -> InputError {
      InputError(path, found: String(cString: strerror(errno)), allowed: "a file that can be read")
    }
    let descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure() }
    defer { if path != "-" { close(descriptor) } }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65536)
    while bytes.count < 64 << 20 {
      let count = Glibc.read(descriptor, &part, part.count)
      if count < 0 {
        guard errno == EINTR else { throw failure() }
        continue
      }
      if count == 0 { return bytes }
      bytes += part[..<count]
    }
    throw InputError(path, found: "more than 64 MiB", allowed: "a small file")
  }
}
