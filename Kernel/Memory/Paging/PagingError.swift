/// Why an operation on page tables was refused.

/// An expected refusal.
///
/// What a refused operation leaves behind is said at the operation; no mapping is ever half
/// made.
public enum PagingError: Error, BitwiseCopyable, Hashable, Sendable {
  /// A page of the range is mapped, or a table lies where a large page was asked for.
  case alreadyMapped
  /// The page is not mapped.
  case notMapped
  /// No frame was left for a table.
  case outOfFrames
  /// An address or a frame is not a multiple of the page size in question.
  case misaligned
  /// The address is none that the format can translate: in the hole of four-level paging, or above 4 GiB.
  case nonCanonical
  /// The range runs past the end of the address space, or into the hole in its middle.
  case rangeOverflow
  /// The physical address is beyond what an entry can hold: 4 GiB in two-level tables, 16 TiB in the others.
  case frameOutOfReach
  /// The format, or the processor it was configured for, has no pages of that size.
  case unsupportedSize
}
