import Foundation
import HostSupport
import ImageBuilder

/// Debian's own kernel, fetched and unpacked but not installed.
///
/// The release is fixed, so that everybody compares with the same kernel, and it is the last one with kernels for
/// 32-bit processors. apt-get is given a state of its own: the lists and architectures of the host's are not touched,
/// nothing is installed, and no administrator is needed.
public struct DebianKernel: Sendable {
  /// The release.
  static let release = "bookworm"
  /// What signs its packages' lists.
  static let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

  private let architecture: Architecture
  private let folder: String
  private let mirror: String

  /// The kernel for an architecture, kept below `folder`.
  public init(_ architecture: Architecture, folder: String, mirror: String = "http://deb.debian.org/debian") {
    self.architecture = architecture
    self.folder = "\(folder)/linux-\(architecture.rawValue)"
    self.mirror = mirror
  }

  /// A kernel that is there.
  public struct Kernel: Sendable, Equatable {
    /// The file to boot.
    public var image: String
    /// Its package and version.
    public var version: String
  }

  /// Debian's name for the architecture.
  private var debianName: String { architecture == .i686 ? "i386" : "amd64" }
  /// The package that always depends on the newest kernel; ours uses PAE as well.
  private var metapackage: String { architecture == .i686 ? "linux-image-686-pae" : "linux-image-amd64" }

  private var kernelPath: String { folder + "/vmlinuz" }
  private var versionPath: String { folder + "/version" }

  /// The kernel, if it was fetched before.
  public var kept: Kernel? {
    guard FileManager.default.fileExists(atPath: kernelPath), let version = try? Files.read(versionPath)
    else { return nil }
    return Kernel(image: kernelPath, version: String(decoding: version, as: UTF8.self))
  }

  /// The kernel, fetched now if need be.
  ///
  /// - Throws: `ToolError` saying why it can't be had.
  public func fetch() async throws -> Kernel {
    if let kept { return kept }
    for program in ["apt-get", "apt-cache", "dpkg-deb", "tar"] where Executables.path(of: program) == nil {
      throw ToolError("Debian's kernel is fetched with \(program), which is not installed")
    }
    guard FileManager.default.fileExists(atPath: Self.keyring) else {
      throw ToolError("\(Self.keyring) is not there", advice: "apt-get install debian-archive-keyring")
    }
    return try await FolderLock.hold(folder + "/lock") {
      if let kept { return kept }
      Terminal.shared.step("fetching Debian's kernel for \(debianName)")
      let work = folder + "/apt"
      try Files.remove(work)
      defer { try? Files.remove(work) }
      for part in ["lists/partial", "cache/archives/partial"] { try Files.makeFolder("\(work)/\(part)") }
      try Files.write("", to: work + "/status")
      try Files.write(
        "deb [arch=\(debianName) signed-by=\(Self.keyring)] \(mirror) \(Self.release) main\n",
        to: work + "/sources.list")
      try Files.write(configuration(work), to: work + "/apt.conf")
      try await apt("apt-get", ["-q", "update"], work)
      let dependencies = try await apt("apt-cache", ["depends", metapackage], work)
      guard let package = Self.dependency(in: dependencies) else {
        throw ToolError("\(metapackage) names no kernel:\n\(dependencies)")
      }
      try await apt("apt-get", ["-q", "download", package], work)
      guard
        let file = try? FileManager.default.contentsOfDirectory(atPath: work).first(where: {
          $0.hasSuffix(".deb")
        })
      else { throw ToolError("apt-get has downloaded no \(package)") }
      // The whole package is 300 MB of modules; only the kernel is wanted.
      let unpack = "dpkg-deb --fsys-tarfile \(Command.quoted(file)) | tar -x --wildcards './boot/vmlinuz-*'"
      try await Command("sh", ["-c", unpack], directory: work).output()
      guard let image = try FileManager.default.contentsOfDirectory(atPath: work + "/boot").first else {
        throw ToolError("\(file) has no kernel in its folder boot")
      }
      let version = try await Command("dpkg-deb", ["-f", file, "Version"], directory: work).output()
      try Files.write(try Files.read("\(work)/boot/\(image)"), to: kernelPath)
      try Files.write(
        "\(package) \(version.trimmingCharacters(in: .whitespacesAndNewlines))", to: versionPath)
      guard let kept else { throw ToolError("\(kernelPath) could not be kept") }
      return kept
    }
  }

  /// The package that a metapackage depends on, in the words of `apt-cache depends`.
  static func dependency(in text: String) -> String? {
    text.firstMatch(of: /Depends: (linux-image-[0-9][^\s]*)/).map { String($0.1) }
  }

  /// The apt configuration with a state of its own; the host's proxies stay in force.
  func configuration(_ work: String) -> String {
    """
    APT::Architecture "\(debianName)";
    APT::Architectures { "\(debianName)"; };
    Dir::State "\(work)";
    Dir::State::lists "\(work)/lists";
    Dir::State::status "\(work)/status";
    Dir::Cache "\(work)/cache";
    Dir::Etc::sourcelist "\(work)/sources.list";
    Dir::Etc::sourceparts "/dev/null";
    APT::Sandbox::User "";
    APT::Update::Error-Mode "any";
    Acquire::Languages "none";
    Acquire::Retries "2";

    """
  }

  @discardableResult
  private func apt(_ program: String, _ arguments: [String], _ work: String) async throws -> String {
    // A file named by -c is read after the host's own, so what it sets holds.
    try await Command(
      program, ["-c", "\(work)/apt.conf"] + arguments, environment: ["LC_ALL": "C"], directory: work
    ).output()
  }
}
