import Foundation

/// A package of Debian: fetched and unpacked into a folder of the project, never installed.
///
/// The host's own package system is asked where packages come from and whose signature they need, but it keeps its
/// state: everything that fetching leaves lies in the folder, also for an architecture that the host knows nothing of.
public struct DebianPackage: Hashable, Sendable {
  /// The package's name.
  public let name: String
  /// The architecture in Debian's words: amd64, i386, all.
  public let architecture: String

  /// Names a package; nothing is fetched.
  public init(_ name: String, architecture: String) { (self.name, self.architecture) = (name, architecture) }

  /// The folder with the package's files, fetched and unpacked if it is not there.
  ///
  /// - Parameter cache: the folder for all packages, which git ignores.
  /// - Throws: `ToolError` with the command that failed and what it said.
  public func unpacked(in cache: String) async throws -> String {
    let folder = "\(cache)/\(architecture)/\(name)"
    if FileManager.default.fileExists(atPath: folder) { return folder }
    try Files.makeFolder("\(cache)/\(architecture)")
    return try await FolderLock.hold("\(cache)/\(architecture)/lock") {
      if FileManager.default.fileExists(atPath: folder) { return folder }
      Terminal.shared.step("fetching Debian's \(name) for \(architecture)")
      try await fetch(to: folder, cache: "\(cache)/\(architecture)")
      return folder
    }
  }

  private func fetch(to folder: String, cache: String) async throws {
    let state = cache + "/apt"
    for part in ["state/lists/partial", "cache/archives/partial"] { try Files.makeFolder("\(state)/\(part)") }
    try Files.write([], to: state + "/status")
    let download = cache + "/download"
    try Files.remove(download)
    try Files.makeFolder(download)
    defer { try? Files.remove(download) }
    do {
      _ = try await apt(state, ["download", name], directory: download).output()
    } catch {
      // No list yet, or one that names a version that has been replaced. Part of a list may fail to come.
      _ = try await apt(state, ["update"]).result()
      _ = try await apt(state, ["download", name], directory: download).output()
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: download)
    guard let file = files.first(where: { $0.hasSuffix(".deb") }) else {
      throw ToolError("apt-get download \(name) left no package", advice: "look at \(state)")
    }
    // Unpacked beside its place, so that a folder that is there is whole.
    let part = folder + ".part"
    try Files.remove(part)
    try Files.makeFolder(part)
    _ = try await Command("dpkg-deb", ["-x", "\(download)/\(file)", part]).output()
    try FileManager.default.moveItem(atPath: part, toPath: folder)
  }

  private func apt(_ state: String, _ arguments: [String], directory: String? = nil) -> Command {
    let settings = [
      "APT::Architecture=\(architecture == "all" ? "amd64" : architecture)",
      "APT::Architectures::=\(architecture)",
      "Dir::State=\(state)/state", "Dir::State::status=\(state)/status", "Dir::Cache=\(state)/cache",
      // The user that downloads are given to elsewhere could not write here.
      "APT::Sandbox::User=root", "Acquire::Languages=none",
    ]
    return Command("apt-get", settings.flatMap { ["-o", $0] } + ["-q"] + arguments, directory: directory)
  }
}
