/// Pages that pipes, terminals and tables of descriptors are made of: a fixed number, given once.
///
/// All of them are the kernel's and none is a program's, so what programs can make the kernel keep in pipes and
/// tables has an end that is known at start.

/// The index of a page in its pool.
public typealias PageIndex = UInt16

/// A fixed set of pages of 4,096 bytes.
///
/// A page's content is undefined when it is given out. Free pages that have been used are linked through their
/// first bytes; those past `used` have never been touched, so that a large pool costs nothing at start.
@safe public struct PagePool: ~Copyable {
  /// Bytes in a page.
  public static var pageSize: Int { 4096 }

  private let base: UnsafeMutableRawPointer
  /// The number of pages.
  public let count: Int
  /// Pages that can still be given out.
  public private(set) var freeCount: Int
  private var used = 0
  private var firstFree: PageIndex?

  /// Makes a pool of memory.
  ///
  /// - Safety: the `count` pages at `base`, aligned to 8 bytes, stay readable and writable and belong to nobody
  ///   else for as long as the pool is used.
  @unsafe public init(base: UnsafeMutableRawPointer, count: Int) {
    precondition(count >= 0 && count < Int(PageIndex.max), "a page pool has an impossible size")
    unsafe self.base = base
    self.count = count
    freeCount = count
  }

  /// Gives out a page, or `nil` when there is none.
  public mutating func allocate() -> PageIndex? {
    guard freeCount > 0 else { return nil }
    freeCount -= 1
    if let page = firstFree {
      let next = word(0, of: page)
      firstFree = next == 0 ? nil : PageIndex(next - 1)
      return page
    }
    used += 1
    return PageIndex(used - 1)
  }

  /// Takes a page back.
  public mutating func free(_ page: PageIndex) {
    precondition(Int(page) < used && freeCount < count, "a page was given back that nobody had")
    setWord(0, of: page, firstFree.map { UInt32($0) + 1 } ?? 0)
    firstFree = page
    freeCount += 1
  }

  // MARK: - Content

  @inline(__always)
  private func address(_ page: PageIndex, _ offset: Int, _ length: Int) -> UnsafeMutableRawPointer {
    precondition(
      Int(page) < used && offset >= 0 && length >= 0 && length <= Self.pageSize - offset,
      "an access left its page")
    // SAFETY: page and offset were just checked to lie inside the pool's memory.
    return unsafe base + (Int(page) * Self.pageSize + offset)
  }

  /// Where bytes of a page lie, for whoever copies them from or to a program.
  ///
  /// - Safety: only so many bytes may be touched, and only before anything else is done with the pool.
  @unsafe @inline(__always)
  public func place(of page: PageIndex, _ offset: Int, _ length: Int) -> UnsafeMutableRawPointer {
    unsafe address(page, offset, length)
  }

  /// The number at index `index` of a page seen as 1,024 words.
  @inline(__always)
  public func word(_ index: Int, of page: PageIndex) -> UInt32 {
    // SAFETY: the address was checked, and any bytes are a number.
    unsafe address(page, index * 4, 4).load(as: UInt32.self)
  }

  /// Sets the number at index `index` of a page seen as 1,024 words.
  @inline(__always)
  public mutating func setWord(_ index: Int, of page: PageIndex, _ value: UInt32) {
    // SAFETY: the address was checked, and the page belongs to whom it was given.
    unsafe address(page, index * 4, 4).storeBytes(of: value, as: UInt32.self)
  }

  /// Fills a page with zero bytes.
  public mutating func clear(_ page: PageIndex) {
    // SAFETY: the address was checked, and the page belongs to whom it was given.
    unsafe address(page, 0, Self.pageSize).initializeMemory(
      as: UInt8.self, repeating: 0, count: Self.pageSize)
  }

  /// Copies the first `length` bytes of a page to another.
  public mutating func copy(_ source: PageIndex, to destination: PageIndex, length: Int) {
    // SAFETY: both addresses were checked, and two pages do not overlap.
    unsafe address(destination, 0, length).copyMemory(from: address(source, 0, length), byteCount: length)
  }

  /// Copies bytes of a page out, into `buffer` from `start` on.
  @export(interface)
  public func read(
    _ page: PageIndex, from offset: Int, count: Int, into buffer: inout MutableSpan<UInt8>, at start: Int
  ) {
    precondition(start >= 0 && count <= buffer.count - start, "a copy left its buffer")
    let source = unsafe address(page, offset, count)
    // SAFETY: both sides were just checked, and a pool does not overlap its caller's buffer.
    unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe bytes.baseAddress?.advanced(by: start).copyMemory(from: source, byteCount: count)
    }
  }

  /// Copies the `count` bytes of `buffer` from `start` on into a page.
  @export(interface)
  public mutating func write(
    _ buffer: Span<UInt8>, from start: Int, count: Int, to page: PageIndex, at offset: Int
  ) {
    precondition(start >= 0 && count <= buffer.count - start, "a copy left its buffer")
    let destination = unsafe address(page, offset, count)
    // SAFETY: both sides were just checked, and a pool does not overlap its caller's buffer.
    unsafe buffer.withUnsafeBytes { bytes in
      guard let source = bytes.baseAddress else { return }
      unsafe destination.copyMemory(from: source + start, byteCount: count)
    }
  }

  /// Byte `offset` of a page.
  @inline(__always)
  public func byte(_ offset: Int, of page: PageIndex) -> UInt8 {
    // SAFETY: the address was checked.
    unsafe address(page, offset, 1).load(as: UInt8.self)
  }

  /// Sets byte `offset` of a page.
  @inline(__always)
  public mutating func setByte(_ offset: Int, of page: PageIndex, _ value: UInt8) {
    // SAFETY: the address was checked, and the page belongs to whom it was given.
    unsafe address(page, offset, 1).storeBytes(of: value, as: UInt8.self)
  }
}
