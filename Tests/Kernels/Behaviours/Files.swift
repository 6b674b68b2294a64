/// Behaviours of the tree of files.

import ABI
import Arch
import Base
import CMachine
import FileSystemFormat
import FrameAllocator
import LinuxABI
import Log
import Mounts
import OpenFiles
import Runtime
import VirtualFileSystem

/// Does what is asked for with files.
///
/// Returns whether it was asked for.
func runFiles() -> Bool {
  if isAskedFor("files") {
    showAndChangeTree()
  } else if isAskedFor("files-large") {
    writeLargeFile()
  } else {
    return false
  }
  return true
}

/// The tree and one caller.
private struct Bench: ~Copyable {
  var tree: VirtualFileSystem
  var caller: FileCaller

  /// Mounts what the boot module brings, or ends the run.
  init() {
    let count = VirtualFileSystem.byteCount(for: FileLimits())
    let frames = UInt32((count + pageSize - 1) / pageSize)
    guard let run = try? NodeReference().node.frames.allocateRun(frames, for: .file),
      let memory = unsafe UnsafeMutableRawPointer(bitPattern: Frames.address(of: run.start).rawValue)
    else { endRun(.failed, status: 3) }
    // SAFETY: the frames were taken for the tree alone.
    tree = unsafe VirtualFileSystem(at: memory)
    guard Mounts.mountAll(in: &tree, at: Timestamp(seconds: 1_000)) else { endRun(.failed, status: 4) }
    guard let files = try? tree.makeFiles(), let place = try? tree.makePlace() else {
      endRun(.failed, status: 5)
    }
    caller = FileCaller(
      files: files, place: place, process: 1, group: 1, session: 1, now: Timestamp(seconds: 2_000))
  }

  mutating func open(_ path: StaticString, _ flags: OpenFlags = []) throws(ErrorNumber) -> Int32 {
    guard case .done(let number) = try tree.open(bytes(of: path), flags, mode: 0o644, for: caller) else {
      return -1
    }
    return number
  }

  /// Shows the first line of a file.
  mutating func show(_ path: StaticString) throws(ErrorNumber) {
    let number = try open(path)
    var buffer: InlineArray<64, UInt8> = .init(repeating: 0)
    var span = buffer.mutableSpan
    guard case .done(let count) = try tree.read(number, into: &span, for: caller) else { return }
    var line: Text = "\(path): "
    for index in 0..<count where buffer[index] != 0x0A { line.append(printable: buffer[index]) }
    NodeReference().node.log.show(line)
    try tree.close(number, for: caller)
  }

  mutating func write(_ text: StaticString, to path: StaticString) throws(ErrorNumber) {
    let number = try open(path, [.create, .truncate, .writeOnly])
    _ = try tree.write(number, bytes(of: text), for: caller)
    try tree.close(number, for: caller)
  }
}

@_lifetime(immortal)
private func bytes(of literal: StaticString) -> Span<UInt8> {
  // SAFETY: a literal lives as long as the program.
  let span = unsafe Span(_unsafeStart: literal.utf8Start, count: literal.utf8CodeUnitCount)
  return unsafe _overrideLifetime(span, copying: ())
}

/// Shows a file of the ramdisk, changes the tree in all ways that a folder of the host can have, and finishes it.
private func showAndChangeTree() {
  var bench = Bench()
  do throws(ErrorNumber) {
    if (try? bench.show("/etc/hostname")) == nil { NodeReference().node.log.show("no /etc/hostname") }
    try bench.tree.makeDirectory(bytes(of: "/made"), mode: 0o750, for: bench.caller)
    try bench.write("by the guest\n", to: "/made/file")
    try bench.tree.makeSymbolicLink(to: bytes(of: "file"), named: bytes(of: "/made/link"), for: bench.caller)
    let node = try bench.tree.node(bytes(of: "/made/link"), for: bench.caller)
    try bench.tree.link(node, as: bytes(of: "/second"), for: bench.caller)
    try bench.write("gone with the machine", to: "/tmp/file")
    try bench.show("/made/link")
    let console = try bench.open("/dev/console", .readWrite)
    _ = try bench.tree.write(console, bytes(of: "through the terminal\n"), for: bench.caller)
    var buffer: InlineArray<64, UInt8> = .init(repeating: 0)
    var span = buffer.mutableSpan
    let count = bench.tree.takeOutput(into: &span)
    for index in 0..<count { NodeReference().node.log.output.write(buffer[index]) }
    _ = try? bench.tree.remove(bytes(of: "/etc/hostname"), isDirectory: false, for: bench.caller)
    Mounts.finish(&bench.tree)
    do throws(ErrorNumber) {
      try bench.write("too late", to: "/late")
    } catch {
      if error == .readOnlyFileSystem { endRun(.passed, status: 0) }
    }
  } catch {
    log(.error, "test", "refused with error \(UInt32(bitPattern: error.rawValue))")
  }
  endRun(.failed, status: 1)
}

/// Zeros from the heap, which are kept to the end of the run.
@_lifetime(immortal)
private func takeBuffer(_ count: Int) -> MutableSpan<UInt8> {
  guard let place = unsafe UnsafeMutablePointer<UInt8>(bitPattern: KernelHeap.allocate(count).rawValue) else {
    endRun(.failed, status: 8)
  }
  // SAFETY: the heap has just given so many bytes, and nobody gives them back.
  unsafe place.initialize(repeating: 0, count: count)
  let span = unsafe MutableSpan(_unsafeStart: place, count: count)
  return unsafe _overrideLifetime(span, copying: ())
}

/// Writes a file of 64 MiB, reads it back and removes it.
private func writeLargeFile() {
  var bench = Bench()
  let chunk = 1 << 16
  var buffer = takeBuffer(chunk)
  do throws(ErrorNumber) {
    let before = bench.tree.fileSystem(of: bench.tree.rootNode).freeBlocks
    let number = try bench.open("/large", [.create, .readWrite])
    for index in 0..<1024 {
      buffer[index % chunk] = UInt8(truncatingIfNeeded: index) | 1
      guard case .done(chunk) = try bench.tree.write(number, buffer.span, for: bench.caller) else {
        endRun(.failed, status: 6)
      }
    }
    _ = try bench.tree.seek(number, 0, from: .start, for: bench.caller)
    var wrong = 0
    for index in 0..<1024 {
      guard case .done(chunk) = try bench.tree.read(number, into: &buffer, for: bench.caller) else {
        endRun(.failed, status: 7)
      }
      for place in 0..<1024 {
        let wanted = place <= index ? UInt8(truncatingIfNeeded: place) | 1 : 0
        if buffer[place] != wanted { wrong += 1 }
      }
    }
    let used = before - bench.tree.fileSystem(of: bench.tree.rootNode).freeBlocks
    try bench.tree.close(number, for: bench.caller)
    try bench.tree.remove(bytes(of: "/large"), isDirectory: false, for: bench.caller)
    let left = before - bench.tree.fileSystem(of: bench.tree.rootNode).freeBlocks
    NodeReference().node.log.show(
      "64 MiB in \(used) blocks, \(UInt32(wrong)) wrong bytes, \(left) blocks left over")
    endRun(.passed, status: 0)
  } catch {
    log(.error, "test", "refused with error \(UInt32(bitPattern: error.rawValue))")
  }
  endRun(.failed, status: 1)
}
