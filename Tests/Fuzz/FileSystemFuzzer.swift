/// The libFuzzer target of the file system: any bytes are checked, mounted, walked and changed.
///
/// Images begin at a few dozen KiB; Tests/Fuzz/FileSystemSeeds makes some to begin with.

// fuzz: -max_len=262144 -rss_limit_mb=4096
// with: Tests/Logic/Files/FileSystemTests/ImageExercise.swift

import Checksum
import FileSystem
import FileSystemCheck
import FileSystemFormat

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
    _ = ImageExercise.check(memory)
  }
  ImageExercise.use(memory)
  return 0
}
