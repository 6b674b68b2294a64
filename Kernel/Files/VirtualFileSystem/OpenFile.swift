/// Records of what is open, and of who has it open.

import FileSystemFormat
import LinuxABI
import Streams

/// What an open description leads to.
package enum OpenKind: UInt8, BitwiseCopyable {
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
package struct OpenFile: BitwiseCopyable {
  package var kind: OpenKind
  package var flags: OpenFlags
  package var node: FileNode
  /// The directory that it was found in, to say its path; no promise that it still is there.
  package var directory: FileNode
  /// The position, or in a named pipe that is being opened the other side's openings so far.
  package var position: UInt64 = 0
  package var references: UInt32 = 1
  /// The pipe's or terminal's index.
  package var stream: UInt16 = 0

  /// A description that one descriptor is made for.
  package init(kind: OpenKind, flags: OpenFlags, node: FileNode, directory: FileNode, stream: UInt16 = 0) {
    self.kind = kind
    self.flags = flags
    self.node = node
    self.directory = directory
    self.stream = stream
  }
}

/// A table of descriptors; they lie in a page of their own, a word each.
package struct DescriptorTable: BitwiseCopyable {
  package var page: UInt16
  /// One past the highest descriptor in use.
  package var end: Int = 0
  package var references: UInt32 = 1

  /// Descriptors in a table.
  package static var capacity: Int { 1_024 }
}

/// A descriptor: a description and whether it is closed by `execve`.
package struct Descriptor: BitwiseCopyable {
  package var word: UInt32

  package init(word: UInt32) { self.word = word }

  package init(_ description: Int, closeOnExec: Bool) {
    word = UInt32(description + 1) | (closeOnExec ? 1 << 31 : 0)
  }

  package var isFree: Bool { word == 0 }
  package var description: Int { Int(word & 0xFFFF) - 1 }
  package var isClosedOnExec: Bool {
    get { word >> 31 != 0 }
    set { word = word & 0x7FFF_FFFF | (newValue ? 1 << 31 : 0) }
  }
}

/// A process's place in the tree.
struct Place: BitwiseCopyable {
  var working: FileNode
  var root: FileNode
  var mask: UInt16
  package var references: UInt32 = 1
}

/// A process as `/proc` shows it.
package struct KnownProcess: BitwiseCopyable {
  package var number: UInt32
  package var files: UInt16
  package var place: UInt16
  var executable: FileNode
  var executableDirectory: FileNode
  /// Whether files and place are still its own: not of a process that has ended.
  var isAlive: Bool
}

/// A pipe and the file that names it, if one does.
package struct NamedPipe: BitwiseCopyable {
  package var pipe: Pipe
  /// The file, or a node of `FileNode.pipeMount` with the pipe's own number.
  package var node: FileNode

  /// A pipe that nobody has open.
  package init(pipe: Pipe, node: FileNode) {
    self.pipe = pipe
    self.node = node
  }
}
