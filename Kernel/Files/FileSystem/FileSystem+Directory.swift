/// Directories as lists of records: finding, listing, and making and giving back room.

import FileSystemFormat

/// An entry as a listing shows it.
public struct DirectoryEntry: BitwiseCopyable, Hashable, Sendable {
  /// Whom it names.
  public var inode: InodeNumber
  /// The kind byte of the record, as in `d_type`; 0 if it is none that is known.
  public var kind: UInt8
  /// Where the name lies in the store, or `nil` for `.` and `..`.
  public var namePlace: Int?
  /// Bytes of the name.
  public var nameLength: Int
  /// Where a listing goes on after this entry.
  public var next: UInt64
}

extension FileSystem {
  /// The number of blocks of the directory at `place`.
  func directoryBlockCount(at place: Int) throws(FileSystemError) -> UInt32 {
    let size = try checkedSize(at: place)
    guard size % UInt64(FileSystemLimits.blockSize) == 0 else { throw .corrupt(.badSize) }
    let count = UInt32(size / UInt64(FileSystemLimits.blockSize))
    guard count <= geometry.dataBlockCount else { throw .corrupt(.badSize) }
    return count
  }

  /// The byte offset of block `index` of the directory at `place`.
  func directoryBlock(_ index: UInt32, at place: Int) throws(FileSystemError) -> Int {
    guard let block = try block(index, at: place) else { throw .corrupt(.holeInDirectory) }
    return geometry.offset(ofBlock: block)
  }

  /// The record at `offset` bytes of the directory block at `blockPlace`.
  func record(at offset: Int, of blockPlace: Int) throws(FileSystemError) -> DirectoryRecord {
    guard
      let record = DirectoryRecord(
        in: store, at: blockPlace + offset, remaining: FileSystemLimits.blockSize - offset)
    else { throw .corrupt(.badDirectoryRecord) }
    return record
  }

  /// The byte offset of the inode of a directory.
  func directoryPlace(_ inode: InodeNumber) throws(FileSystemError) -> Int {
    let place = try place(of: inode)
    guard try kind(at: place) == .directory else { throw .notDirectory }
    return place
  }

  /// The byte offset of the inode of a directory that may get entries: one that has not been removed.
  func livingDirectoryPlace(_ inode: InodeNumber) throws(FileSystemError) -> Int {
    let place = try directoryPlace(inode)
    guard store.linkCount(at: place) > 0 else { throw .notFound }
    return place
  }

  /// A record and the byte offsets of its block and of the record before it in the block, if any.
  struct FoundRecord: BitwiseCopyable {
    var record: DirectoryRecord
    var previous: Int?
    var inode: InodeNumber { InodeNumber(record.inode) }
  }

  /// The record of `name` in the directory at `place`.
  ///
  /// A directory is a list, so this loop is what finding costs: of a record that has another name only the length is
  /// looked at, which is what the next one's place depends on.
  func find(_ name: Span<UInt8>, at place: Int) throws(FileSystemError) -> FoundRecord? {
    guard name.count > 0 else { return nil }
    let (wanted, first) = (UInt32(truncatingIfNeeded: name.count), name[0])
    for index in 0..<(try directoryBlockCount(at: place)) {
      let blockPlace = try directoryBlock(index, at: place)
      var position = DirectoryPosition(in: blockPlace)
      while try step(&position, to: wanted, first) {
        let record = try record(at: position.offset, of: blockPlace)
        if record.inode != 0, store.equals(name, at: record.namePlace) {
          return FoundRecord(
            record: record, previous: position.previous < 0 ? nil : blockPlace + position.previous)
        }
      }
    }
    return nil
  }

  /// A record of a directory's block while a name is searched.
  private struct DirectoryPosition {
    let block: Int
    /// Bytes from the block's start to the record, and to the one after it.
    var offset = -1, next = 0
    /// Those to the record before; -1 for none.
    var previous = -1
    init(in block: Int) { self.block = block }
  }

