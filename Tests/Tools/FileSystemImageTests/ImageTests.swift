import FileSystemFormat
import FileSystemImage
import Foundation
import Testing

private func summary(_ entries: [TreeEntry]) -> [String] {
  entries.map { entry in
    "\(entry.path) \(String(entry.permissions, radix: 8)) \(entry.modified.seconds).\(entry.modified.nanoseconds) \(entry.content)"
  }.sorted()
}

/// A folder with a directory, an empty file, a large file with a hole, both kinds of link and a long name.
private func withSampleFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString)"
  defer { try? FileManager.default.removeItem(atPath: folder) }
  let files = FileManager.default
  // A path over 100 bytes: ustar splits it, pax and GNU have records for it.
  let long = "/tree/a/" + String(repeating: "b", count: 80)
  try files.createDirectory(atPath: folder + long, withIntermediateDirectories: true)
  let large = [UInt8](repeating: 5, count: 300_000) + [UInt8](repeating: 0, count: 100_000) + [1]
  _ = files.createFile(atPath: folder + "/tree/a/large", contents: Data(large))
  _ = files.createFile(atPath: folder + "/tree/empty", contents: Data())
  _ = files.createFile(
    atPath: folder + long + "/" + String(repeating: "n", count: 95), contents: Data([1, 2]))
  try files.createSymbolicLink(atPath: folder + "/tree/link", withDestinationPath: "a/large")
  try files.linkItem(atPath: folder + "/tree/empty", toPath: folder + "/tree/second")
  _ = chmod(folder + "/tree/a/large", 0o4751)
  try body(folder)
}

@Test func aFolderComesBackAsItWas() throws {
  try withSampleFolder { folder in
    let entries = try Folder.entries(of: folder + "/tree")
    let image = try ImageWriter.image(of: entries, spareBytes: 1 << 20, spareInodes: 10)
    #expect(ImageReader.check(image).findings == [])
    #expect(try summary(ImageReader.entries(of: image)) == summary(entries))
    let leftOut = try ImageReader.extract(image, to: folder + "/back")
    #expect(leftOut == [])
    let back = try Folder.entries(of: folder + "/back").filter {
      if case .symbolicLink = $0.content { false } else { true }
    }
    #expect(
      summary(back) == summary(entries.filter { if case .symbolicLink = $0.content { false } else { true } }))
  }
}

@Test func anImageIsTheSameEachTime() throws {
  try withSampleFolder { folder in
    let entries = try Folder.entries(of: folder + "/tree")
    let first = try ImageWriter.image(of: entries, spareBytes: 0, spareInodes: 0)
    #expect(try ImageWriter.image(of: entries, spareBytes: 0, spareInodes: 0) == first)
  }
}

/// The host's own tar and cpio are the second source for the formats.
@Test(arguments: [
  "tar --format=ustar -cf - .", "tar --format=pax -cf - .", "tar --format=gnu -cf - .",
  "find . | cpio --quiet -o -H newc",
]) func anArchiveHasWhatTheFolderHas(command: String) throws {
  try withSampleFolder { folder in
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [
      "-c", "command -v cpio >/dev/null || [ \"${1#*cpio}\" = \"$1\" ] || exit 77; cd \"$2\" && eval \"$1\"",
      "sh", command, folder + "/tree",
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let archive = Array(pipe.fileHandleForReading.readDataToEndOfFile())
    process.waitUntilExit()
    guard process.terminationStatus != 77 else { return }
    let entries = try ArchiveReader.entries(of: archive)
    #expect(Set(entries.map(\.path)) == Set(try Folder.entries(of: folder + "/tree").map(\.path)))
    let image = try ImageWriter.image(of: entries, spareBytes: 0, spareInodes: 0)
    #expect(ImageReader.check(image).findings == [])
    let large = try #require(ImageReader.entries(of: image).first { $0.path == "a/large" })
    #expect(large.permissions == 0o4751)
    guard case .file(let data) = large.content else { throw ImageError("not a file") }
    #expect(data.count == 400_001 && data[299_999] == 5 && data[300_000] == 0)
  }
}

@Test func anImageMayLackItsFreeEnd() throws {
  try withSampleFolder { folder in
    let entries = try Folder.entries(of: folder + "/tree")
    let whole = try ImageWriter.image(of: entries, byteCount: 8 << 20)
    #expect(whole.count == 8 << 20)
    let trimmed = try ImageWriter.trimmed(whole)
    #expect(trimmed.count < 1 << 20 && trimmed.count % 4_096 == 0 && whole.starts(with: trimmed))
    #expect(ImageReader.check(trimmed).findings == [])
    #expect(try ImageReader.fullByteCount(of: trimmed) == 8 << 20)
    #expect(try ImageReader.entries(of: trimmed).map(\.path) == ImageReader.entries(of: whole).map(\.path))
    // One block that is in use must not be missing.
    let cut = Array(trimmed.dropLast(4_096))
    #expect(throws: ImageError.self) { try ImageReader.fullByteCount(of: cut) }
    #expect(ImageReader.check(cut).findings.map(\.kind) == [.superblock])
    #expect(throws: ImageError.self) { try ImageWriter.image(of: entries, byteCount: 1 << 18) }
  }
}

@Test func archivesCutShortAreRefused() throws {
  #expect(throws: ImageError.self) { try ArchiveReader.entries(of: Array("070701".utf8)) }
  #expect(throws: ImageError.self) { try ArchiveReader.entries(of: [UInt8](repeating: 1, count: 1_024)) }
}
