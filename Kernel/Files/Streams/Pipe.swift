/// A pipe: a ring of up to 64 KiB between those who write and those who read.
///
/// The ring consists of sixteen pages that come from the pool as they are needed and go back when the pipe runs
/// empty, all but the first: an idle pipe holds one page. When the pool is exhausted, a pipe is simply full
/// earlier, but it always has room for one page, so that nobody waits for ever.
///
/// Nothing here waits: the caller is told that the pipe is empty or full.

/// What came of reading from a pipe.
public enum PipeRead: BitwiseCopyable, Hashable, Sendable {
  /// So many bytes were taken.
  case read(Int)
  /// Nothing is there, and somebody may still write.
  case empty
  /// Nothing is there, and nobody has it open for writing.
  case ended
}

/// What came of writing to a pipe.
public enum PipeWrite: BitwiseCopyable, Hashable, Sendable {
  /// So many bytes were put in.
  case wrote(Int)
  /// There is not enough room.
  case full
  /// Nobody has it open for reading.
  case broken
}

/// A pipe's record; its bytes lie in a pool's pages.
///
/// - Invariant: `count` bytes lie from `head` on, around the ring's end; every page that has one of them is there.
public struct Pipe: BitwiseCopyable {
  /// The most bytes.
  public static var capacity: Int { 16 * PagePool.pageSize }
  /// Writes of up to so many bytes are not mixed with others (POSIX's `PIPE_BUF`).
  public static var atomicLimit: Int { 4096 }

  var pages: InlineArray<16, PageIndex>  // an index plus one, or 0
  var head = 0
  /// Bytes that can be read.
  public internal(set) var count = 0
  /// Open descriptions that read.
  public var readers: UInt32 = 0
  /// Open descriptions that write.
  public var writers: UInt32 = 0
  /// How often it has been opened for reading, to see that the other side has been there.
  public var readOpenings: UInt32 = 0
  /// How often it has been opened for writing.
  public var writeOpenings: UInt32 = 0

  /// Makes an empty pipe, or `nil` when the pool has no page.
  public init?(pool: inout PagePool) {
    pages = .init(repeating: 0)
    guard let page = pool.allocate() else { return nil }
    pages[0] = page + 1
  }

  /// Gives all pages back.
  @export(interface)
  public mutating func destroy(pool: inout PagePool) {
    for index in 0..<16 where pages[index] != 0 {
      pool.free(pages[index] - 1)
      pages[index] = 0
    }
    count = 0
  }

  /// Room for bytes, up to `wanted`, if all pages that the pool has were taken.
  @export(interface)
  public func room(upTo wanted: Int, pool: borrowing PagePool) -> Int {
    let limit = min(wanted, Self.capacity - count)
    var available = pool.freeCount
    var room = 0
    var position = (head + count) % Self.capacity
    while room < limit {
      if pages[position / PagePool.pageSize] == 0 {
        guard available > 0 else { break }
        available -= 1
      }
      let step = PagePool.pageSize - position % PagePool.pageSize
      room += step
      position = (position + step) % Self.capacity
    }
    return min(room, limit)
  }

  /// Whether a write of one byte would succeed now, or fail at once.
  public func isWritable(pool: borrowing PagePool) -> Bool {
    readers == 0 || room(upTo: Self.atomicLimit, pool: pool) == Self.atomicLimit || count == 0
  }

  /// Puts bytes in: all of them if they are no more than `atomicLimit`, or as many as fit.
  @export(interface)
  public mutating func write(_ bytes: Span<UInt8>, pool: inout PagePool) -> PipeWrite {
    guard readers > 0 else { return .broken }
    guard bytes.count > 0 else { return .wrote(0) }
    let total = room(upTo: bytes.count, pool: pool)
    guard total > 0, total == bytes.count || bytes.count > Self.atomicLimit else { return .full }
    var done = 0
    while done < total {
      let position = (head + count) % Self.capacity
      let index = position / PagePool.pageSize
      if pages[index] == 0 {
        guard let page = pool.allocate() else { break }
        pages[index] = page + 1
      }
      let offset = position % PagePool.pageSize
      let step = min(total - done, PagePool.pageSize - offset)
      pool.write(bytes, from: done, count: step, to: pages[index] - 1, at: offset)
      count += step
      done += step
    }
    return .wrote(done)
  }

  /// Takes bytes out.
  @export(interface)
  public mutating func read(into buffer: inout MutableSpan<UInt8>, pool: inout PagePool) -> PipeRead {
    guard buffer.count > 0 else { return .read(0) }
    guard count > 0 else { return writers == 0 ? .ended : .empty }
    let total = min(buffer.count, count)
    var done = 0
    while done < total {
      let offset = head % PagePool.pageSize
      let step = min(total - done, PagePool.pageSize - offset)
      pool.read(pages[head / PagePool.pageSize] - 1, from: offset, count: step, into: &buffer, at: done)
      take(step, pool: &pool)
      done += step
    }
    return .read(done)
  }

  /// An empty pipe starts again at its first page and gives the others back.
  mutating func rest(pool: inout PagePool) {
    head = 0
    for index in 1..<16 where pages[index] != 0 {
      if pages[0] == 0 { pages[0] = pages[index] } else { pool.free(pages[index] - 1) }
      pages[index] = 0
    }
  }
}
