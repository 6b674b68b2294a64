/// Records of what is open, and of who has it open.

import FileSystemFormat
import LinuxABI

/// What an open description leads to.
enum OpenKind: UInt8, BitwiseCopyable {
  case regular
  case directory
  case pipe
  case terminal
  case null
  case zero
  case full
  case random
  case text
  /// Units of execution: control requests only.
  case units
  /// O_PATH: only a place.
  case place
}

/// An open file description: what `open` makes and `dup` and `fork` share.
struct OpenFile: BitwiseCopyable {
  var kind: OpenKind
  var flags: OpenFlags
  var node: FileNode
  /// The directory that it was found in, to say its path; no promise that it still is there.
  var directory: FileNode
  /// The position, or in a named pipe that is being opened the other side's openings so far.
  var position: UInt64 = 0
  var references: UInt32 = 1
  /// The pipe's or terminal's index.
  var stream: UInt16 = 0
}

/// A table of descriptors; they lie in a page of their own, a word each.
struct DescriptorTable: BitwiseCopyable {
  var page: UInt16
  /// One past the highest descriptor in use.
  var end: Int = 0
  var references: UInt32 = 1

  /// Descriptors in a table.
  static var capacity: Int { 1_024 }
}

/// A descriptor: a description and whether it is closed by `execve`.
struct Descriptor: BitwiseCopyable {
  var word: UInt32

  init(word: UInt32) { self.word = word }

  init(_ description: Int, closeOnExec: Bool) { word = UInt32(description + 1) | (closeOnExec ? 1 << 31 : 0) }

  var isFree: Bool { word == 0 }
  var description: Int { Int(word & 0xFFFF) - 1 }
  var isClosedOnExec: Bool {
    get { word >> 31 != 0 }
    set { word = word & 0x7FFF_FFFF | (newValue ? 1 << 31 : 0) }
  }
}

/// A process's place in the tree.
struct Place: BitwiseCopyable {
  var working: FileNode
  var root: FileNode
  var mask: UInt16
  var references: UInt32 = 1
}

/// A process as `/proc` shows it.
struct KnownProcess: BitwiseCopyable {
  var number: UInt32
  var files: UInt16
  var place: UInt16
  var executable: FileNode
  var executableDirectory: FileNode
  /// Whether files and place are still its own: not of a process that has ended.
  var isAlive: Bool
}
