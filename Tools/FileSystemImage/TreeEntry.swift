/// A file on its way into an image, wherever it comes from: a folder, a tar or a cpio archive.

import FileSystemFormat

/// A file with its place, attributes and content.
public struct TreeEntry: Sendable {
  /// What makes files differ.
  public enum Content: Sendable {
    case directory
    case file([UInt8])
    case symbolicLink([UInt8])
    case device(FileKind, DeviceNumber)
    /// A pipe or a socket.
    case special(FileKind)
    /// One more name of the file at this path.
    case hardLink(to: String)
  }

  /// The place below the root, without a slash at either end; empty for the root itself.
  public var path: String
  /// Set-id, sticky and permission bits.
  public var permissions: UInt16
  /// The owner's user number.
  public var owner: UInt32
  /// The owning group's number.
  public var group: UInt32
  /// All three times.
  public var modified: Timestamp
  /// What it is.
  public var content: Content

  /// Makes an entry; `path` loses `./` and slashes around it.
  public init(
    path: String, permissions: UInt16, owner: UInt32 = 0, group: UInt32 = 0, modified: Timestamp,
    content: Content
  ) {
    self.path = path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    self.permissions = permissions
    self.owner = owner
    self.group = group
    self.modified = modified
    self.content = content
  }
}

/// Why an image could not be made or read, in a sentence.
public struct ImageError: Error, CustomStringConvertible {
  /// The sentence.
  public var description: String

  /// Makes an error of its sentence.
  public init(_ description: String) { self.description = description }
}
