/// What a file system operation can refuse, and what can be wrong with an image.

/// Why an operation was refused.
///
/// Each case is one error of Linux; see `errorNumber`.
public enum FileSystemError: Error, BitwiseCopyable, Hashable, Sendable {
  /// No such file or directory, or a directory that has been removed.
  case notFound
  /// The name is taken.
  case exists
  /// Something that must be a directory is not.
  case notDirectory
  /// Something that must not be a directory is.
  case isDirectory
  /// A directory to remove or replace has entries.
  case notEmpty
  /// A name over 255 bytes or a path over 4,095.
  case nameTooLong
  /// No free block or no free inode.
  case noSpace
  /// The file system is mounted read-only.
  case readOnly
  /// An argument that makes no sense: an empty name, a directory moved into itself, a negative size.
  case invalidArgument
  /// A file has 65,000 names already.
  case tooManyLinks
  /// More than 40 symbolic links in one path.
  case tooManySymbolicLinks
  /// A size or position past the largest file.
  case fileTooBig
  /// The mode bits say no.
  case accessDenied
  /// Only the owner or the superuser may do this.
  case notPermitted
  /// A root directory or a mount point would be removed or moved.
  case busy
  /// The image contradicts itself.
  case corrupt(Corruption)

  /// The positive error number of Linux (asm-generic/errno-base.h and errno.h), the same on i386 and x86_64.
  public var errorNumber: Int32 {
    switch self {
    case .notPermitted: 1  // EPERM
    case .notFound: 2  // ENOENT
    case .accessDenied: 13  // EACCES
    case .busy: 16  // EBUSY
    case .exists: 17  // EEXIST
    case .notDirectory: 20  // ENOTDIR
    case .isDirectory: 21  // EISDIR
    case .invalidArgument: 22  // EINVAL
    case .fileTooBig: 27  // EFBIG
    case .noSpace: 28  // ENOSPC
    case .readOnly: 30  // EROFS
    case .tooManyLinks: 31  // EMLINK
    case .nameTooLong: 36  // ENAMETOOLONG
    case .notEmpty: 39  // ENOTEMPTY
    case .tooManySymbolicLinks: 40  // ELOOP
    case .corrupt: 117  // EUCLEAN
    }
  }
}

/// What in an image is not as it must be.
public enum Corruption: UInt8, BitwiseCopyable, Hashable, Sendable, CaseIterable {
  case tooSmall
  case badMagic
  case unknownVersion
  case badChecksum
  case badGeometry
  case badState
  case bitmapFreesMetadata
  case doubleFree
  case badInodeNumber
  case inodeNotInUse
  case badMode
  case badSize
  case badBlockPointer
  case badDirectoryRecord
  case holeInDirectory
  case badLinkCount
  case badReferenceCount
  case badParent
  case badSymbolicLink
  case rootIsNotADirectory

  /// The reason as a phrase, for a log line or a tool's message.
  public var reason: StaticString {
    switch self {
    case .tooSmall: "the image is smaller than its superblock says"
    case .badMagic: "there is no superblock"
    case .unknownVersion: "the superblock has a version that is not known"
    case .badChecksum: "the checksum of the superblock is wrong"
    case .badGeometry: "the regions in the superblock do not fit together"
    case .badState: "the state in the superblock is none that is known"
    case .bitmapFreesMetadata: "the block bitmap calls metadata free"
    case .doubleFree: "a block or inode in use was marked free"
    case .badInodeNumber: "an inode number is out of range"
    case .inodeNotInUse: "an entry names an inode that is not in use"
    case .badMode: "an inode has a kind that is not known"
    case .badSize: "an inode has an impossible size"
    case .badBlockPointer: "a block pointer is out of range"
    case .badDirectoryRecord: "a directory record is malformed"
    case .holeInDirectory: "a directory has a hole"
    case .badLinkCount: "a link count is too low"
    case .badReferenceCount: "a reference count is too low"
    case .badParent: "the parents of a directory do not lead to the root"
    case .badSymbolicLink: "a symbolic link has an impossible target"
    case .rootIsNotADirectory: "the root is not a directory"
    }
  }
}
