/// The seams of an address space: frames and files.

import Base
import Paging
import Regions

/// The frames behind programs' pages, counted, beside those of their page tables.
///
/// Tables that `freeTable` is given here are zero again: nothing need be cleared. A frame has as many references as
/// entries of page tables name it.
public protocol SpaceMemory<Entry>: TableMemory, RegionStore, ~Copyable {
  /// A frame of zeros with one reference, or `nil` when programs have had all that they may have.
  mutating func takeClearedFrame() -> FrameNumber?
  /// A frame with one reference and whatever was in it: the caller writes all of it before a program sees it.
  mutating func takeFrame() -> FrameNumber?
  /// One more reference.
  mutating func retain(_ frame: FrameNumber)
  /// One reference fewer; without any, the frame is free.
  mutating func release(_ frame: FrameNumber)
  /// Whether there is more than one reference.
  func isShared(_ frame: FrameNumber) -> Bool
  /// Copies a whole frame.
  mutating func copy(_ source: FrameNumber, to target: FrameNumber)
  /// A frame of zeros that everybody shares and nobody writes; it always counts as shared.
  var zeroFrame: FrameNumber { get }
  /// How many frames programs could have in all: what is more can never be had.
  var frameLimit: UInt { get }
  /// Forgets the translation of one page, if this address space is the one in use.
  mutating func flush(_ address: UInt)
  /// Forgets all translations of programs' pages, and reads the root again.
  mutating func flushAll()
}

/// How a page of a file came, or did not.
public enum PageFill: UInt8, BitwiseCopyable, Sendable {
  /// It is there.
  case filled
  /// The file has no such page.
  case beyondEnd
  /// The file could not be read.
  case failed
  /// There is no frame for it.
  case outOfFrames
}

/// Files as an address space sees them: pages of something that a number names.
public protocol PageSource: ~Copyable {
  /// Fills a frame with a page of a file.
  ///
  /// - Parameters:
  ///   - frame: a frame that nobody else uses.
  ///   - file: what the region was mapped with.
  ///   - page: the number of the page in the file.
  ///   - byteCount: how many bytes of it are wanted, at most 4,096; what the file or the request has not must be
  ///     zeros.
  mutating func fill(_ frame: FrameNumber, file: UInt64, page: UInt64, byteCount: Int) -> PageFill

  /// The frame that is a page of a file, for all who map it and for those who read and write the file, with a
  /// reference for the caller, or the frame of zeros for a hole that can never be filled; `nil` if the file has no such
  /// page or no room for it.
  ///
  /// - Parameters:
  ///   - file: what the region was mapped with.
  ///   - page: the number of the page in the file.
  ///   - isWritten: whether the page is about to be written.
  mutating func liveFrame(file: UInt64, page: UInt64, isWritten: Bool) -> FrameNumber?
}

extension PageSource where Self: ~Copyable {
  /// No frames to share.
  public mutating func liveFrame(file: UInt64, page: UInt64, isWritten: Bool) -> FrameNumber? { nil }
}

/// A source for spaces without files.
public struct NoFiles: PageSource {
  /// Makes it.
  public init() {}
  /// There is no such page.
  public mutating func fill(
    _ frame: FrameNumber, file: UInt64, page: UInt64, byteCount: Int
  ) -> PageFill { .beyondEnd }
}
