/// What can be wrong with an archive, and where.

/// A refusal of an archive: the reason, and the byte at which it was found.
public struct ArchiveError: Error, Equatable, BitwiseCopyable, Sendable {
  /// The reasons for refusing an archive.
  public enum Reason: Equatable, BitwiseCopyable, Sendable {
    /// The archive ends before a header does.
    case headerCut
    /// A header does not begin with `070701` or `070702`.
    case unknownMagic
    /// A field of a header is not eight hexadecimal digits.
    case badDigit
    /// A name has no bytes, or only its terminator.
    case emptyName
    /// A name is longer than `ArchiveReader.longestName`.
    case longName
    /// A name does not end with its only zero byte.
    case unterminatedName
    /// The archive ends before a name does.
    case nameCut
    /// The archive ends before the data of an entry does.
    case dataCut
    /// The sum of the data is not the one in the header.
    case badSum
    /// The type of an entry is none that the format has.
    case unknownKind
    /// The archive ends without its trailer.
    case trailerMissing
    /// There are bytes other than zero after the trailer.
    case garbageAfterTrailer
  }

  /// Why the archive was refused.
  public var reason: Reason

  /// The offset in bytes from the start of the archive at which the fault lies.
  public var offset: Int

  /// The reason in words.
  public var sentence: StaticString {
    switch reason {
    case .headerCut: "the archive ends inside a header"
    case .unknownMagic: "a header does not begin with 070701 or 070702"
    case .badDigit: "a field of a header is not hexadecimal"
    case .emptyName: "an entry has no name"
    case .longName: "a name is longer than 1023 bytes"
    case .unterminatedName: "a name is not as long as its header says"
    case .nameCut: "the archive ends inside a name"
    case .dataCut: "the archive ends inside the data of an entry"
    case .badSum: "the data of an entry does not add up to its sum"
    case .unknownKind: "the type of an entry is unknown"
    case .trailerMissing: "the archive ends without its trailer"
    case .garbageAfterTrailer: "there is something other than zeros after the trailer"
    }
  }
}
