/// The firmware's memory, copied page by page when it is first looked at.
///
/// Everything that is checked and everything that is used then comes from the copy: whoever changes a table meanwhile
/// changes nothing for the kernel. What may be copied at all is the source's decision, and the number of pages has a
/// limit, so tables that point everywhere end in a refusal.

import Base

/// Makes copies of pages.
public protocol PageCopier {
  /// Copies a frame and returns where its first byte is now, or `nil` if it is not the firmware's to be read.
  func copy(_ frame: FrameNumber) -> UnsafeRawPointer?
}

/// Which pages were copied, and where to.
public struct CopiedPages: BitwiseCopyable {
  /// The most pages: the longest table, and the ends of a few more.
  public static var capacity: Int { 32 }

  private var frames: InlineArray<32, UInt32> = .init(repeating: 0)
  private var copies: InlineArray<32, UInt> = .init(repeating: 0)
  // The page that was looked at last: tables are read byte by byte.
  private var last = 0

  /// How many were copied.
  public private(set) var count = 0

  /// Makes an empty list.
  public init() {}

  /// Where the copy of page `index` lies, below `count`.
  public func copy(_ index: Int) -> UInt { copies[index] }

  mutating func find(_ frame: UInt32) -> UInt? {
    if last < count, frames[last] == frame { return copies[last] }
    for index in 0..<count where frames[index] == frame {
      last = index
      return copies[index]
    }
    return nil
  }

  mutating func add(_ frame: UInt32, at copy: UInt) {
    frames[count] = frame
    copies[count] = copy
    last = count
    count += 1
  }
}

/// A reader of copies.
@safe public struct FirmwareCopy<Source: PageCopier>: PhysicalMemoryReader {
  private let source: Source
  private let pages: UnsafeMutablePointer<CopiedPages>

  /// Makes a reader.
  ///
  /// - Safety: `pages` must be initialised, and stay so, as must every page that `source` copies, as long as the reader
  ///   is used; nobody else changes them meanwhile.
  @unsafe public init(_ source: Source, pages: UnsafeMutablePointer<CopiedPages>) {
    self.source = source
    unsafe self.pages = pages
  }

  /// The byte at `address` as it was when its page was first looked at.
  ///
  /// Never inlined: every field of every table is read through it.
  @inline(never)
  public func byte(at address: PhysicalAddress) -> UInt8? {
    guard let frame = FrameNumber(holding: address) else { return nil }
    let offset = Int(address.rawValue & UInt64(pageSize - 1))
    // SAFETY: `init` made its caller promise the list and the pages; the offset is below a page.
    if let copy = unsafe pages.pointee.find(frame.rawValue) {
      return unsafe UnsafePointer<UInt8>(bitPattern: copy).unsafelyUnwrapped[offset]
    }
    guard unsafe pages.pointee.count < CopiedPages.capacity, let copy = unsafe source.copy(frame) else {
      return nil
    }
    unsafe pages.pointee.add(frame.rawValue, at: UInt(bitPattern: copy))
    return unsafe copy.load(fromByteOffset: offset, as: UInt8.self)
  }
}
