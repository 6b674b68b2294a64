/// The error numbers of Linux (asm-generic/errno-base.h and errno.h), the same on i386 and x86_64.

/// Why a call is refused; a program gets the negative number.
public struct ErrorNumber: Error, BitwiseCopyable, Hashable, Sendable {
  /// The positive number.
  public let rawValue: Int32

  /// Makes an error of its number.
  @inline(__always)
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// What a program finds in its result register.
  @inline(__always)
  public var result: Int { -Int(rawValue) }

  /// EPERM: only the owner or the superuser may.
  @inline(__always) public static var notPermitted: Self { Self(rawValue: 1) }
  /// ENOENT: no such file or directory.
  @inline(__always) public static var noSuchFile: Self { Self(rawValue: 2) }
  /// ESRCH: no such process.
  @inline(__always) public static var noSuchProcess: Self { Self(rawValue: 3) }
  /// EINTR: a signal came.
  @inline(__always) public static var interrupted: Self { Self(rawValue: 4) }
  /// EIO: a device failed.
  @inline(__always) public static var inputOutput: Self { Self(rawValue: 5) }
  /// ENXIO: no such device or address.
  @inline(__always) public static var noSuchDeviceOrAddress: Self { Self(rawValue: 6) }
  /// E2BIG: too many arguments.
  @inline(__always) public static var argumentListTooLong: Self { Self(rawValue: 7) }
  /// ENOEXEC: the program has an unknown format.
  @inline(__always) public static var notExecutable: Self { Self(rawValue: 8) }
  /// EBADF: no such descriptor, or not open in this way.
  @inline(__always) public static var badDescriptor: Self { Self(rawValue: 9) }
  /// ECHILD: no child.
  @inline(__always) public static var noChild: Self { Self(rawValue: 10) }
  /// EAGAIN: not now.
  @inline(__always) public static var tryAgain: Self { Self(rawValue: 11) }
  /// ENOMEM: out of memory.
  @inline(__always) public static var outOfMemory: Self { Self(rawValue: 12) }
  /// EACCES: the mode says no.
  @inline(__always) public static var accessDenied: Self { Self(rawValue: 13) }
  /// EFAULT: a bad pointer.
  @inline(__always) public static var badAddress: Self { Self(rawValue: 14) }
  /// EBUSY: in use.
  @inline(__always) public static var busy: Self { Self(rawValue: 16) }
  /// EEXIST: there already.
  @inline(__always) public static var exists: Self { Self(rawValue: 17) }
  /// EXDEV: another file system.
  @inline(__always) public static var crossDevice: Self { Self(rawValue: 18) }
  /// ENODEV: no such device.
  @inline(__always) public static var noDevice: Self { Self(rawValue: 19) }
  /// ENOTDIR: not a directory.
  @inline(__always) public static var notDirectory: Self { Self(rawValue: 20) }
  /// EISDIR: a directory.
  @inline(__always) public static var isDirectory: Self { Self(rawValue: 21) }
  /// EINVAL: an argument that makes no sense.
  @inline(__always) public static var invalidArgument: Self { Self(rawValue: 22) }
  /// ENFILE: too many open files in the system.
  @inline(__always) public static var tooManyOpenFilesInSystem: Self { Self(rawValue: 23) }
  /// EMFILE: too many open files of the process.
  @inline(__always) public static var tooManyOpenFiles: Self { Self(rawValue: 24) }
  /// ENOTTY: no terminal, or no such request.
  @inline(__always) public static var notTerminal: Self { Self(rawValue: 25) }
  /// ETXTBSY: a program that runs.
  @inline(__always) public static var textBusy: Self { Self(rawValue: 26) }
  /// EFBIG: too large.
  @inline(__always) public static var fileTooBig: Self { Self(rawValue: 27) }
  /// ENOSPC: no space left.
  @inline(__always) public static var noSpace: Self { Self(rawValue: 28) }
  /// ESPIPE: no position in a pipe.
  @inline(__always) public static var illegalSeek: Self { Self(rawValue: 29) }
  /// EROFS: a read-only file system.
  @inline(__always) public static var readOnlyFileSystem: Self { Self(rawValue: 30) }
  /// EMLINK: too many names.
  @inline(__always) public static var tooManyLinks: Self { Self(rawValue: 31) }
  /// EPIPE: nobody reads.
  @inline(__always) public static var brokenPipe: Self { Self(rawValue: 32) }
  /// ERANGE: the buffer is too small.
  @inline(__always) public static var outOfRange: Self { Self(rawValue: 34) }
  /// EDEADLK: a deadlock.
  @inline(__always) public static var deadlock: Self { Self(rawValue: 35) }
  /// ENAMETOOLONG: a name or path too long.
  @inline(__always) public static var nameTooLong: Self { Self(rawValue: 36) }
  /// ENOSYS: no such call.
  @inline(__always) public static var noSuchCall: Self { Self(rawValue: 38) }
  /// ENOTEMPTY: the directory has entries.
  @inline(__always) public static var notEmpty: Self { Self(rawValue: 39) }
  /// ELOOP: too many symbolic links.
  @inline(__always) public static var tooManySymbolicLinks: Self { Self(rawValue: 40) }
  /// EOVERFLOW: a value does not fit.
  @inline(__always) public static var overflow: Self { Self(rawValue: 75) }
  /// ENOTSOCK: not a socket.
  @inline(__always) public static var notSocket: Self { Self(rawValue: 88) }
  /// EOPNOTSUPP: not supported.
  @inline(__always) public static var notSupported: Self { Self(rawValue: 95) }
  /// EAFNOSUPPORT: no such family of addresses.
  @inline(__always) public static var noAddressFamily: Self { Self(rawValue: 97) }
  /// ETIMEDOUT: the time is over.
  @inline(__always) public static var timedOut: Self { Self(rawValue: 110) }
  /// EUCLEAN: the image contradicts itself.
  @inline(__always) public static var corruptFileSystem: Self { Self(rawValue: 117) }
  /// EOWNERDEAD: the owner of a robust mutex has ended.
  @inline(__always) public static var ownerDied: Self { Self(rawValue: 130) }
}
