/// The file system of device nodes, made at start.

import FileSystem
import FileSystemFormat
import LinuxABI
import VirtualFileSystem

/// What stands in `/dev`.
public enum DeviceFiles {
  /// Blocks that the file system of `/dev` needs: room for what programs put there.
  public static var blockCount: Int { 32 }

  /// Makes the nodes in an empty file system.
  @export(interface)
  public static func fill(_ disk: inout FileSystem, at now: Timestamp) throws(FileSystemError) {
    try node("null", 1, 3, 0o666, &disk, now)
    try node("zero", 1, 5, 0o666, &disk, now)
    try node("full", 1, 7, 0o666, &disk, now)
    try node("random", 1, 8, 0o666, &disk, now)
    try node("urandom", 1, 9, 0o666, &disk, now)
    try node("tty", 5, 0, 0o666, &disk, now)
    try node("console", 5, 1, 0o600, &disk, now)
    try node("ttyS0", 4, 64, 0o620, &disk, now)
    try node("memstat", 10, 250, 0o444, &disk, now)
    try node("rcce", 10, 251, 0o666, &disk, now)
    try link("fd", "/proc/self/fd", &disk, now)
    try link("stdin", "/proc/self/fd/0", &disk, now)
    try link("stdout", "/proc/self/fd/1", &disk, now)
    try link("stderr", "/proc/self/fd/2", &disk, now)
  }

  private static func node(
    _ name: StaticString, _ major: UInt32, _ minor: UInt32, _ permissions: UInt16, _ disk: inout FileSystem,
    _ now: Timestamp
  ) throws(FileSystemError) {
    let text = ShortText(name)
    _ = try disk.createDevice(
      .characterDevice, DeviceNumber(major: major, minor: minor),
      named: text.bytes.span.extracting(0..<text.count), in: .root,
      FileAttributes(permissions: permissions, now: now))
  }

  private static func link(
    _ name: StaticString, _ target: StaticString, _ disk: inout FileSystem, _ now: Timestamp
  ) throws(FileSystemError) {
    let (text, path) = (ShortText(name), ShortText(target))
    _ = try disk.createSymbolicLink(
      to: path.bytes.span.extracting(0..<path.count), named: text.bytes.span.extracting(0..<text.count),
      in: .root,
      FileAttributes(permissions: 0o777, now: now))
  }
}
