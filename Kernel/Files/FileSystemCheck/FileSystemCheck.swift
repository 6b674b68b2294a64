/// The checker: finds every inconsistency of an image and says which.
///
/// It only reads. Its work space is memory of the caller, in size proportional to the image; time is bounded by
/// the image's size too, whatever the image says. Four passes: the superblock, the inodes with their blocks, the
/// directories with their entries, and what must agree between them.

import FileSystemFormat

/// The state of one check.
public struct FileSystemCheck<Sink: FindingSink & ~Copyable>: ~Copyable {
  var store: BlockStore
  var scratch: BlockStore
  /// Where findings go.
  public var sink: Sink
  var summary = CheckSummary()
  let geometry: Geometry
  let superblock: Superblock
  let inodeMap: Bitmap
  let blockMap: Bitmap
  /// Blocks that a pointer has named, in the scratch memory.
  let seenBlocks: Bitmap
  /// Directories known to hang on the root, in the scratch memory.
  let rooted: Bitmap
  let namesStart: Int
  let filterStart: Int
  let filterBits: UInt32
  /// How many names may still be compared in the search for double ones.
  var comparisons: UInt64

  /// How many directory blocks may still be looked at: two passes see each block of a sound image at most once.
  var directoryBlocks: UInt64

  /// Bytes of scratch memory that a check needs: 1/128 of the image, and 9 bytes for each inode.
  public static func scratchByteCount(for geometry: Geometry) -> Int {
    Layout(geometry).end
  }

  private struct Layout {
    var rooted: Int
    var names: Int
    var filter: Int
    var filterBits: UInt32
    var end: Int

    init(_ geometry: Geometry) {
      rooted = Int((geometry.blockCount + 31) / 32) * 4
      names = rooted + Int((geometry.inodeCount + 31) / 32) * 4
      filter = names + Int(geometry.inodeCount) * 4
      var bits: UInt32 = 32_768
      while bits < geometry.blockCount * 256, bits < 1 << 30 { bits *= 2 }
      filterBits = bits
      end = filter + Int(bits / 8)
    }
  }

  /// Checks an image.
  ///
  /// - Parameters:
  ///   - store: the image. It is not changed.
  ///   - scratch: memory of at least `scratchByteCount(for:)` bytes of the image's geometry; its content is lost.
  ///   - sink: where findings go.
  /// - Returns: the summary and the sink; `nil` when the scratch memory is too small.
  public static func run(
    _ store: consuming BlockStore, scratch: consuming BlockStore, into sink: consuming Sink
  ) -> CheckOutcome<Sink> {
    let superblock: Superblock
    do throws(FileSystemError) {
      superblock = try Superblock(of: store, ignoringChecksum: true)
    } catch {
      var value: UInt64 = 0
      if case .corrupt(let reason) = error { value = UInt64(reason.rawValue) }
      sink.found(Finding(.superblock, value: value))
      var summary = CheckSummary()
      summary.findings = 1
      return CheckOutcome(summary: summary, sink: sink)
    }
    precondition(
      scratch.byteCount >= scratchByteCount(for: superblock.geometry),
      "a check was given too little scratch memory")
    var check = FileSystemCheck(store, scratch, sink, superblock)
    check.checkAll()
    return CheckOutcome(summary: check.summary, sink: check.sink)
  }

  private init(
    _ store: consuming BlockStore, _ scratch: consuming BlockStore, _ sink: consuming Sink,
    _ superblock: Superblock
  ) {
    let layout = Layout(superblock.geometry)
    scratch.fill(0, count: layout.end)
    geometry = superblock.geometry
    inodeMap = .inodes(of: superblock.geometry)
    blockMap = .blocks(of: superblock.geometry)
    seenBlocks = Bitmap(start: 0, count: superblock.geometry.blockCount)
    rooted = Bitmap(start: layout.rooted, count: superblock.geometry.inodeCount)
    namesStart = layout.names
    filterStart = layout.filter
    filterBits = layout.filterBits
    comparisons = 1 << 24 + UInt64(superblock.geometry.blockCount) * 256
    directoryBlocks = UInt64(superblock.geometry.dataBlockCount) * 2
    self.superblock = superblock
    self.store = store
    self.scratch = scratch
    self.sink = sink
  }

  mutating func report(_ kind: FindingKind, _ inode: UInt32 = 0, _ value: UInt64 = 0, expected: UInt64 = 0) {
    summary.findings += 1
    sink.found(Finding(kind, inode: inode, value: value, expected: expected))
  }

  private mutating func checkAll() {
    if !Superblock.hasRightChecksum(store) { report(.checksum) }
    for inode in 1...geometry.inodeCount { checkInode(inode) }
    for inode in 1...geometry.inodeCount where isDirectory(inode) { checkEntries(of: inode) }
    checkTree()
    checkBitmaps()
  }

  // MARK: - What several passes ask

  /// The byte offset of an inode that exists.
  func place(_ inode: UInt32) -> Int {
    geometry.offset(ofBlock: geometry.inodeTableStart) + Int(inode - 1) * FileSystemLimits.inodeSize
  }

  func isInUse(_ inode: UInt32) -> Bool {
    inode >= 1 && inode <= geometry.inodeCount && inodeMap.contains(inode - 1, in: store)
  }

  func isDirectory(_ inode: UInt32) -> Bool {
    isInUse(inode) && store.mode(at: place(inode)).kind == .directory
  }

  /// The number of entries that name an inode, as counted so far.
  func nameCount(_ inode: UInt32) -> UInt32 { scratch.load(at: namesStart + Int(inode - 1) * 4) }

  mutating func countName(_ inode: UInt32) {
    scratch.store(nameCount(inode) &+ 1, at: namesStart + Int(inode - 1) * 4)
  }

  func parent(_ directory: UInt32) -> UInt32 { store.load(at: place(directory) + InodeLayout.device) }
}

/// What a check hands back.
public struct CheckOutcome<Sink: FindingSink & ~Copyable>: ~Copyable {
  /// The numbers.
  public var summary: CheckSummary
  /// The sink with the findings.
  public var sink: Sink
}
