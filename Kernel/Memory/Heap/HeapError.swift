/// What a heap refuses, and on account of which address.

import Base

/// A refusal of the heap, which changed nothing but the count of refusals.
public enum HeapError: Error, Hashable, BitwiseCopyable, Sendable {
  /// No memory for a request of so many bytes: the limit is reached or no page could be mapped.
  case exhausted(bytes: Int, alignment: Int)
  /// An alignment that is no power of two or larger than a page.
  case unsupportedAlignment(Int)
  /// An address that no allocation has, or whose header was overwritten.
  case foreignPointer(VirtualAddress)
  /// An allocation that was freed before.
  case doubleFree(VirtualAddress)
  /// Something was written past the end of the allocation at this address.
  case overrun(VirtualAddress)
  /// The heap's own words at this address were overwritten.
  case corrupted(VirtualAddress)

  /// The refusal in words.
  public var sentence: StaticString {
    switch self {
    case .exhausted: "the heap is exhausted"
    case .unsupportedAlignment: "the alignment is no power of two up to a page"
    case .foreignPointer: "the address is not that of an allocation"
    case .doubleFree: "the allocation was freed before"
    case .overrun: "something was written past the end of the allocation"
    case .corrupted: "the heap's own words were overwritten"
    }
  }
}
