import Foundation
import HostSupport

/// The ramdisk that ends in a shell: the project's own files, and Debian's busybox as it is.
public struct ShellRamdisk: Sendable {
  /// The processor that the programs are for.
  public let architecture: Architecture
  /// Where the project's files are.
  public let project: Project

  /// Describes a ramdisk; nothing is made.
  public init(_ architecture: Architecture, project: Project) {
    (self.architecture, self.project) = (architecture, project)
  }

  /// The folder of all fetched packages.
  public static func packages(_ project: Project) -> String { project.path(".packages") }

  /// Debian's static busybox for the architecture, fetched if it is not there.
  public func busybox() async throws -> String {
    let name = architecture == .i686 ? "i386" : "amd64"
    let folder = try await DebianPackage("busybox-static", architecture: name).unpacked(
      in: Self.packages(project))
    return folder + "/bin/busybox"
  }

  /// The names by which busybox can be called, as it says itself on the host.
  public func applets(of busybox: String) async throws -> [String] {
    try await Command(busybox, ["--list"]).output().split(separator: "\n").map(String.init)
  }

  /// Makes the folder that becomes the ramdisk; returns its path.
  ///
  /// - Throws: `ToolError` if busybox can't be had.
  public func prepare() async throws -> String {
    let busybox = try await busybox()
    let folder = "\(project.builtFolder)/shell-\(architecture.rawValue)"
    return try await FolderLock.hold("\(project.builtFolder)/shell-\(architecture.rawValue).lock") {
      let stamp = folder + ".stamp"
      var inputs = Fingerprint()
      inputs.add(word: "shell 1")
      inputs.add(file: busybox)
      inputs.add(folder: project.imagesFolder + "/ramdisk")
      if inputs.matches(stamp: stamp), FileManager.default.fileExists(atPath: folder) { return folder }
      try Files.remove(folder)
      try Files.makeFolder(project.builtFolder)
      try FileManager.default.copyItem(atPath: project.imagesFolder + "/ramdisk", toPath: folder)
      for part in ["bin", "dev", "etc", "proc", "root", "sbin", "tmp", "usr/bin", "usr/sbin", "var"] {
        try Files.makeFolder("\(folder)/\(part)")
      }
      try FileManager.default.copyItem(atPath: busybox, toPath: folder + "/bin/busybox")
      for applet in try await applets(of: busybox) where applet != "busybox" {
        try FileManager.default.createSymbolicLink(
          atPath: "\(folder)/bin/\(applet)", withDestinationPath: "busybox")
      }
      try Files.write("root:x:0:0:root:/root:/bin/sh\n", to: folder + "/etc/passwd")
      try Files.write("root:x:0:\n", to: folder + "/etc/group")
      try inputs.write(stamp: stamp)
      return folder
    }
  }
}
