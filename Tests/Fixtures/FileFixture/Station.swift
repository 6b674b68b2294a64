import FileSystem
import FileSystemFormat
import LinuxABI
import OpenFiles
import VirtualFileSystem

/// A node's files with one process; a class, so that a test's macros can call it.
package final class Station {
  package var files: VirtualFileSystem
  package var caller: FileCaller

  /// Makes the tree: a ramdisk with `/etc/motd` and `/bin`, `/dev`, `/tmp` and `/proc`.
  package init(limits: FileLimits = FileLimits()) throws {
    files = Self.empty(limits)
    var root = try Self.disk(blocks: 600)
    let attributes = FileAttributes(permissions: 0o755, now: Timestamp(seconds: 5))
    let etc = try root.createDirectory(named: bytes("etc").span, in: .root, attributes)
    let motd = try root.create(named: bytes("motd").span, in: etc, attributes)
    _ = try root.write(bytes("hello").span, to: motd, at: 0, now: Timestamp(seconds: 6))
    _ = try root.createDirectory(named: bytes("bin").span, in: .root, attributes)
    files.mountRoot(root)
    var devices = try Self.disk(blocks: DeviceFiles.blockCount)
    try DeviceFiles.fill(&devices, at: Timestamp(seconds: 5))
    try files.mount(devices, .devices, onDirectory: "dev", permissions: 0o755)
    try files.mount(Self.disk(blocks: 100), .temporary, onDirectory: "tmp", permissions: 0o1777)
    try files.mountProcesses(onDirectory: "proc")
    try files.makeConsole()
    caller = FileCaller(
      files: try files.makeFiles(), place: try files.makePlace(), process: 7, group: 7, session: 7,
      now: Timestamp(seconds: 100))
    files.addProcess(caller)
  }

  private static func empty(_ limits: FileLimits) -> VirtualFileSystem {
    let count = VirtualFileSystem.byteCount(for: limits)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 4096)
    memory.initializeMemory(as: UInt8.self, repeating: 0xA5, count: count)
    return VirtualFileSystem(at: memory, limits: limits)
  }

  private static func disk(blocks: Int) throws -> FileSystem {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: blocks * 4096, alignment: 4096)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: blocks * 4096)
    return try FileSystem(
      formatting: BlockStore(base: memory, count: blocks * 4096), inodeCount: 128, at: Timestamp(seconds: 1))
  }

  /// A second process that shares what `fork` shares.
  package func fork(process: UInt32, group: UInt32? = nil) throws -> FileCaller {
    var child = caller
    child.files = try files.copyFiles(caller.files)
    child.place = try files.copyPlace(caller.place)
    child.process = process
    child.group = group ?? caller.group
    files.addProcess(child)
    return child
  }

  package func open(_ path: String, _ flags: OpenFlags = [], mode: UInt16 = 0o644) throws(ErrorNumber)
    -> Int32
  {
    switch try files.open(bytes(path).span, flags, mode: mode, for: caller) {
    case .done(let number): return number
    case .wait(let number, _): return number
    }
  }

  package func close(_ number: Int32) throws(ErrorNumber) { try files.close(number, for: caller) }

  package func outcome(ofRead number: Int32, _ count: Int = 10_000) throws(ErrorNumber) -> (
    FileOutcome, [UInt8]
  ) {
    var buffer = [UInt8](repeating: 0xEE, count: count)
    var span = buffer.mutableSpan
    let outcome = try files.read(number, into: &span, for: caller)
    if case .done(let done) = outcome { return (outcome, Array(buffer[..<done])) }
    return (outcome, [])
  }

  package func read(_ number: Int32, _ count: Int = 10_000) throws(ErrorNumber) -> String {
    String(decoding: try outcome(ofRead: number, count).1, as: UTF8.self)
  }

  package func outcome(ofWrite text: String, to number: Int32) throws(ErrorNumber) -> FileOutcome {
    try files.write(number, bytes(text).span, for: caller)
  }

  package func write(_ text: String, to number: Int32) throws(ErrorNumber) -> Int {
    guard case .done(let count) = try outcome(ofWrite: text, to: number) else { return -1 }
    return count
  }

  package func put(_ text: String, in path: String) throws(ErrorNumber) {
    let number = try open(path, [.create, .truncate, .writeOnly])
    _ = try write(text, to: number)
    try close(number)
  }

  package func content(of path: String) throws(ErrorNumber) -> String {
    let number = try open(path)
    let text = try read(number)
    try close(number)
    return text
  }

  package func information(_ path: String, follow: Bool = true) throws(ErrorNumber) -> FileInformation {
    try files.information(of: files.node(bytes(path).span, follow: follow, for: caller))
  }

  package func makeDirectory(_ path: String) throws(ErrorNumber) {
    try files.makeDirectory(bytes(path).span, mode: 0o777, for: caller)
  }

  package func remove(_ path: String, isDirectory: Bool = false) throws(ErrorNumber) {
    try files.remove(bytes(path).span, isDirectory: isDirectory, for: caller)
  }

  package func rename(_ old: String, to new: String, flags: UInt32 = 0) throws(ErrorNumber) {
    try files.rename(bytes(old).span, to: bytes(new).span, flags: flags, for: caller)
  }

  package func symbolicLink(_ path: String, to target: String) throws(ErrorNumber) {
    try files.makeSymbolicLink(to: bytes(target).span, named: bytes(path).span, for: caller)
  }

  package func link(_ old: String, as new: String) throws(ErrorNumber) {
    try files.link(files.node(bytes(old).span, follow: false, for: caller), as: bytes(new).span, for: caller)
  }

  package func makeNode(_ path: String, mode: UInt16, device: UInt64 = 0) throws(ErrorNumber) {
    try files.makeNode(bytes(path).span, mode: mode, device: device, for: caller)
  }

  package func changeDirectory(_ path: String) throws(ErrorNumber) {
    try files.changeDirectory(to: files.node(bytes(path).span, for: caller), for: caller)
  }

  package func workingDirectory(_ size: Int = 4_096) throws(ErrorNumber) -> String {
    var buffer = [UInt8](repeating: 0, count: size)
    var span = buffer.mutableSpan
    let count = try files.workingDirectory(into: &span, for: caller)
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  package func readLink(_ path: String) throws(ErrorNumber) -> String {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    var span = buffer.mutableSpan
    let node = try files.node(bytes(path).span, follow: false, for: caller)
    let count = try files.readLink(node, into: &span, for: caller)
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  /// The names in a directory, read in pieces of `size` bytes.
  package func list(_ path: String, size: Int = 1_000, _ layout: DirectoryLayout = .wide) throws(ErrorNumber)
    -> [String]
  {
    let number = try open(path, .directory)
    var names: [String] = []
    while true {
      var buffer = [UInt8](repeating: 0, count: size)
      var span = buffer.mutableSpan
      let count = try files.list(number, layout, into: &span, for: caller)
      guard count > 0 else { break }
      var offset = 0
      while offset < count {
        let place = layout == .i386 ? 8 : 16
        let length = Int(buffer.span.number(count: 2, at: offset + place))
        let name = buffer[(offset + layout.nameOffset)..<(offset + length)].prefix { $0 != 0 }
        names.append(String(decoding: name, as: UTF8.self))
        offset += length
      }
    }
    try close(number)
    return names
  }

  package func wakeups() -> [UInt16] {
    var channels: [UInt16] = []
    while let channel = files.nextWakeup() { channels.append(channel.rawValue) }
    return channels
  }

  package func type(_ text: String) -> [GroupSignal] { bytes(text).compactMap { files.receive($0) } }

  package func screen() -> String {
    var buffer = [UInt8](repeating: 0, count: 5_000)
    var span = buffer.mutableSpan
    let count = files.takeOutput(into: &span)
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  package func control(_ number: Int32, _ request: ControlRequest, _ value: UInt64 = 0) throws(ErrorNumber)
    -> UInt64
  {
    var data = [UInt8](repeating: 0, count: 64)
    var span = data.mutableSpan
    span.put(value, count: 4, at: 0)
    let outcome = try files.control(number, request, Int(value), &span, for: caller)
    guard outcome == .done(0) else { return .max }
    return data.span.number(count: 4, at: 0)
  }
}

package func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// What `body` is refused with, or `nil`.
package func refusal<Result>(_ body: () throws(ErrorNumber) -> Result) -> ErrorNumber? {
  do throws(ErrorNumber) {
    _ = try body()
    return nil
  } catch {
    return error
  }
}
