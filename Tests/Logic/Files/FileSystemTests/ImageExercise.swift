/// What tests and the fuzzer do with an image that may say anything: check it, mount it, walk it, change it.

import FileSystem
import FileSystemCheck
import FileSystemFormat

/// Findings as a list of bounded length.
struct Findings: FindingSink {
  var list: [Finding] = []
  mutating func found(_ finding: Finding) {
    if list.count < 10_000 { list.append(finding) }
  }
}

/// Uses an image in all ways, and takes every refusal.
enum ImageExercise {
  /// Checks an image; scratch memory is exactly as large as it must be, and goes afterwards.
  static func check(_ image: UnsafeMutableRawBufferPointer) -> (summary: CheckSummary, findings: [Finding]) {
    guard let base = image.baseAddress else { fatalError("an empty image") }
    var count = 4_096
    if let superblock = try? Superblock(
      of: BlockStore(base: base, count: image.count), ignoringChecksum: true)
    {
      count = FileSystemCheck<Findings>.scratchByteCount(for: superblock.geometry)
    }
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
    defer { memory.deallocate() }
    guard let scratch = memory.baseAddress else { fatalError("no scratch memory") }
    let outcome = FileSystemCheck.run(
      BlockStore(base: base, count: image.count), scratch: BlockStore(base: scratch, count: count),
      into: Findings())
    return (outcome.summary, outcome.sink.list)
  }

  /// Mounts an image, walks, reads and changes what it has, and unmounts it.
  static func use(_ image: UnsafeMutableRawBufferPointer) {
    guard let base = image.baseAddress,
      var fileSystem = try? FileSystem(mounting: BlockStore(base: base, count: image.count))
    else { return }
    let now = Timestamp(seconds: 1)
    let attributes = FileAttributes(permissions: 0o644, now: now)
    let new = Array("new name".utf8)
    var names: [[UInt8]] = []
    var queue: [InodeNumber] = [.root]
    var visited = 0
    while let node = queue.popLast(), visited < 200 {
      visited += 1
      guard let status = try? fileSystem.status(of: node) else { continue }
      switch status.kind {
      case .directory:
        var position: UInt64 = 0
        var seen = 0
        while seen < 1_000, let entry = (try? fileSystem.entry(of: node, at: position)) ?? nil {
          if let place = entry.namePlace {
            queue.append(entry.inode)
            if node == .root, names.count < 8 {
              names.append((0..<entry.nameLength).map { fileSystem.store.load(UInt8.self, at: place + $0) })
            }
          }
          position = entry.next
          seen += 1
        }
        _ = try? fileSystem.create(named: new.span, in: node, attributes)
        try? fileSystem.rename(new.span, in: node, to: new.span, in: .root, at: now)
      case .regular:
        var buffer = [UInt8](repeating: 0, count: 5_000)
        for position in [0, 1 << 19, 1 << 30] as [UInt64] {
          var span = buffer.mutableSpan
          _ = try? fileSystem.read(node, at: position, into: &span)
          _ = try? fileSystem.write([1, 2, 3].span, to: node, at: position + 9_000, now: now)
        }
        try? fileSystem.truncate(node, to: status.size / 2 + 3, at: now)
      case .symbolicLink: _ = try? fileSystem.target(of: node)
      default: break
      }
    }
    for (index, name) in names.enumerated() {
      switch index % 3 {
      case 0:
        try? fileSystem.rename(
          name.span, in: .root, to: Array("moved \(index)".utf8).span, in: .root, at: now)
      case 1: try? fileSystem.unlink(name.span, in: .root, at: now)
      default: try? fileSystem.removeDirectory(name.span, in: .root, at: now)
      }
    }
    var buffer = [UInt8](repeating: 0, count: PathResolver.bufferSize)
    var span = buffer.mutableSpan
    _ = try? PathResolver.resolve(
      Array("moved 0/b/../../short".utf8).span, in: fileSystem, from: InodeNumber.root, startingAt: .root,
      using: &span)
    try? fileSystem.removeOrphans()
    _ = try? fileSystem.unmount()
  }
}
