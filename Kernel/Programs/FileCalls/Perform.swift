/// The calls about files, by their numbers.
///
/// This module decodes what a program gives for a call about files, lets the tree of files do it, and writes the answer
/// into the program's memory. It protects the kernel from the program's addresses: a path, a structure or bytes are copied
/// once and used from there, and what can't be read or written is an error and not a fault.

import CMachine
import CallContext
import FileSystemFormat
import LinuxABI
import OpenFiles
import ProgramFiles
import ProgramSignals
import Runtime
import Scheduling
import SystemCalls
import VirtualFileSystem

extension Call {
  @inline(never) @export(interface)
  package func performTransfer(_ call: SystemCall) throws(ErrorNumber) -> Int? {
    switch call {
    case .read: return try read(Self.int(a), b, c, .current)
    case .write: return try write(Self.int(a), b, c, .current)
    case .readv: return try readVectors(.current)
    case .writev: return try writeVectors(.current)
    case .pread64: return try read(Self.int(a), b, c, .at(wide(d, e)))
    case .pwrite64: return try write(Self.int(a), b, c, .at(wide(d, e)))
    case .preadv: return try readVectors(.at(wide(d, e)))
    case .pwritev: return try writeVectors(.at(wide(d, e)))
    case .sendfile: return try sendFile(offsetSize: abi.wordSize)
    case .sendfile64: return try sendFile(offsetSize: 8)
    case .lseek: return try seek()
    case .llseek: return try longSeek()
    case .poll:
      let milliseconds = Self.int(c)
      return try poll(until: end(after: milliseconds < 0 ? nil : UInt64(milliseconds) * 1_000_000))
    case .ppoll, .ppoll_time64:
      let limit = c == 0 ? nil : try loadDuration(c, call == .ppoll ? .spec : .wideSpec)
      try setWaitMask(d)
      defer { endWaitMask() }
      return try poll(until: end(after: limit))
    case .select where abi == .i386:
      // One structure of five words.
      let limit = try loadWord(a &+ 16)
      return try select(
        Self.int(try loadWord(a)), try loadWord(a &+ 4), try loadWord(a &+ 8), try loadWord(a &+ 12),
        limitAt: limit)
    case .select, .newselect: return try select(Self.int(a), b, c, d, limitAt: e)
    case .pselect6, .pselect6_time64:
      let limit = e == 0 ? nil : try loadDuration(e, call == .pselect6 ? .spec : .wideSpec)
      if f != 0 { try setWaitMask(try loadWord(f)) }
      defer { endWaitMask() }
      return try select(Self.int(a), b, c, d, until: end(after: limit))
    default: return nil
    }
  }

  /// An offset that i386 passes in two registers.
  func wide(_ low: UInt, _ high: UInt) -> UInt64 { abi == .i386 ? Self.pair(low, high) : UInt64(low) }

  @inline(never)
  private func select(
    _ count: Int32, _ inputs: UInt, _ outputs: UInt, _ others: UInt, limitAt address: UInt
  ) throws(ErrorNumber) -> Int {
    let limit = address == 0 ? nil : try loadDuration(address, .value)
    return try select(count, inputs, outputs, others, until: end(after: limit))
  }

  @inline(never) @export(interface)
  package func performNames(_ call: SystemCall) throws(ErrorNumber) -> Int? {
    let here = PathFlags.workingDirectory
    switch call {
    case .open: return try open(here, a, b, c)
    case .creat: return try open(here, a, 0o1101, b)
    case .openat: return try open(Self.int(a), b, c, d)
    case .close: return try close(Self.int(a))
    case .close_range: return try closeRange()
    case .dup: return Int(try files.tree.duplicate(Self.int(a), for: caller))
    case .dup2: return try duplicate(to: Self.int(b), 0, mayBeSame: true)
    case .dup3: return try duplicate(to: Self.int(b), c, mayBeSame: false)
    case .pipe: return try makePipe(0)
    case .pipe2: return try makePipe(b)
    case .fcntl: return try control(isWide: false)
    case .fcntl64: return try control(isWide: true)
    case .ioctl: return try deviceControl()
    case .flock:
      _ = try files.tree.node(of: Self.int(a), for: caller)
      return 0
    case .stat: return try stat(a, follow: true, .stat, to: b)
    case .lstat: return try stat(a, follow: false, .stat, to: b)
    case .fstat: return try stat(of: Self.int(a), .stat, to: b)
    case .stat64: return try stat(a, follow: true, .stat64, to: b)
    case .lstat64: return try stat(a, follow: false, .stat64, to: b)
    case .fstat64: return try stat(of: Self.int(a), .stat64, to: b)
    case .newfstatat: return try information(of: try node(Self.int(a), b, d), .stat, at: c)
    case .fstatat64: return try information(of: try node(Self.int(a), b, d), .stat64, at: c)
    case .statx: return try information(of: try node(Self.int(a), b, c), .extended, at: e)
    case .access: return try access(here, a, b, 0)
    case .faccessat: return try access(Self.int(a), b, c, 0)
    case .faccessat2: return try access(Self.int(a), b, c, d)
    case .readlink: return try readLink(here, a, b, c)
    case .readlinkat: return try readLink(Self.int(a), b, c, d)
    case .getcwd: return try workingDirectory()
    case .chdir:
      try files.tree.changeDirectory(to: try files.tree.node(try path(a), for: caller), for: caller)
    case .fchdir:
      try files.tree.changeDirectory(to: try files.tree.node(of: Self.int(a), for: caller), for: caller)
    case .chroot: try files.tree.changeRoot(to: try files.tree.node(try path(a), for: caller), for: caller)
    case .getdents: return try list(abi == .i386 ? .i386 : .x86_64)
    case .getdents64: return try list(.wide)
    case .mkdir: try files.tree.makeDirectory(try path(a), mode: UInt16(truncatingIfNeeded: b), for: caller)
    case .mkdirat:
      try files.tree.makeDirectory(
        try path(b), at: Self.int(a), mode: UInt16(truncatingIfNeeded: c), for: caller)
    case .mknod:
      try files.tree.makeNode(
        try path(a), mode: UInt16(truncatingIfNeeded: b), device: UInt64(c), for: caller)
    case .mknodat:
      try files.tree.makeNode(
        try path(b), at: Self.int(a), mode: UInt16(truncatingIfNeeded: c), device: UInt64(d), for: caller)
    case .rmdir: try files.tree.remove(try path(a), isDirectory: true, for: caller)
    case .unlink: try files.tree.remove(try path(a), isDirectory: false, for: caller)
    case .unlinkat:
      guard c & ~UInt(PathFlags.removeDirectory) == 0 else { throw .invalidArgument }
      try files.tree.remove(try path(b), at: Self.int(a), isDirectory: c != 0, for: caller)
    case .link: return try link(here, a, here, b, 0)
    case .linkat: return try link(Self.int(a), b, Self.int(c), d, e)
    case .symlink: return try symbolicLink(a, here, b)
    case .symlinkat: return try symbolicLink(a, Self.int(b), c)
    case .rename: return try rename(here, a, here, b, 0)
    case .renameat: return try rename(Self.int(a), b, Self.int(c), d, 0)
    case .renameat2: return try rename(Self.int(a), b, Self.int(c), d, e)
    default: return nil
    }
    wakeWaiters()
    return 0
  }

