/// What callers ask about a descriptor before they map it or control it.

import FileSystem
import LinuxABI
import VirtualFileSystem

extension VirtualFileSystem {
  /// The kind of a descriptor's file and its size, as a mapping of it needs.
  ///
  /// - Throws: `.noDevice` for what can't be mapped, `.accessDenied` if it is not open for reading.
  @export(interface)
  public mutating func mappable(
    _ number: Int32, isShared: Bool, for caller: FileCaller
  ) throws(ErrorNumber) -> FileNode {
    let file = try openFile(number, of: caller.files)
    guard file.kind != .place else { throw .badDescriptor }
    guard file.kind == .regular else { throw .noDevice }
    guard file.flags.isReadable else { throw .accessDenied }
    // A boot loader may put an image anywhere; frames of its blocks there are only on a boundary.
    guard !isShared || self[disk: file.node.mount].store.address % 4096 == 0 else { throw .noDevice }
    return file.node
  }

  /// Whether a descriptor is open for writing, as a shared writable mapping needs.
  public func isWritable(_ number: Int32, for caller: FileCaller) throws(ErrorNumber) -> Bool {
    try openFile(number, of: caller.files).flags.isWritable
  }

  /// Whether a descriptor leads to a device of zeros, whose private mapping is anonymous memory.
  public func isZeroDevice(_ number: Int32, for caller: FileCaller) throws(ErrorNumber) -> Bool {
    try openFile(number, of: caller.files).kind == .zero
  }

  /// Whether a descriptor leads to the device of units.
  public func isUnitDevice(_ number: Int32, for caller: FileCaller) throws(ErrorNumber) -> Bool {
    try openFile(number, of: caller.files).kind == .units
  }
}
