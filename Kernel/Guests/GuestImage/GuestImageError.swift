/// Why a guest cannot be loaded.

/// What is wrong with a guest's kernel, ramdisk or description, with the value that is.
public struct GuestImageError: Error, BitwiseCopyable, Hashable, Sendable {
  /// What is wrong.
  public enum Reason: UInt8, BitwiseCopyable, Hashable, Sendable {
    case unknownFormat
    case truncated
    case notExecutableForI386
    case badProgramHeaders
    case segmentOutsideFile
    case segmentOutsideMemory
    case entryOutsideMemory
    case noSegments
    case setupTooLong
    case ramdiskTooLarge
    case commandLineTooLong
    case unknownWord
    case badMemory
    case badNumber
    case badLevel
    case badShare
    case badBalloon
    case badDisk
    case noSuchDisk
    case tooManyDisks
  }

  /// What is wrong.
  public var reason: Reason
  /// The value that is wrong: an offset, an address or a size in bytes.
  public var value: UInt64

  /// An error of its parts.
  public init(_ reason: Reason, _ value: UInt64) {
    self.reason = reason
    self.value = value
  }
}

extension GuestImageError.Reason {
  /// What is wrong, in words that go before the value.
  public var sentence: StaticString {
    switch self {
    case .unknownFormat: "a guest's kernel is an ELF file or a bzImage; this one begins with"
    case .truncated: "the guest's kernel ends too early, at byte"
    case .notExecutableForI386: "the guest's kernel is no 32-bit executable for i386; machine"
    case .badProgramHeaders: "the guest's kernel has program headers of a wrong size or place:"
    case .segmentOutsideFile: "a segment of the guest's kernel lies outside the file, at offset"
    case .segmentOutsideMemory: "the guest's memory is too small for the segment at guest-physical"
    case .entryOutsideMemory: "the guest's kernel begins outside its memory, at"
    case .noSegments: "the guest's kernel has nothing to load; program headers:"
    case .setupTooLong: "the real-mode part of the guest's kernel is longer than the file; sectors:"
    case .ramdiskTooLarge: "the guest's memory is too small for its ramdisk of bytes:"
    case .commandLineTooLong: "a guest's command line has at most 2047 bytes, not"
    case .unknownWord:
      "a guest is described by memory=, level=, share=, balloon=, disk=, starts=, audit=, background and, after `--`, its command line; wrong at byte"
    case .badMemory: "a guest has 4 to 512 MiB of memory; wrong at byte"
    case .badNumber: "starts= and audit= take 1 to 1000000; wrong at byte"
    case .badLevel: "a guest's level is 1 to 15; wrong at byte"
    case .badShare: "a guest's share of the processor is 1 to 100 percent; wrong at byte"
    case .badBalloon: "a guest can give up fewer MiB than it has; wrong:"
    case .badDisk: "a guest's disk has at least one sector of 512 bytes; bytes:"
    case .noSuchDisk: "the ramdisk has no file of that name, or it is a disk already; the name begins at byte"
    case .tooManyDisks: "a guest has four disks at most; the description's byte"
    }
  }
}
