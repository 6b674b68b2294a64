/// Reading and writing the content of files, and where in the image it lies.

import FileSystemFormat

/// A run of bytes of a file, never across a block's end.
public enum FileExtent: BitwiseCopyable, Hashable, Sendable {
  /// The bytes lie at a byte offset of the store.
  case data(offset: Int, count: Int)
  /// So many zero bytes that no block holds.
  case hole(count: Int)
  /// The position is at or past the end.
  case end
}

extension FileSystem {
  /// Where the bytes of a file from `position` on lie: up to `limit` of them, to the end of their block.
  ///
  /// The kernel copies from there to a program, or maps the block, without a copy in between.
  ///
  /// - Throws: `.isDirectory`, `.invalidArgument` for what has no content here (devices, pipes, sockets).
  public func extent(
    of inode: InodeNumber, at position: UInt64, limit: Int
  ) throws(FileSystemError) -> FileExtent {
    let place = try place(of: inode)
    try requireRegular(at: place)
    return try extent(at: place, position: position, limit: limit)
  }

  /// Gives the file a block for the bytes from `position` on, zeroed if it is new, and says where it lies.
  ///
  /// After the bytes are written there, `didWrite` makes them part of the file.
  ///
  /// - Throws: `.noSpace` and `.fileTooBig`, with nothing changed.
  public mutating func writableExtent(
    of inode: InodeNumber, at position: UInt64, limit: Int
  ) throws(FileSystemError) -> (offset: Int, count: Int) {
    try requireWritable()
    let place = try place(of: inode)
    try requireRegular(at: place)
    return try writableExtent(at: place, position: position, limit: limit)
  }

  /// Makes the file reach at least to `end`, and stamps it as modified.
  public mutating func didWrite(_ inode: InodeNumber, upTo end: UInt64, at now: Timestamp)
    throws(FileSystemError)
  {
    let place = try place(of: inode)
    try grow(at: place, to: end)
    touchModified(at: place, now)
  }

  /// Reads bytes of a regular file from `position` on into the start of `buffer`.
  ///
  /// Returns the number of bytes, less than the buffer's only at the end of the file.
  public func read(
    _ inode: InodeNumber, at position: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(FileSystemError) -> Int {
    let place = try place(of: inode)
    try requireRegular(at: place)
    var done = 0
    while done < buffer.count {
      let (from, overflow) = position.addingReportingOverflow(UInt64(done))
      guard !overflow else { break }
      switch try extent(at: place, position: from, limit: buffer.count - done) {
      case .end: return done
      case .hole(let count):
        for index in done..<(done + count) { buffer[index] = 0 }
        done += count
      case .data(let offset, let count):
        store.copy(from: offset, count: count, into: &buffer, at: done)
        done += count
      }
    }
    return done
  }

  /// Writes `bytes` into a regular file from `position` on, which may lie past its end.
  ///
  /// Returns the number of bytes written, less than all only when space ran out on the way.
  ///
  /// - Throws: `.noSpace` or `.fileTooBig` when not even the first byte could be written.
  public mutating func write(
    _ bytes: Span<UInt8>, to inode: InodeNumber, at position: UInt64, now: Timestamp
  ) throws(FileSystemError) -> Int {
    try requireWritable()
    let place = try place(of: inode)
    try requireRegular(at: place)
    guard bytes.count > 0 else { return 0 }
    var done = 0
    do throws(FileSystemError) {
      while done < bytes.count {
        let (from, overflow) = position.addingReportingOverflow(UInt64(done))
        guard !overflow else { throw .fileTooBig }
        let (offset, count) = try writableExtent(
          at: place, position: from, limit: bytes.count - done, isOverwritten: true)
        store.copy(bytes, from: done, count: count, to: offset)
        done += count
        try grow(at: place, to: from + UInt64(count))
      }
    } catch {
      guard done > 0, error == .noSpace || error == .fileTooBig else { throw error }
    }
    touchModified(at: place, now)
    return done
  }

  // MARK: - By the inode's place

  func requireRegular(at place: Int) throws(FileSystemError) {
    switch try kind(at: place) {
    case .regular: break
    case .directory: throw .isDirectory
    default: throw .invalidArgument
    }
  }

  func extent(at place: Int, position: UInt64, limit: Int) throws(FileSystemError) -> FileExtent {
    let size = try checkedSize(at: place)
    guard position < size, limit > 0 else { return .end }
    let blockSize = FileSystemLimits.blockSize
    let inBlock = Int(position % UInt64(blockSize))
    let count = min(limit, blockSize - inBlock, Int(clamping: size - position))
    guard let block = try block(UInt32(position / UInt64(blockSize)), at: place) else {
      return .hole(count: count)
    }
    return .data(offset: geometry.offset(ofBlock: block) + inBlock, count: count)
  }

  /// - Parameter isOverwritten: whether the caller fills the whole extent at once.
  mutating func writableExtent(
    at place: Int, position: UInt64, limit: Int, isOverwritten: Bool = false
  ) throws(FileSystemError) -> (offset: Int, count: Int) {
    guard position < FileSystemLimits.maximumFileSize else { throw .fileTooBig }
    let blockSize = FileSystemLimits.blockSize
    let inBlock = Int(position % UInt64(blockSize))
    let block = try ensureBlock(
      UInt32(position / UInt64(blockSize)), at: place,
      isOverwritten: isOverwritten && inBlock == 0 && limit >= blockSize)
    return (geometry.offset(ofBlock: block) + inBlock, min(limit, blockSize - inBlock))
  }

  private mutating func grow(at place: Int, to end: UInt64) throws(FileSystemError) {
    guard end > (try checkedSize(at: place)) else { return }
    guard end <= FileSystemLimits.maximumFileSize else { throw .fileTooBig }
    store.store(end, at: place + InodeLayout.size)
  }
}
