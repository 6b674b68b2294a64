import FileSystem
import FileSystemFormat

/// Memory for an image.
///
/// It is kept until the tests end, because a file system does not keep its maker alive.
final class Disk: @unchecked Sendable {
  let memory: UnsafeMutableRawBufferPointer

  init(byteCount: Int) {
    memory = .allocate(byteCount: byteCount, alignment: 4096)
    memory.initializeMemory(as: UInt8.self, repeating: 0)
  }

  convenience init(blocks: Int) { self.init(byteCount: blocks * 4096) }

  convenience init(copying other: Disk) {
    self.init(byteCount: other.memory.count)
    memory.copyMemory(from: UnsafeRawBufferPointer(other.memory))
  }

  convenience init(bytes: [UInt8]) {
    self.init(byteCount: bytes.count)
    memory.copyBytes(from: bytes)
  }

  func store() -> BlockStore {
    guard let base = memory.baseAddress else { fatalError("an empty disk") }
    return BlockStore(base: base, count: memory.count)
  }

  func format(inodes: UInt32 = 64) throws(FileSystemError) -> FileSystem {
    try FileSystem(formatting: store(), inodeCount: inodes, at: Timestamp(seconds: 1))
  }
}

let now = Timestamp(seconds: 1_000, nanoseconds: 5)
let plain = FileAttributes(permissions: 0o644, owner: 1, group: 2, now: now)

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

extension FileSystem {
  mutating func make(_ name: String, in directory: InodeNumber = .root) throws(FileSystemError) -> InodeNumber
  {
    try create(named: bytes(name).span, in: directory, plain)
  }

  mutating func makeDirectory(
    _ name: String, in directory: InodeNumber = .root
  ) throws(FileSystemError) -> InodeNumber {
    try createDirectory(named: bytes(name).span, in: directory, plain)
  }

  mutating func makeLink(
    _ name: String, to target: String, in directory: InodeNumber = .root
  ) throws(FileSystemError) -> InodeNumber {
    try createSymbolicLink(to: bytes(target).span, named: bytes(name).span, in: directory, plain)
  }

  mutating func remove(_ name: String, in directory: InodeNumber = .root) throws(FileSystemError) {
    try unlink(bytes(name).span, in: directory, at: now)
  }

  mutating func move(
    _ old: String, in oldDirectory: InodeNumber = .root, to new: String,
    into newDirectory: InodeNumber = .root,
    _ behavior: RenameBehavior = .replace
  ) throws(FileSystemError) {
    try rename(
      bytes(old).span, in: oldDirectory, to: bytes(new).span, in: newDirectory, behavior, at: now)
  }

  func find(_ name: String, in directory: InodeNumber = .root) throws(FileSystemError) -> InodeNumber {
    try lookUp(bytes(name).span, in: directory)
  }

  func content(_ inode: InodeNumber, at position: UInt64 = 0, count: Int? = nil) throws(FileSystemError)
    -> [UInt8]
  {
    let size = try status(of: inode).size
    let rest = size > position ? Int(size - position) : 0
    var buffer = [UInt8](repeating: 0xEE, count: count ?? rest)
    var span = buffer.mutableSpan
    let read = try read(inode, at: position, into: &span)
    return Array(buffer[..<read])
  }

  mutating func write(_ content: [UInt8], to inode: InodeNumber, at position: UInt64 = 0)
    throws(FileSystemError)
    -> Int
  {
    try write(content.span, to: inode, at: position, now: now)
  }

  func name(of entry: DirectoryEntry) -> String {
    guard let place = entry.namePlace else { return entry.nameLength == 1 ? "." : ".." }
    return String(
      decoding: (0..<entry.nameLength).map { store.load(UInt8.self, at: place + $0) }, as: UTF8.self)
  }

  func names(of directory: InodeNumber = .root) throws(FileSystemError) -> [String] {
    var names: [String] = []
    var position: UInt64 = 0
    while let entry = try entry(of: directory, at: position) {
      names.append(name(of: entry))
      position = entry.next
    }
    return names
  }

  func resolve(
    _ path: String, from start: InodeNumber = .root, _ end: PathEnd = .follow
  ) throws(FileSystemError) -> InodeNumber {
    var buffer = [UInt8](repeating: 0, count: PathResolver.bufferSize)
    var span = buffer.mutableSpan
    return try PathResolver.resolve(
      bytes(path).span, in: self, from: InodeNumber.root, startingAt: start, end, using: &span
    ).node
  }
}

/// What `body` throws, or `nil`.
func refusal(_ body: () throws(FileSystemError) -> Void) -> FileSystemError? {
  do throws(FileSystemError) {
    try body()
    return nil
  } catch {
    return error
  }
}
