import Foundation
import HostSupport

/// The initial ramdisk of a Linux guest: Debian's busybox, and a script that makes a shell of it.
public struct GuestRamdisk: Sendable {
  /// What runs once the guest is up, or `nil` for a shell at the terminal.
  public var session: String?
  /// Further programs, by their names in `/bin`.
  public var programs: [String: [UInt8]]

  /// Describes a ramdisk.
  public init(session: String? = nil, programs: [String: [UInt8]] = [:]) {
    self.session = session
    self.programs = programs
  }

  /// The first process: the file systems that busybox needs, its names, the session, and the end.
  ///
  /// A kernel with only a virtio console has its terminal at `/dev/hvc0`.
  private var script: String {
    """
    #!/bin/busybox sh
    /bin/busybox mount -t proc proc /proc
    /bin/busybox mount -t sysfs sysfs /sys
    /bin/busybox mount -t devtmpfs dev /dev
    /bin/busybox --install -s /bin
    export PATH=/bin HOME=/
    exec </dev/hvc0 >/dev/hvc0 2>&1
    \(session ?? "setsid -c sh -i")
    poweroff -f

    """
  }

  /// The archive.
  ///
  /// - Parameter busybox: busybox, static, for i386.
  public func archive(busybox: [UInt8]) -> [UInt8] {
    var entries = ["bin", "dev", "etc", "mnt", "proc", "sys", "tmp"].map {
      CpioArchive.Entry(path: $0, permissions: 0o755, kind: .folder)
    }
    entries.append(.init(path: "bin/busybox", permissions: 0o755, kind: .file(busybox)))
    for (name, content) in programs.sorted(by: { $0.key < $1.key }) {
      entries.append(.init(path: "bin/\(name)", permissions: 0o755, kind: .file(content)))
    }
    entries.append(.init(path: "init", permissions: 0o755, kind: .file(Array(script.utf8))))
    return CpioArchive(entries: entries).bytes
  }

  /// Writes the archive, with Debian's busybox, to a file.
  ///
  /// - Throws: `ToolError` if busybox can't be had.
  public func write(to file: String, project: Project) async throws {
    let busybox = try await ShellRamdisk(.i686, project: project).busybox()
    try Files.write(archive(busybox: try Files.read(busybox)), to: file)
  }
}
