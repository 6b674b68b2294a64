import Archive
import Foundation
import Testing

private let cpio = ["/usr/bin/cpio", "/bin/cpio"].first { FileManager.default.isExecutableFile(atPath: $0) }

/// The second source: what the `cpio` of the host writes.
///
/// Skipped where there is none.
@Test(.enabled(if: cpio != nil), arguments: ["newc", "crc"])
func archivesOfTheHostsToolAreRead(format: String) throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("archive-\(UUID().uuidString)")
  try FileManager.default.createDirectory(
    at: folder.appendingPathComponent("etc"), withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let large = [UInt8]((0..<70_001).map { UInt8(truncatingIfNeeded: $0 &* 31) })
  try Data(large).write(to: folder.appendingPathComponent("large"))
  try Data("hello\n".utf8).write(to: folder.appendingPathComponent("etc/motd"))
  try FileManager.default.createSymbolicLink(
    atPath: folder.appendingPathComponent("link").path, withDestinationPath: "etc/motd")

  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/bin/sh")
  process.currentDirectoryURL = folder
  process.arguments = ["-c", "find . | LC_ALL=C sort | \(cpio ?? "cpio") --quiet -o -H \(format)"]
  let output = Pipe()
  process.standardOutput = output
  try process.run()
  let archive = [UInt8](output.fileHandleForReading.readDataToEndOfFile())
  process.waitUntilExit()

  let listing = Listing(archive)
  #expect(listing.error == nil)
  try #require(listing.names == [".", "etc", "etc/motd", "large", "link"])
  #expect(listing.entries.map(\.kind) == [.directory, .directory, .file, .file, .symbolicLink])
  #expect(listing.contents[2] == Array("hello\n".utf8))
  #expect(listing.contents[3] == large)
  #expect(listing.contents[4] == Array("etc/motd".utf8))
}