  /// Goes on to the next record of a block that may have a name of `count` bytes that begins with `first`.
  @inline(__always)
  private func step(
    _ position: inout DirectoryPosition, to count: UInt32, _ first: UInt8
  ) throws(FileSystemError) -> Bool {
    let size = FileSystemLimits.blockSize
    precondition(position.block >= 0 && position.block <= store.byteCount - size)
    while position.next < size {
      let offset = position.next
      guard offset <= size - DirectoryRecord.headerLength else { throw .corrupt(.badDirectoryRecord) }
      // Length, length of the name, and kind.
      // SAFETY: the block lies inside the store, and the record's header inside the block, as compared above.
      let word = unsafe store.uncheckedWord(at: position.block &+ offset &+ 4)
      let length = Int(word & 0xFFFF)
      guard length & 3 == 0, length >= DirectoryRecord.headerLength, length <= size &- offset else {
        throw .corrupt(.badDirectoryRecord)
      }
      position.previous = position.offset
      position.offset = offset
      position.next = offset &+ length
      if word >> 16 & 0xFF == count, length > DirectoryRecord.headerLength,
        store.load(UInt8.self, at: position.block &+ offset &+ DirectoryRecord.headerLength) == first
      {
        return true
      }
    }
    return false
  }

  /// Whether the directory at `place` has no entry.
  func isEmptyDirectory(at place: Int) throws(FileSystemError) -> Bool {
    for index in 0..<(try directoryBlockCount(at: place)) {
      guard try isEmptyBlock(try directoryBlock(index, at: place)) else { return false }
    }
    return true
  }

  private func isEmptyBlock(_ blockPlace: Int) throws(FileSystemError) -> Bool {
    var offset = 0
    while offset < FileSystemLimits.blockSize {
      let record = try record(at: offset, of: blockPlace)
      if record.inode != 0 { return false }
      offset += record.length
    }
    return true
  }

  // MARK: - Listing

  /// The entry at or after a position of a directory; `nil` at the end.
  ///
  /// A listing starts at position 0 and goes on at each entry's `next`. Entries that are there all the time
  /// appear exactly once, whatever else comes and goes meanwhile: a record does not move while it lives.
  public func entry(of directory: InodeNumber, at position: UInt64) throws(FileSystemError) -> DirectoryEntry?
  {
    let place = try directoryPlace(directory)
    let kind = FileKind.directory.rawValue
    if position == 0 {
      return DirectoryEntry(inode: directory, kind: kind, namePlace: nil, nameLength: 1, next: 1)
    }
    if position == 1 {
      let parent = InodeNumber(store.load(at: place + InodeLayout.device))
      return DirectoryEntry(inode: parent, kind: kind, namePlace: nil, nameLength: 2, next: 2)
    }
    let blockSize = UInt64(FileSystemLimits.blockSize)
    let blocks = UInt64(try directoryBlockCount(at: place))
    let wanted = position - 2
    guard wanted / blockSize < blocks else { return nil }
    for index in (wanted / blockSize)..<blocks {
      let blockPlace = try directoryBlock(UInt32(index), at: place)
      var offset = 0
      while offset < FileSystemLimits.blockSize {
        let record = try record(at: offset, of: blockPlace)
        if record.inode != 0, index * blockSize + UInt64(offset) >= wanted {
          return DirectoryEntry(
            inode: InodeNumber(record.inode), kind: record.kind, namePlace: record.namePlace,
            nameLength: record.nameLength, next: index * blockSize + UInt64(offset + record.length) + 2)
        }
        offset += record.length
      }
    }
    return nil
  }

  // MARK: - Room

  /// Where the last search for room in a directory ended: each record before that has less than `needed` bytes of room.
  ///
  /// It is forgotten when any record goes; records that come take room only.
  struct RoomHint: BitwiseCopyable {
    /// The place of the directory's inode; no directory lies at 0.
    var directory = 0
    var needed = 0
    var block: UInt32 = 0
    var offset = 0
  }

