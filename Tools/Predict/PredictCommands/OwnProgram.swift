#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Programs the build leaves beside this one.
enum OwnProgram {
  /// The path of this program.
  static var path: String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0 else { return CommandLine.arguments[0] }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The path of the program `name` in the same folder.
  static func sibling(_ name: String) -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return (parts.dropLast() + [Substring(name)]).joined(separator: "/")
  }

  /// A command that makes `count` calls of getppid and nothing else of note.
  static func calibrationLoad(_ count: Int) -> [String] { [path, "predict", "calibration-load", "\(count)"] }
}
