import Foundation
import HostSupport

/// The machine's memory as a file that the emulator maps, so that it can be written before the machine has power and
/// looked at while it runs.
///
/// The file is sparse: a page that nobody writes takes no room.
public final class SystemMemory: Sendable {
  /// The file.
  public let path: String
  /// Its size.
  public let byteCount: UInt64
  private let descriptor: Int32

  /// Makes fresh memory, all zeros.
  ///
  /// - Throws: `ToolError` if the file can't be made.
  public init(creating path: String, byteCount: UInt64) throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0, ftruncate(descriptor, off_t(byteCount)) == 0 else {
      throw ToolError("cannot make \(path): \(String(cString: strerror(errno)))")
    }
    self.path = path
    self.byteCount = byteCount
    self.descriptor = descriptor
  }

  /// Opens the memory of a machine, which may be running.
  ///
  /// - Throws: `ToolError` if there is no such file.
  public init(opening path: String) throws {
    let descriptor = open(path, O_RDWR)
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
      throw ToolError("cannot open \(path): \(String(cString: strerror(errno)))")
    }
    self.path = path
    byteCount = UInt64(status.st_size)
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Writes bytes.
  ///
  /// - Throws: `ToolError` if they leave the memory.
  public func write(_ bytes: [UInt8], at place: UInt64) throws {
    guard place <= byteCount, UInt64(bytes.count) <= byteCount - place else {
      throw ToolError("\(bytes.count) bytes at system address \(address(place)) leave the machine's memory")
    }
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress, $0.count, off_t(place) + off_t(done))
      }
      guard count > 0 else { throw ToolError("cannot write \(path): \(String(cString: strerror(errno)))") }
      done += count
    }
  }

  /// Reads bytes.
  ///
  /// - Throws: `ToolError` if they leave the memory.
  public func read(_ count: Int, at place: UInt64) throws -> [UInt8] {
    guard place <= byteCount, UInt64(count) <= byteCount - place else {
      throw ToolError("\(count) bytes at system address \(address(place)) leave the machine's memory")
    }
    var bytes = [UInt8](repeating: 0, count: count)
    let got = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, count, off_t(place)) }
    guard got == count else { throw ToolError("cannot read \(path): \(String(cString: strerror(errno)))") }
    return bytes
  }

  /// Reads a word.
  public func word(at place: UInt64) throws -> UInt32 {
    try read(4, at: place).enumerated().reduce(0) { $0 | UInt32($1.element) << UInt32(8 * $1.offset) }
  }
}
