/// The libFuzzer target of the file system: any bytes are checked, mounted, walked and changed.
///
/// Images begin at a few dozen KiB; Tests/Fuzz/FileSystemSeeds makes some to begin with.

// fuzz: -max_len=262144 -rss_limit_mb=4096

import Checksum
import FileSystem
import FileSystemCheck
import FileSystemFormat

struct CountingSink: FindingSink {
  var count = 0
  mutating func found(_ finding: Finding) { count += 1 }
}

private func walk(_ fileSystem: inout FileSystem) {
  let now = Timestamp(seconds: 1)
  var queue: [InodeNumber] = [.root]
  var visited = 0
  while let node = queue.popLast(), visited < 100 {
    visited += 1
    guard let status = try? fileSystem.status(of: node) else { continue }
    switch status.kind {
    case .directory:
      var position: UInt64 = 0
      var seen = 0
      while seen < 200, let entry = (try? fileSystem.entry(of: node, at: position)) ?? nil {
        if entry.namePlace != nil { queue.append(entry.inode) }
        position = entry.next
        seen += 1
      }
      let name: [UInt8] = [120]
      _ = try? fileSystem.create(named: name.span, in: node, FileAttributes(permissions: 0o644, now: now))
      try? fileSystem.rename(name.span, in: node, to: name.span, in: .root, at: now)
    case .regular:
      var buffer = [UInt8](repeating: 0, count: 5_000)
      for position in [0, 1 << 19, 1 << 30] as [UInt64] {
        var span = buffer.mutableSpan
        _ = try? fileSystem.read(node, at: position, into: &span)
        _ = try? fileSystem.write([1, 2, 3].span, to: node, at: position + 9_000, now: now)
      }
      try? fileSystem.truncate(node, to: 3, at: now)
    default: _ = try? fileSystem.target(of: node)
    }
  }
  try? fileSystem.removeOrphans()
}

/// Checks, mounts, walks and changes one input; libFuzzer calls it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 4096)
  defer { memory.deallocate() }
  guard let base = memory.baseAddress, count > 0, let data else { return 0 }
  memory.copyMemory(from: UnsafeRawBufferPointer(start: data, count: count))
  // Give the bytes a right checksum, or none but the corpus would be looked at.
  if let superblock = try? Superblock(of: BlockStore(base: base, count: count), ignoringChecksum: true) {
    var store = BlockStore(base: base, count: count)
    superblock.write(to: &store)
    let scratchCount = FileSystemCheck<CountingSink>.scratchByteCount(for: superblock.geometry)
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: scratchCount, alignment: 8)
    defer { scratch.deallocate() }
    if let scratchBase = scratch.baseAddress {
      _ = FileSystemCheck.run(
        BlockStore(base: base, count: count), scratch: BlockStore(base: scratchBase, count: scratchCount),
        into: CountingSink())
    }
  }
  if var fileSystem = try? FileSystem(mounting: BlockStore(base: base, count: count)) { walk(&fileSystem) }
  return 0
}
