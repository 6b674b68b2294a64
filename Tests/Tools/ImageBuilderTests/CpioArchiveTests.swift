import Foundation
import HostSupport
import ImageBuilder
import Testing

private let sample = CpioArchive(entries: [
  .init(path: "a", permissions: 0o755, kind: .folder),
  .init(path: "a/empty", permissions: 0o644, kind: .file([])),
  .init(path: "a/odd", permissions: 0o600, kind: .file([1, 2, 3, 4, 5])),
  .init(path: "link", permissions: 0o777, kind: .link("a/odd")),
])

@Test func anArchiveReadsBackAsItWasWritten() throws {
  #expect(try CpioArchive(sample.bytes, name: "test") == sample)
}

@Test func anEmptyArchiveIsOnlyItsTrailer() throws {
  let bytes = CpioArchive(entries: []).bytes
  #expect(bytes.count == 124)
  #expect(try CpioArchive(bytes, name: "test").entries.isEmpty)
}

/// The independent reader: GNU cpio is not on every machine, but busybox or bsdtar or python may not be either; the
/// header of the first entry is therefore compared with one that was written by `cpio -o -H newc` and normalised.
@Test func theHeaderIsThatOfCpio() {
  let header = String(
    decoding: CpioArchive(entries: [.init(path: "hi", permissions: 0o644, kind: .file([0x61]))]).bytes.prefix(
      116), as: UTF8.self)
  #expect(
    header
      == "070701" + "00000001" + "000081a4" + "00000000" + "00000000" + "00000001" + "00000000" + "00000001"
      + "00000000"
      + "00000000" + "00000000" + "00000000" + "00000003" + "00000000" + "hi\0" + "\0\0\0")
}

@Test func everyTruncationIsRefused() {
  let bytes = sample.bytes
  // Filling after the trailer's name may be missing: nothing of it is read.
  for count in 0..<(bytes.count - 3) {
    #expect(throws: ToolError.self, "cut to \(count) bytes") {
      try CpioArchive(Array(bytes.prefix(count)), name: "test")
    }
  }
}

@Test(arguments: [
  (0, "171707", "070701"), (14, "0000zz00", "no number"), (14, "+0000001", "no number"),
  (54, "ffffffff", "its content leaves the archive"), (94, "ffffffff", "its name leaves the archive"),
  (94, "00000000", "its name leaves the archive"), (94, "00000001", "zero byte"),
  (110, "\0", "zero byte inside"),
]) func aLieInTheHeaderIsTold(offset: Int, text: String, expected: String) {
  var bytes = CpioArchive(entries: [.init(path: "name", permissions: 0o644, kind: .file([1, 2, 3]))]).bytes
  bytes.replaceSubrange(offset..<(offset + text.utf8.count), with: text.utf8)
  let said = complaint { _ = try CpioArchive(bytes, name: "test") }
  #expect(said.contains("entry at byte 0"), "\(said)")
  #expect(said.contains(expected), "\(said)")
}

@Test func anyFlippedByteIsReadOrRefused() {
  let bytes = sample.bytes
  for index in bytes.indices {
    for value in [0, 0x2B, 0x30, 0x46, 0xFF] as [UInt8] {
      var changed = bytes
      changed[index] = value
      _ = try? CpioArchive(changed, name: "test")
    }
  }
}

@Test func aFolderIsPackedInOneOrderWithoutOwnersOrTimes() async throws {
  try await withTemporaryFolder { folder in
    func fill(_ names: [String], _ root: String) throws {
      for name in names { try Files.write(Array(name.utf8), to: "\(root)/\(name)") }
      #expect(symlink("b/x", "\(root)/l") == 0)
      #expect(chmod("\(root)/b/x", 0o700) == 0)
    }
    let names = ["b/x", "a", "b.txt", "b/a"]
    try fill(names, folder + "/1")
    try fill(names.reversed(), folder + "/2")
    let first = try CpioArchive(folder: folder + "/1"), second = try CpioArchive(folder: folder + "/2")
    #expect(first.bytes == second.bytes)
    #expect(first.entries.map(\.path) == ["a", "b", "b.txt", "b/a", "b/x", "l"])
    #expect(first.entries.map(\.permissions) == [0o644, 0o755, 0o644, 0o644, 0o755, 0o777])
    #expect(first.entries.last?.kind == .link("b/x"))
  }
}

private func makeSocket(at path: String) {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  #expect(path.utf8.count < MemoryLayout.size(ofValue: address.sun_path))
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
  let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(descriptor) }
  let size = socklen_t(MemoryLayout<sockaddr_un>.size)
  let bound = withUnsafePointer(to: address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
  }
  #expect(bound == 0)
}

@Test func aPipeIsPackedAndASocketRefused() async throws {
  try await withTemporaryFolder { folder in
    #expect(mkfifo(folder + "/pipe", 0o600) == 0)
    let entries = try CpioArchive(folder: folder).entries
    #expect(entries == [.init(path: "pipe", permissions: 0o644, kind: .other(mode: 0o010000))])
    makeSocket(at: folder + "/s")
    #expect(
      complaint { _ = try CpioArchive(folder: folder) }.contains(
        "/s is neither file, folder, symbolic link nor named pipe"))
    #expect(complaint { _ = try CpioArchive(folder: folder + "/none") }.contains("/none does not exist"))
  }
}