  @inline(never) @export(interface)
  package func performAttributes(_ call: SystemCall) throws(ErrorNumber) -> Int? {
    let here = PathFlags.workingDirectory
    switch call {
    case .chmod: return try changeMode(try node(here, a, 0), b)
    case .fchmod: return try changeMode(try files.tree.node(of: Self.int(a), for: caller), b)
    case .fchmodat: return try changeMode(try node(Self.int(a), b, 0), c)
    case .chown: return try changeOwner(try node(here, a, 0), plainUser(b), plainUser(c))
    case .chown32:
      return try changeOwner(
        try node(here, a, 0), UInt32(truncatingIfNeeded: b), UInt32(truncatingIfNeeded: c))
    case .lchown: return try changeOwner(try node(here, a, 0x100), plainUser(b), plainUser(c))
    case .lchown32:
      return try changeOwner(
        try node(here, a, 0x100), UInt32(truncatingIfNeeded: b), UInt32(truncatingIfNeeded: c))
    case .fchown:
      return try changeOwner(try files.tree.node(of: Self.int(a), for: caller), plainUser(b), plainUser(c))
    case .fchown32:
      return try changeOwner(
        try files.tree.node(of: Self.int(a), for: caller), UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: c))
    case .fchownat:
      return try changeOwner(
        try node(Self.int(a), b, e), UInt32(truncatingIfNeeded: c), UInt32(truncatingIfNeeded: d))
    case .utime: return try setOldTimes()
    case .utimes: return try setTimes(try node(here, a, 0), b, .value)
    case .futimesat: return try setTimes(try node(Self.int(a), b, 0), c, .value)
    case .utimensat, .utimensat_time64:
      let layout: TimeLayout = call == .utimensat ? .spec : .wideSpec
      if b == 0 { return try setTimes(try files.tree.node(of: Self.int(a), for: caller), c, layout) }
      return try setTimes(try node(Self.int(a), b, d), c, layout)
    case .truncate: return try truncate(to: Int64(long(b)))
    case .truncate64: return try truncate(to: Int64(bitPattern: Self.pair(b, c)))
    case .ftruncate: return try truncateOpen(to: Int64(long(b)))
    case .ftruncate64: return try truncateOpen(to: Int64(bitPattern: Self.pair(b, c)))
    case .statfs: return try fileSystem(try files.tree.node(try path(a), for: caller), isWide: false, at: b)
    case .fstatfs:
      return try fileSystem(try files.tree.node(of: Self.int(a), for: caller), isWide: false, at: b)
    case .statfs64: return try fileSystem(try files.tree.node(try path(a), for: caller), isWide: true, at: c)
    case .fstatfs64:
      return try fileSystem(try files.tree.node(of: Self.int(a), for: caller), isWide: true, at: c)
    case .umask: return Int(files.tree.setMask(UInt16(truncatingIfNeeded: a), for: caller))
    // Everything is in memory: there is nothing to write back.
    case .sync: return 0
    case .fsync, .fdatasync:
      _ = try files.tree.node(of: Self.int(a), for: caller)
      return 0
    case .fadvise64, .fadvise64_64: return 0
    case .getrandom: return try randomBytes()
    default: return nil
    }
  }
}
