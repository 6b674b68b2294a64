/// Why the boot loader's information was refused.

/// A refusal, with the address or number that gave offence.
public struct BootInformationError: Error, BitwiseCopyable, Hashable, Sendable {
  /// What is wrong.
  public let reason: Reason
  /// The offending physical address or value; which of the two, `reason.sentence` says.
  public let value: UInt64

  /// Makes a refusal; the kernel has reasons of its own to refuse a map.
  @inlinable
  public init(_ reason: Reason, _ value: UInt64) {
    self.reason = reason
    self.value = value
  }

  /// What can be wrong with a loader's information.
  public enum Reason: UInt8, BitwiseCopyable, Hashable, Sendable, CaseIterable {
    /// The magic number is of neither protocol.
    case unknownMagic
    /// The information lies at address 0, or, for Multiboot 2, not on a multiple of 8.
    case badAddress
    /// A byte that belongs to the information cannot be read.
    case unreadable
    /// The information says that it is smaller than its header or larger than any loader makes it.
    case badTotalSize
    /// A tag is smaller than what it must hold, or passes the end of the information.
    case badTagSize
    /// The tags do not end with an end tag.
    case missingEndTag
    /// A tag that may appear once appears again.
    case repeatedTag
    /// Flags that exclude each other are both set.
    case contradictoryFlags
    /// An entry of the memory map is too small, or the map ends in the middle of one.
    case badMemoryMapEntry
    /// The version of the memory map's entries is not 0.
    case unknownMemoryMapVersion
    /// A range wraps around or leaves the physical address space.
    case rangeOutsideAddressSpace
    /// More ranges than the kernel keeps.
    case tooManyRanges
    /// Neither a memory map nor the sizes of lower and upper memory were given.
    case noMemoryInformation
    /// There is no usable memory.
    case noUsableMemory
    /// More modules than the kernel keeps.
    case tooManyModules
    /// A module ends before it starts.
    case moduleEndsBeforeStart
    /// Two modules share bytes.
    case modulesOverlap
    /// A module lies, in part at least, in memory that the map does not call usable.
    case moduleOutsideMemory
    /// A module shares bytes with the information itself.
    case moduleOverlapsInformation
    /// The command line is longer than the kernel keeps.
    case commandLineTooLong
    /// The loader's name or a module's string is longer than the kernel keeps.
    case textTooLong
    /// A text has no terminating zero byte inside its tag.
    case unterminatedText
    /// A text that is said to be there has the address 0.
    case textAtZero
    /// The framebuffer's size, pitch, depth or kind cannot be true.
    case badFramebuffer
    /// The copy of the ACPI root pointer is too small for its kind.
    case badRootPointer
    /// No usable range is long enough for the table of frames.
    case noRoomForFrameTable

    /// The reason as a sentence without a full stop; the kernel prints the value after it.
    public var sentence: StaticString {
      switch self {
      case .unknownMagic: "the boot loader speaks neither Multiboot 1 nor Multiboot 2; magic number"
      case .badAddress: "the boot information lies at an impossible address"
      case .unreadable: "boot information cannot be read at address"
      case .badTotalSize: "the boot information has an impossible size, bytes"
      case .badTagSize: "a tag of the boot information has an impossible size, at address"
      case .missingEndTag: "the boot information does not end with an end tag, at address"
      case .repeatedTag: "a tag of the boot information appears twice, type"
      case .contradictoryFlags: "the boot information contradicts itself, flags"
      case .badMemoryMapEntry: "an entry of the memory map has an impossible size, at address"
      case .unknownMemoryMapVersion: "the memory map has an unknown version"
      case .rangeOutsideAddressSpace: "a range of the memory map leaves the address space, base"
      case .tooManyRanges: "the memory map has too many ranges; kept"
      case .noMemoryInformation: "the boot loader said nothing about memory, flags"
      case .noUsableMemory: "the memory map has no usable memory; ranges"
      case .tooManyModules: "the boot loader passed too many modules"
      case .moduleEndsBeforeStart: "a module ends before it starts, start"
      case .modulesOverlap: "two modules overlap, the second's start"
      case .moduleOutsideMemory: "a module is not in usable memory, start"
      case .moduleOverlapsInformation: "a module overlaps the boot information, start"
      case .commandLineTooLong: "the command line is longer than 2048 bytes, at address"
      case .textTooLong: "a text of the boot loader is too long, at address"
      case .unterminatedText: "a text of the boot loader does not end, at address"
      case .textAtZero: "a text of the boot loader has the address"
      case .badFramebuffer: "the framebuffer's description cannot be true, address"
      case .badRootPointer: "the copy of the ACPI root pointer has an impossible size, at address"
      case .noRoomForFrameTable: "no usable memory is long enough for the table of frames, bytes"
      }
    }
  }
}
