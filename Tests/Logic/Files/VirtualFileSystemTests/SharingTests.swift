import FileFixture
import FileSystemFormat
import LinuxABI
import OpenFiles
import Testing
import VirtualFileSystem

extension Station {
  func page(_ number: UInt64, of node: FileNode, isWritten: Bool = false) -> UnsafeMutablePointer<UInt8>? {
    let found = files.sharedPage(number, of: node, isWritten: isWritten, at: Timestamp(seconds: 200))
    guard case .block(let address) = found else { return nil }
    return UnsafeMutablePointer(bitPattern: address)
  }

  func truncate(_ number: Int32, to size: UInt64) throws(ErrorNumber) {
    try files.truncate(number, to: size, for: caller)
  }

  func mappable(_ number: Int32) throws(ErrorNumber) -> FileNode {
    try files.mappable(number, isShared: true, for: caller)
  }
}

@Test func aSharedPageIsTheFilesBlock() throws {
  let station = try Station()
  let number = try station.open("/file", [.create, .readWrite])
  _ = try station.write("hello", to: number)
  let node = try station.mappable(number)
  station.files.holdShared(node)
  let page = try #require(station.page(0, of: node))
  #expect(page[1] == UInt8(ascii: "e") && UInt(bitPattern: page) % 4096 == 0)
  #expect(try station.information("/file").modified.seconds == 100)
  page[0] = UInt8(ascii: "j")
  #expect(try station.content(of: "/file") == "jello")
  #expect(station.page(0, of: node, isWritten: true) == page)
  #expect(try station.information("/file").modified.seconds == 200)
  #expect(station.page(1, of: node) == nil && station.page(.max, of: node) == nil)
  // A hole gets a block when it is touched.
  try station.truncate(number, to: 5 * 4096)
  let blocks = try station.information("/file").blocks
  #expect(try #require(station.page(4, of: node))[0] == 0)
  #expect(try station.information("/file").blocks == blocks + 8)
  // The file stays as long as it is shared.
  try station.close(number)
  try station.remove("/file")
  #expect(station.page(0, of: node) == page)
  station.files.letGoShared(node)
  #expect(station.page(0, of: node) == nil)
}

/// What programs write behind the end of a file never becomes a part of it.
@Test func behindTheEndOfASharedFileAreZeros() throws {
  let station = try Station()
  let number = try station.open("/tmp/file", [.create, .readWrite])
  _ = try station.write("abc", to: number)
  let node = try station.mappable(number)
  station.files.holdShared(node)
  let page = try #require(station.page(0, of: node, isWritten: true))
  page[3] = 9
  page[4095] = 9
  _ = try station.write("def", to: number)
  #expect(page[6] == 0 && page[4095] == 0)
  page[6] = 9
  try station.truncate(number, to: 10)
  #expect(try station.content(of: "/tmp/file") == "abcdef\0\0\0\0")
  page[20] = 9
  station.files.letGoShared(node)
  #expect(page[20] == 0)
}

@Test func onlyFilesThatAreSharedAreCut() throws {
  let station = try Station()
  let number = try station.open("/file", [.create, .readWrite])
  _ = try station.write(String(repeating: "x", count: 10_000), to: number)
  try station.truncate(number, to: 9_000)
  #expect(station.files.takeCut() == nil)
  let node = try station.mappable(number)
  station.files.holdShared(node)
  try station.truncate(number, to: 4097)
  #expect(station.files.takeCut()?.firstPage == 2)
  #expect(station.files.takeCut() == nil)
  try station.truncate(number, to: 4096)
  #expect(station.files.takeCut()?.firstPage == 1)
  _ = try station.open("/file", [.truncate, .writeOnly])
  #expect(station.files.takeCut()?.firstPage == 0)
  station.files.letGoShared(node)
}

@Test func whatIsNoRegularFileCanNotBeShared() throws {
  let station = try Station()
  let refused = { (path: String, flags: OpenFlags) in
    let number = try station.open(path, flags)
    return refusal { () throws(ErrorNumber) in try station.mappable(number) }
  }
  #expect(try refused("/dev/null", []) == .noDevice)
  #expect(try refused("/proc/version", []) == .noDevice)
  #expect(try refused("/etc", .directory) == .noDevice)
  #expect(try refused("/etc/motd", .writeOnly) == .accessDenied)
  #expect(try refused("/etc/motd", .path) == .badDescriptor)
  #expect(try refused("/etc/motd", []) == nil)
}
