/// The short way through a pipe: bytes that lie in one of its pages, moved by whoever asks.
///
/// Most messages are small, and most pipes nearly empty. Whoever has the bytes where they come from or go to needs to know
/// only where they lie in the pipe: then they are copied once, and nothing is taken or counted before that has succeeded.
/// What does not fit into this (the end of a page, a page that has to be fetched, an end that is closed) answers no run,
/// and `read` and `write` find out the rest.

extension Pipe {
  /// Bytes that lie next to each other in a page.
  public struct Run: BitwiseCopyable {
    /// The page.
    public var page: PageIndex
    /// The first byte's place in it.
    public var offset: Int
    /// The number of bytes; 0 if there is no run.
    public var count: Int

    static var none: Run { Run(page: 0, offset: 0, count: 0) }
  }

  /// The first bytes to read, up to `wanted` and to the end of a page.
  ///
  /// Mutating only in name, as is `writableRun`: else the list of pages would be copied to look at one.
  @inline(__always)
  public mutating func readableRun(upTo wanted: UInt) -> Run {
    guard count > 0 else { return .none }
    let offset = head & (PagePool.pageSize - 1)
    let most = min(UInt(bitPattern: count), UInt(bitPattern: PagePool.pageSize &- offset))
    // SAFETY: the head is below the capacity. The pipe is not empty, so there is a page.
    let page = unsafe pages[unchecked: head >> 12 & 15] &- 1
    return Run(page: page, offset: offset, count: Int(bitPattern: min(most, wanted)))
  }

  /// Takes the bytes of a run out, which were read from where they lie.
  @inline(__always)
  public mutating func take(_ taken: Int, pool: inout PagePool) {
    assert(taken > 0 && taken <= count, "more was taken than there is")
    let next = head &+ taken
    count &-= taken
    if count != 0 {
      head = next & (Self.capacity - 1)
      return
    }
    // The usual case: a few bytes came and went in the page that an empty pipe keeps.
    if next <= PagePool.pageSize, pages[1] == 0 { head = 0 } else { rest(pool: &pool) }
  }

  /// Room for `wanted` bytes next to each other in a page that is there.
  @inline(__always)
  public mutating func writableRun(of wanted: UInt) -> Run {
    let position = (head &+ count) & (Self.capacity - 1)
    let offset = position & (PagePool.pageSize - 1)
    guard readers > 0, wanted &- 1 < UInt(bitPattern: PagePool.pageSize &- offset),
      count <= Self.capacity - PagePool.pageSize
    else { return .none }
    // SAFETY: a position is below the capacity.
    let page = unsafe pages[unchecked: position >> 12]
    return page == 0 ? .none : Run(page: page &- 1, offset: offset, count: Int(bitPattern: wanted))
  }

  /// Counts the bytes of a run that were written where they lie.
  @inline(__always)
  public mutating func put(_ written: Int) { count &+= written }
}