  /// Makes room for a record with a name of `nameLength` bytes and says where it is.
  ///
  /// The room is a record of its own that names nobody, so the directory is consistent before it is used.
  ///
  /// - Throws: `.noSpace`, with nothing changed.
  mutating func makeRoom(forName nameLength: Int, at place: Int) throws(FileSystemError) -> DirectoryRecord {
    let needed = DirectoryRecord.length(forName: nameLength)
    let blocks = try directoryBlockCount(at: place)
    // Where the last search in this directory ended, if it was for as little: what lies before is full.
    var (start, offset) =
      roomHint.directory == place && roomHint.needed <= needed
      ? (roomHint.block, roomHint.offset) : (0, 0)
    var least = roomHint.needed
    if start >= blocks || (start, offset) == (0, 0) { (start, offset, least) = (0, 0, 0) }
    for index in start..<blocks {
      let blockPlace = try directoryBlock(index, at: place)
      while offset < FileSystemLimits.blockSize {
        let record = try record(at: offset, of: blockPlace)
        let room = record.length - record.usedLength
        if room >= needed {
          roomHint = RoomHint(directory: place, needed: least, block: index, offset: offset)
          return split(record)
        }
        least = max(least, room + 1)
        offset += record.length
      }
      offset = 0
    }
    guard blocks + 1 < FileSystemLimits.maximumFileBlocks else { throw .noSpace }
    let added = geometry.offset(ofBlock: try ensureBlock(blocks, at: place))
    store.store(UInt16(FileSystemLimits.blockSize), at: added + 4)
    store.store(
      UInt64(blocks + 1) * UInt64(FileSystemLimits.blockSize), at: place + InodeLayout.size)
    return try record(at: 0, of: added)
  }

  /// Turns the free room of a record into a record of its own.
  private mutating func split(_ record: DirectoryRecord) -> DirectoryRecord {
    guard record.inode != 0 else { return record }
    var room = record
    room.place = record.place + record.usedLength
    room.length = record.length - record.usedLength
    room.inode = 0
    store.store(UInt16(record.usedLength), at: record.place + 4)
    store.store(UInt32(0), at: room.place)
    store.store(UInt16(room.length), at: room.place + 4)
    store.store(UInt16(0), at: room.place + 6)
    return room
  }

  /// A directory whose names have all come in their order, and the record of the last.
  ///
  /// A name that comes after it is new without a search, so that filling a directory from a sorted archive takes time in
  /// proportion to its size.
  struct OrderHint: BitwiseCopyable {
    /// The place of the directory's inode; no directory lies at 0.
    var directory = 0
    var last = 0
    var lastLength = 0
  }

  /// Whether a name is known to be new in the directory at `place`: it comes after all that are there.
  func isAfterAll(_ name: Span<UInt8>, at place: Int) -> Bool {
    guard orderHint.directory == place else { return false }
    let common = min(name.count, orderHint.lastLength)
    for index in 0..<common {
      let other: UInt8 = store.load(at: orderHint.last + DirectoryRecord.headerLength + index)
      if name[index] != other { return name[index] > other }
    }
    return name.count > common
  }

  /// Writes an entry into room that was made for it.
  mutating func fill(
    _ room: DirectoryRecord, of place: Int, with name: Span<UInt8>, naming inode: InodeNumber,
    _ kind: FileKind
  ) {
    let isOnly =
      room.length == FileSystemLimits.blockSize
      && store.size(at: place) == UInt64(FileSystemLimits.blockSize)
    if isOnly || isAfterAll(name, at: place) {
      orderHint = OrderHint(directory: place, last: room.place, lastLength: name.count)
    }
    store.store(UInt8(name.count), at: room.place + 6)
    store.store(kind.rawValue, at: room.place + 7)
    store.copy(name, from: 0, count: name.count, to: room.namePlace)
    store.store(inode.rawValue, at: room.place)
  }

  /// Removes an entry.
  ///
  /// Its room joins that of the record before it.
  mutating func erase(_ found: FoundRecord, at place: Int) throws(FileSystemError) {
    (roomHint, orderHint) = (RoomHint(), OrderHint())
    store.store(UInt32(0), at: found.record.place)
    if let previous = found.previous {
      let length = Int(store.load(UInt16.self, at: previous + 4)) + found.record.length
      store.store(UInt16(truncatingIfNeeded: length), at: previous + 4)
    }
    try trimDirectory(at: place)
  }

  /// Gives back empty blocks at the end of the directory at `place`.
  mutating func trimDirectory(at place: Int) throws(FileSystemError) {
    var blocks = try directoryBlockCount(at: place)
    let before = blocks
    (roomHint, orderHint) = (RoomHint(), OrderHint())
    while blocks > 0, try isEmptyBlock(try directoryBlock(blocks - 1, at: place)) { blocks -= 1 }
    guard blocks < before else { return }
    try setSize(UInt64(blocks) * UInt64(FileSystemLimits.blockSize), at: place)
  }
}
