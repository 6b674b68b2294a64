import Foundation
import Glibc
import HostSupport

/// File descriptors that the launcher owns; closed with the value that holds them.
final class OwnedDescriptor: @unchecked Sendable {
  private(set) var number: Int32

  init(_ number: Int32) { self.number = number }

  deinit { closeNow() }

  func closeNow() {
    if number >= 0 { close(number) }
    number = -1
  }

  /// Reads what is there, at most 64 KiB; `nil` at the end (or when the other side of a terminal is gone).
  func readAvailable() -> [UInt8]? {
    let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
      count = max(0, read(number, buffer.baseAddress, buffer.count))
    }
    return bytes.isEmpty ? nil : bytes
  }

  /// Writes as much as is accepted without waiting; returns how much that was.
  func writeAvailable(_ bytes: some Collection<UInt8>) -> Int {
    let content = Array(bytes)
    return content.withUnsafeBytes { max(0, write(number, $0.baseAddress, $0.count)) }
  }
}

enum Descriptors {
  /// `F_SETPIPE_SZ` of fcntl(2), which Swift does not see.
  private static let setPipeSize: Int32 = 1031

  /// A pipe whose ends a child does not inherit by accident.
  static func makePipe() throws -> (read: OwnedDescriptor, write: OwnedDescriptor) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw ToolError("cannot make a pipe: \(String(cString: strerror(errno)))")
    }
    // Not atomic (glibc's pipe2 is out of Swift's sight), but every child is started by swift-subprocess, which passes
    // on nothing except the three standard streams.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    // An emulated serial line drops a byte when its pipe stays full for a few tries: on a busy host 64 KiB are soon
    // full. Whoever may not have a MiB keeps what there is.
    _ = fcntl(ends[1], setPipeSize, Int32(1 << 20))
    return (OwnedDescriptor(ends[0]), OwnedDescriptor(ends[1]))
  }

  /// A pseudo-terminal in raw mode, 80 by 25, and the path of its far side.
  static func makeTerminal() throws -> (near: OwnedDescriptor, far: OwnedDescriptor, path: String) {
    // What posix_openpt, unlockpt and ptsname do on Linux; Swift does not see those (ioctl_tty(2)).
    let setLock: UInt = 0x4004_5431
    let getNumber: UInt = 0x8004_5430
    let near = OwnedDescriptor(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC))
    var unlocked: Int32 = 0
    var number: UInt32 = 0
    guard near.number >= 0, ioctl(near.number, setLock, &unlocked) == 0,
      ioctl(near.number, getNumber, &number) == 0
    else { throw ToolError("cannot make a pseudo-terminal: \(String(cString: strerror(errno)))") }
    let path = "/dev/pts/\(number)"
    let far = OwnedDescriptor(open(path, O_RDWR | O_NOCTTY | O_CLOEXEC))
    guard far.number >= 0 else { throw ToolError("cannot open \(path): \(String(cString: strerror(errno)))") }
    var settings = termios()
    tcgetattr(far.number, &settings)
    cfmakeraw(&settings)
    tcsetattr(far.number, TCSANOW, &settings)
    var size = winsize(ws_row: 25, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(far.number, UInt(TIOCSWINSZ), &size)
    return (near, far, path)
  }

  /// A Unix socket that listens at `path`.
  static func listen(at path: String) throws -> OwnedDescriptor {
    let socket = OwnedDescriptor(
      Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw ToolError("the path of a socket is too long: \(path)", advice: "set TMPDIR to a shorter folder")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket.number, $0, length) }
    }
    guard socket.number >= 0, result == 0, Glibc.listen(socket.number, 1) == 0 else {
      throw ToolError("cannot listen at \(path): \(String(cString: strerror(errno)))")
    }
    return socket
  }

  static func accept(_ listener: OwnedDescriptor) -> OwnedDescriptor? {
    let number = Glibc.accept(listener.number, nil, nil)
    guard number >= 0 else { return nil }
    _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    return OwnedDescriptor(number)
  }

  static func makeNonblocking(_ descriptor: OwnedDescriptor) {
    _ = fcntl(descriptor.number, F_SETFL, fcntl(descriptor.number, F_GETFL) | O_NONBLOCK)
  }
}
